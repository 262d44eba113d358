"""The engine of a database: connections set up the way that the store relies on."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    PoolProxiedConnection,
    create_engine,
    event,
    exc,
)
from sqlalchemy.pool import ConnectionPoolEntry

from tickets.store.database import SYNCS, WRITES

BUSY_MILLISECONDS = 10_000
"""How long one writer waits for another before the store counts as unavailable."""
CONNECT_SECONDS = 5
FILE = "file"
"""Under which a connection remembers the file that it reads and writes."""


def make_engine(url: URL) -> Engine:
    """Return an engine; nothing is connected yet.

    Each connection is in the hands of one thread at a time. Parameters never appear in messages,
    since they hold the text of tickets.
    """
    settings: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": _json,
        "pool_size": 5,
        "max_overflow": 15,
    }
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, settings)
    return _postgresql(url, settings)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _sqlite(url: URL, settings: dict[str, Any]) -> Engine:
    engine = create_engine(url, **settings)
    path = Path(url.database or "")

    def remember(_connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info[FILE] = _identity(path)

    def refuse_another(
        _connection: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        # SQLite goes on in a file that was moved or removed, where nobody will find it again.
        if record.info[FILE] != _identity(path):
            raise exc.DisconnectionError

    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", refuse_another)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA wal_autocheckpoint = 4000")  # pages; each one waits for the disk
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a file to WAL; SQLite does not wait here for others who are doing the same."""
    until = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    """Begin; a writer locks at once, so that it never has to turn back half-way.

    In WAL with NORMAL, what is committed survives the death of the process but perhaps not a loss
    of power; FULL waits for the disk.
    """
    options = connection.get_execution_options()
    level = "FULL" if options.get(SYNCS) else "NORMAL"
    if connection.info.get(SYNCS, "NORMAL") != level:
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
        connection.info[SYNCS] = level
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES) else "BEGIN")


def _postgresql(url: URL, settings: dict[str, Any]) -> Engine:
    # Unprepared: a plan made once for all values would suit neither a rare nor a common one.
    settings["connect_args"] = {"prepare_threshold": None}
    if "connect_timeout" not in url.query:
        settings["connect_args"]["connect_timeout"] = CONNECT_SECONDS
    engine = create_engine(url, pool_pre_ping=True, **settings)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    was_autocommit = connection.autocommit
    connection.autocommit = True
    connection.execute(f"SET lock_timeout = {BUSY_MILLISECONDS}")
    connection.execute("SET timezone = 'UTC'")
    connection.autocommit = was_autocommit
