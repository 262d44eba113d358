"""The store: all that is kept, in one SQLite file or one PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, text

from tickets.faults import Fault, InputFaults
from tickets.store.address import parse_address, shown
from tickets.store.audit import Audit
from tickets.store.claims import Claims
from tickets.store.clock_events import ClockEvents
from tickets.store.database import Database, StoreUnavailable
from tickets.store.deadlines import Deadlines
from tickets.store.decisions import Decisions
from tickets.store.engine import make_engine
from tickets.store.figures import Statistics, read_statistics
from tickets.store.idempotency import Idempotency
from tickets.store.inbox import Inbox
from tickets.store.judgements import Judgements
from tickets.store.keys import Keys
from tickets.store.migration import VERSION_TABLE, migrate, schema
from tickets.store.outbox import Outbox
from tickets.store.personal_data import PersonalData
from tickets.store.sessions import Sessions
from tickets.store.shadow import Shadow
from tickets.store.similarity import Similarity
from tickets.store.suggestions import Suggestions
from tickets.store.tickets import Tickets
from tickets.store.users import Users


def open_store(url: str) -> Store:
    """Open a store and bring it to the newest schema; several processes may do so at once.

    `url` is `sqlite:////path/triage.db` or `postgresql://user:password@host/database`.
    `InputFaults` where the address is wrong, the database does not answer or its schema is newer.
    """
    with _opening(parse_address(url)) as database:
        migrate(database)
    return Store(database)


def schema_of(url: str) -> str | None:
    """Return the schema of a database, None where it has no tables yet; changes nothing.

    `InputFaults` where `open_store` would raise them.
    """
    address = parse_address(url)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return None
    with _opening(address) as database:
        found = schema(database)
    database.engine.dispose()
    return found


@contextmanager
def _opening(address: URL) -> Iterator[Database]:
    """Give a database that is closed again when its opening fails."""
    database = Database(make_engine(address), shown(address))
    try:
        yield database
    except StoreUnavailable as error:
        database.engine.dispose()
        raise InputFaults(Fault("database", str(error))) from None
    except BaseException:
        database.engine.dispose()
        raise


@dataclass(frozen=True)
class Store:
    """All that is kept, by noun; may be used by several threads and processes at once.

    Every method is one transaction. Any of them raises `StoreUnavailable` when the database does
    not answer or cannot write; nothing of the call is kept then.
    """

    database: Database

    @property
    def tickets(self) -> Tickets:
        """Tickets as they came."""
        return Tickets(self.database)

    @property
    def suggestions(self) -> Suggestions:
        """Assessments of tickets, and the review queue."""
        return Suggestions(self.database)

    @property
    def similarity(self) -> Similarity:
        """Which decided tickets are like another one."""
        return Similarity(self.database)

    @property
    def decisions(self) -> Decisions:
        """The log of decisions."""
        return Decisions(self.database)

    @property
    def deadlines(self) -> Deadlines:
        """How tickets stand against their response deadlines."""
        return Deadlines(self.database)

    @property
    def judgements(self) -> Judgements:
        """Decisions that stand, beside what was suggested."""
        return Judgements(self.database)

    @property
    def inbox(self) -> Inbox:
        """Deliveries that wait to be worked on."""
        return Inbox(self.database)

    @property
    def outbox(self) -> Outbox:
        """Messages that wait to be sent."""
        return Outbox(self.database)

    @property
    def keys(self) -> Keys:
        """Keys of programs."""
        return Keys(self.database)

    @property
    def shadow(self) -> Shadow:
        """What models in the shadow would have said."""
        return Shadow(self.database)

    @property
    def clock_events(self) -> ClockEvents:
        """What happened to tickets at the desk."""
        return ClockEvents(self.database)

    @property
    def idempotency(self) -> Idempotency:
        """Answers to requests that may be sent twice."""
        return Idempotency(self.database)

    @property
    def users(self) -> Users:
        """People who may sign in."""
        return Users(self.database)

    @property
    def sessions(self) -> Sessions:
        """Sessions of people signed in."""
        return Sessions(self.database)

    @property
    def claims(self) -> Claims:
        """Who is looking at which ticket."""
        return Claims(self.database)

    @property
    def audit(self) -> Audit:
        """Who did what besides deciding."""
        return Audit(self.database)

    @property
    def personal_data(self) -> PersonalData:
        """What is held about people, and its erasure."""
        return PersonalData(self.database)

    def statistics(self, now: datetime) -> Statistics:
        """Counts for the overview page and for /metrics."""
        return read_statistics(self.database, now)

    def ping(self) -> None:
        """Return when the store can be read; `StoreUnavailable` when it does not answer."""
        with self.database.reading() as connection:
            connection.execute(text(f"SELECT * FROM {VERSION_TABLE}"))

    def ping_writing(self) -> None:
        """Return when the database takes a writer, who writes nothing; `StoreUnavailable` else."""
        with self.database.writing() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self.database.engine.dispose()
