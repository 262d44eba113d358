"""One database: transactions for reading and for writing, and one error for all that fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, Select, Table, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

AnyRow = Row[*tuple[Any, ...]]
"""A row, whatever its columns."""

WRITES = "store_writes"
"""Execution option: this transaction writes, so SQLite locks at its begin."""
SYNCS = "store_syncs"
"""Execution option: on SQLite, this transaction is on the disk itself when it has ended."""

_DENIED = ("42501", "42P01", "3F000", "25006")
"""States of PostgreSQL that its administrator mends: no right, no table, no schema, read-only."""


class StoreUnavailable(Exception):  # noqa: N818 - said of the store, as in "503 unavailable"
    """The database does not answer or cannot write; says where and what to do, never what is in it.

    Nothing of the transaction is kept, so the same call may be made again later.
    """


class NotFound(LookupError):  # noqa: N818 - as in "404 not found"
    """A call names a row that does not exist."""


@dataclass(frozen=True)
class Database:
    """An engine; every statement of the store runs in one of its two kinds of transactions."""

    engine: Engine
    place: str
    """The address without its password."""

    @cached_property
    def _reading(self) -> Engine:
        # PostgreSQL reads each statement as of its own time, in a transaction or not; without one,
        # a question is one way to the server and back instead of three.
        if self.is_sqlite:
            return self.engine
        return self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @cached_property
    def _writing(self) -> Engine:
        return self.engine.execution_options(**{WRITES: True})

    @cached_property
    def _syncing(self) -> Engine:
        return self._writing.execution_options(**{SYNCS: True})

    @cached_property
    def is_sqlite(self) -> bool:
        """Tell which of the two it is."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; on PostgreSQL each statement is one of its own."""
        with self.answered(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, *, is_synced: bool = False, is_brief: bool = False) -> Iterator[Connection]:
        """A transaction that writes: all of it is kept, or nothing.

        What has ended survives the death of the process; with `is_synced`, loss of power too.
        PostgreSQL waits for its disk each time, unless what is written `is_brief`: nobody would
        miss it after a loss of power.
        """
        engine = self._syncing if is_synced else self._writing
        with self.answered(), engine.begin() as connection:
            if is_brief and not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Turn whatever the database fails with into an error of ours."""
        try:
            yield
        except exc.TimeoutError:
            raise StoreUnavailable(
                f"{self.place}: all connections are in use (try again; fewer threads or workers)"
            ) from None
        except exc.DBAPIError as error:
            if _names_no_row(error):
                raise NotFound("a row that the call names does not exist") from None
            reason = unavailable_reason(error)
            if reason is None:
                raise
            # The chain is cut: the driver's own error may quote values.
            raise StoreUnavailable(f"{self.place}: {reason}") from None

    def finds(self, query: Select[Any]) -> bool:
        """Tell whether a query finds a row. On SQLite, who reads keeps no writer out."""
        with self.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def insert_new(
        self, connection: Connection, table: Table, values: Mapping[str, Any], *unique: str
    ) -> Any:
        """Insert a row and return its key, or None where one with the same `unique` is there."""
        return connection.execute(_insert_new(table, unique, self.is_sqlite), values).scalar()


@cache
def _insert_new(table: Table, unique: tuple[str, ...], is_sqlite: bool) -> ReturningInsert[Any]:
    # Built once: building and keying a statement takes longer than SQLite takes to carry it out.
    insert = upsert(table, is_sqlite).on_conflict_do_nothing(index_elements=unique)
    return insert.returning(*table.primary_key)


def upsert(table: Table, is_sqlite: bool) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, which both databases spell alike."""
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


def unavailable_reason(error: exc.DBAPIError) -> str | None:
    """Return what is wrong and what would mend it, or None for a fault of our own."""
    state = str(getattr(error.orig, "sqlstate", "") or "")
    if isinstance(error, exc.IntegrityError | exc.DataError | exc.NotSupportedError):
        return None
    if isinstance(error, exc.ProgrammingError) and state not in _DENIED:
        return None
    is_general = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    if is_general and "no such table" not in str(error.orig):
        return None
    first_line = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reply"
    for sign, remedy in _REMEDIES:
        if sign in first_line.lower() or (state and sign == state):
            return f"{first_line} ({remedy})"
    return f"{first_line} (see that the database runs and can be reached)"


_REMEDIES = (
    ("database is locked", "another process writes for too long; try again"),
    ("lock timeout", "another process holds the row for too long; try again"),
    ("deadlock", "try again"),
    ("full", "make room on its disk"),
    ("53100", "make room on its disk"),
    ("disk i/o", "see that its disk is sound and has room"),
    ("readonly", "let this user write the file and its folder"),
    ("read-only", "connect to the primary server"),
    ("unable to open", "see that the folder exists and this user may write in it"),
    ("not a database", "it is no SQLite file; name another"),
    ("malformed", "the file is damaged; restore a back-up"),
    ("password", "correct the user or the password in the address"),
    ("permission denied", "grant this user the rights on the tables"),
    ("no such table", "it is no store of ours, or is being moved"),
    ("does not exist", "create it, or correct the address"),
    ("too many", "fewer workers, or raise max_connections of the server"),
)


def _names_no_row(error: exc.DBAPIError) -> bool:
    return isinstance(error, exc.IntegrityError) and "foreign key" in str(error.orig).lower()


def rows_changed(result: Any) -> int:
    """Return how many rows an UPDATE or DELETE met."""
    return cast(int, result.rowcount)
