"""Tickets as they came from a desk: kept once for each, however often they are delivered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from tickets.store import tables
from tickets.store.database import AnyRow, Database
from tickets.store.pages import read_in_pages
from tickets.store.words import forget_words, index_words
from tickets.ticket import Ticket, TicketFault

LONGEST_ID = 255
LONGEST_AREA = 100
"""Characters that are kept of a product area: the queue's indexes hold it."""


_columns = tables.tickets.c
_LOADED = select(tables.tickets).where(_columns.key == bindparam("key"))
_FOUND = select(tables.tickets).where(
    _columns.source == bindparam("source"), _columns.external_id == bindparam("external_id")
)
_LOCKED = _FOUND.with_for_update()


class TicketState(StrEnum):
    """What the desk says of a ticket."""

    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"


@dataclass(frozen=True)
class Arrival:
    """How and from where a ticket came, and what the desk says of it beside its text."""

    source: str
    external_id: str | None = None
    """Its id at the source; a ticket without one is never recognised again."""
    endpoint: str | None = None
    delivery_id: str | None = None
    incomplete: tuple[str, ...] = ()
    """Fields that the payload left out and that have still to be fetched."""
    requester: str | None = None
    organization: str | None = None
    url: str | None = None
    product_area: str | None = None
    language: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    changed_at: datetime | None = None
    """When the source last changed the ticket; None counts as the time of its arrival here."""


@dataclass(frozen=True)
class StoredTicket:
    """A ticket as the store has it."""

    key: str
    ticket: Ticket
    arrival: Arrival
    state: TicketState
    version: int
    """Goes up with each assessment, decision and undo: what a page of the desk was made from."""
    text_version: int
    """Goes up with each change of the ticket itself."""
    is_assessed: bool
    """Whether there is a suggestion for the ticket as it reads now."""
    received_at: datetime
    """The receipt time that the ticket names; without one, when it came here."""
    stored_at: datetime
    replied_at: datetime | None
    erased_at: datetime | None
    suggestion_id: str | None
    """The newest suggestion."""
    standing_decision_id: str | None


@dataclass(frozen=True)
class Tickets:
    """The tickets of the store."""

    database: Database

    def receive(self, ticket: Ticket, arrival: Arrival, now: datetime) -> StoredTicket:
        """Keep a ticket, or what is new of it; the same delivery twice changes nothing.

        A ticket is the same when source and external id are. One that changed at the source before
        what is stored is ignored, and an erased one stays erased. `is_assessed` of the answer tells
        whether a suggestion is still to be made.
        """
        _check(arrival)
        with self.database.writing() as connection:
            return _receive(connection, self.database, ticket, arrival, now)

    def receive_many(
        self, arrivals: Iterable[tuple[Ticket, Arrival]], now: datetime
    ) -> list[StoredTicket]:
        """Keep many tickets in one transaction."""
        given = list(arrivals)
        for _, arrival in given:
            _check(arrival)
        with self.database.writing() as connection:
            return [
                _receive(connection, self.database, ticket, arrival, now)
                for ticket, arrival in given
            ]

    def load(self, key: str) -> StoredTicket | None:
        """Return the ticket with this key, if there is one."""
        with self.database.reading() as connection:
            row = connection.execute(_LOADED, {"key": key}).one_or_none()
        return None if row is None else _stored(row)

    def find(self, source: str, external_id: str) -> StoredTicket | None:
        """Return the ticket that a source calls by this id, if there is one."""
        with self.database.reading() as connection:
            named = {"source": source, "external_id": external_id}
            row = connection.execute(_FOUND, named).one_or_none()
        return None if row is None else _stored(row)

    def stored_since(self, instant: datetime) -> Iterator[StoredTicket]:
        """Yield the tickets first stored at or after an instant, oldest first."""
        query = select(tables.tickets).where(_columns.stored_at >= instant)
        rows = read_in_pages(self.database, query, _columns.stored_at, _columns.key)
        yield from map(_stored, rows)


def _check(arrival: Arrival) -> None:
    for name in ("source", "external_id", "delivery_id"):
        value = getattr(arrival, name)
        if value is not None and len(value) > LONGEST_ID:
            raise TicketFault(
                name, value, f"is longer than {LONGEST_ID} characters", "give a shorter id"
            )


