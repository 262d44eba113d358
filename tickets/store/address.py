"""The address of a database, as a user writes it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tickets.faults import Fault, InputFaults

_EXAMPLE = "write sqlite:////path/to/triage.db or postgresql://user:password@host/database"


def parse_address(written: str) -> URL:
    """Return the address with the driver that we use; `InputFaults` names what is wrong."""
    try:
        url = make_url(written)
    except ArgumentError:
        # Not repeated: a mistyped address may hold a password.
        raise _fault("it is no address of a database", _EXAMPLE) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        return _sqlite(url)
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise _fault(f"{kind} is none of the databases that serve", _EXAMPLE)


def shown(url: URL) -> str:
    """Return an address for messages: where, and never the password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def _sqlite(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise _fault("a database in memory serves one process only", "name a file")
    folder = Path(url.database).absolute().parent
    if not folder.is_dir():
        raise _fault(f"there is no folder {folder}", "make it, or name another")
    return url.set(drivername="sqlite+pysqlite", database=str(Path(url.database).absolute()))


def _fault(problem: str, remedy: str) -> InputFaults:
    return InputFaults(Fault("database", problem, remedy))
