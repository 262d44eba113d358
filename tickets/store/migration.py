"""Bringing a database to the newest schema, by one process at a time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tickets.faults import Fault, InputFaults
from tickets.store.database import Database
from tickets.store.tables import metadata

NEWEST = "0003"
"""The revision that this program reads and writes."""
VERSION_TABLE = "store_version"
MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 7_310_551_947
"""Any number, the same for every process."""


def migrate(database: Database) -> None:
    """Bring a database to the newest schema; `InputFaults` where it is of a newer program.

    All migrations are one transaction: a database is as before or at the newest schema. Others who
    start at the same time wait.
    """
    with database.reading() as connection:
        if _revision(connection) == NEWEST:
            return
    with database.writing(is_synced=True) as connection:
        _lock(connection, database)
        revision = _revision(connection)
        if revision == NEWEST:
            return
        _refuse_foreign(connection, database, revision)
        _upgrade(connection)


def schema(database: Database) -> str | None:
    """Return the schema that a database has; None where it has no tables yet.

    `InputFaults` where it is of a newer program, or of another one.
    """
    with database.reading() as connection:
        revision = _revision(connection)
        if revision != NEWEST:
            _refuse_foreign(connection, database, revision)
        return revision


def _refuse_foreign(connection: Connection, database: Database, revision: str | None) -> None:
    """Refuse a database of a newer program, or with tables of another."""
    if revision is not None and revision not in _known():
        problem = f"its schema, {revision}, is newer than this program ({NEWEST})"
        remedy = "upgrade the program, or restore the back-up made before the upgrade"
        raise InputFaults(Fault(database.place, problem, remedy))
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if revision is None and taken:
        problem = f"another program has tables there ({', '.join(taken)})"
        raise InputFaults(Fault(database.place, problem, "name an empty database"))


def _lock(connection: Connection, database: Database) -> None:
    """SQLite locked at BEGIN IMMEDIATE; PostgreSQL locks here until the transaction ends."""
    if not database.is_sqlite:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK}
        )


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return None
    query = text(f"SELECT version_num FROM {VERSION_TABLE}")
    found: str | None = connection.execute(query).scalar()
    return found


def _known() -> set[str]:
    from alembic.script import ScriptDirectory  # imported here: needed only to migrate

    return {each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, NEWEST)