def _receive(
    connection: Connection, database: Database, ticket: Ticket, arrival: Arrival, now: datetime
) -> StoredTicket:
    values = _values(ticket, arrival, now)
    new = {
        **values,
        "state": TicketState.OPEN,
        "version": 0,
        "text_version": 1,
        "is_assessed": False,
        "stored_at": now,
    }
    key = database.insert_new(connection, tables.tickets, new, "source", "external_id")
    if key is None:
        known = _stored(connection.execute(_LOCKED, values).one())
        return _renew(connection, database, known, ticket, values)
    index_words(connection, database, key, (ticket.subject, ticket.body))
    return _stored(connection.execute(_LOADED, {"key": key}).one())


def _values(ticket: Ticket, arrival: Arrival, now: datetime) -> dict[str, Any]:
    return {
        "source": arrival.source,
        "external_id": arrival.external_id,
        "endpoint": arrival.endpoint,
        "delivery_id": arrival.delivery_id,
        "incomplete": list(arrival.incomplete),
        "requester": arrival.requester,
        "organization": arrival.organization,
        "url": arrival.url,
        "product_area": arrival.product_area and arrival.product_area[:LONGEST_AREA],
        "language": arrival.language,
        "extra": dict(arrival.extra),
        "ticket_id": ticket.id,
        "subject": ticket.subject,
        "body": ticket.body,
        "tier": ticket.tier,
        "channel": ticket.channel,
        "ticket_received_at": ticket.received_at,
        "environment": ticket.environment,
        "changed_at": arrival.changed_at or now,
        "received_at": ticket.received_at or now,
    }


def _renew(
    connection: Connection,
    database: Database,
    known: StoredTicket,
    ticket: Ticket,
    values: dict[str, Any],
) -> StoredTicket:
    """Put a later text in the place of the stored one."""
    if known.erased_at is not None or _is_repeated(known.arrival, values):
        return known
    changes = {**values, **_new_text(known, ticket)}
    row = connection.execute(
        update(tables.tickets)
        .where(_columns.key == known.key)
        .values(changes)
        .returning(tables.tickets)
    ).one()
    if (ticket.subject, ticket.body) != (known.ticket.subject, known.ticket.body):
        forget_words(connection, database, [known.key])
        index_words(connection, database, known.key, (ticket.subject, ticket.body))
    _renew_queue(connection, row)
    return _stored(row)


def _is_repeated(known: Arrival, values: Mapping[str, Any]) -> bool:
    assert known.changed_at is not None  # every stored one has it
    is_same = known.delivery_id is not None and values["delivery_id"] == known.delivery_id
    is_older: bool = values["changed_at"] < known.changed_at
    return is_same or is_older


def _new_text(known: StoredTicket, ticket: Ticket) -> dict[str, Any]:
    received = {} if ticket.received_at else {"received_at": known.received_at}
    if _in_utc(ticket) == known.ticket:
        return received
    return {**received, "text_version": known.text_version + 1, "is_assessed": False}


def _in_utc(ticket: Ticket) -> Ticket:
    """In an hour that a zone has twice, equal instants of two zones do not count as equal."""
    at = ticket.received_at
    return ticket if at is None else replace(ticket, received_at=at.astimezone(UTC))


def _renew_queue(connection: Connection, row: AnyRow) -> None:
    """Let the queue filter by what the ticket is now; its deadline waits for the assessment."""
    connection.execute(
        update(tables.suggestions)
        .where(tables.suggestions.c.id == row.suggestion_id)
        .values(tier=row.tier, product_area=row.product_area, received_at=row.received_at)
    )


def _stored(row: AnyRow) -> StoredTicket:
    return StoredTicket(
        key=row.key,
        ticket=Ticket(
            id=row.ticket_id,
            subject=row.subject,
            body=row.body,
            tier=row.tier,
            channel=row.channel,
            received_at=row.ticket_received_at,
            environment=row.environment,
        ),
        arrival=Arrival(
            source=row.source,
            external_id=row.external_id,
            endpoint=row.endpoint,
            delivery_id=row.delivery_id,
            incomplete=tuple(row.incomplete),
            requester=row.requester,
            organization=row.organization,
            url=row.url,
            product_area=row.product_area,
            language=row.language,
            extra=row.extra,
            changed_at=row.changed_at,
        ),
        state=TicketState(row.state),
        version=row.version,
        text_version=row.text_version,
        is_assessed=row.is_assessed,
        received_at=row.received_at,
        stored_at=row.stored_at,
        replied_at=row.replied_at,
        erased_at=row.erased_at,
        suggestion_id=row.suggestion_id,
        standing_decision_id=row.standing_decision_id,
    )
