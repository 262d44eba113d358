"""What happened to tickets at the desk after they came: replies, waiting, solved, reopened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, update

from tickets.store import tables
from tickets.store.database import AnyRow, Database
from tickets.store.ids import new_id
from tickets.store.locked import lock_ticket, place_again, standing_of
from tickets.store.tallies import count
from tickets.store.tickets import TicketState

_columns = tables.clock_events.c


class EventKind(StrEnum):
    """The kinds of events."""

    REPLIED = "replied"
    WAITING = "waiting"
    RESUMED = "resumed"
    SOLVED = "solved"
    REOPENED = "reopened"
    PRIORITY_CHANGED = "priority_changed"


_STATES = {
    EventKind.WAITING: TicketState.WAITING,
    EventKind.RESUMED: TicketState.OPEN,
    EventKind.SOLVED: TicketState.SOLVED,
    EventKind.REOPENED: TicketState.OPEN,
}


@dataclass(frozen=True)
class ClockEvent:
    """An event as the store has it."""

    id: str
    ticket_key: str
    kind: EventKind
    at: datetime
    detail: Mapping[str, Any] = field(repr=False)
    delivery_id: str | None


@dataclass(frozen=True)
class ClockEvents:
    """The events of the store."""

    database: Database

    def add(
        self,
        ticket_key: str,
        kind: EventKind,
        at: datetime,
        detail: Mapping[str, Any],
        delivery_id: str | None,
    ) -> bool:
        """Keep an event; False where the same delivery told of it before. `NotFound` if no ticket.

        The ticket's state is that of its latest event by `at`, in whatever order they come. With a
        reply no response deadline can be missed any more; solved tickets leave the pending queue.
        """
        with self.database.writing() as connection:
            is_erased = lock_ticket(connection, ticket_key).erased_at is not None
            values = {
                "id": new_id(at),
                "ticket_key": ticket_key,
                "kind": kind,
                "at": at,
                "detail": {} if is_erased else dict(detail),
                "delivery_id": delivery_id,
            }
            same = ("ticket_key", "kind", "delivery_id")
            if self.database.insert_new(connection, tables.clock_events, values, *same) is None:
                return False
            _follow(connection, self.database, ticket_key)
        return True

    def of_ticket(self, key: str) -> list[ClockEvent]:
        """Return the events of a ticket, in the order in which they happened."""
        return self.of_tickets([key]).get(key, [])

    def of_tickets(self, keys: Sequence[str]) -> Mapping[str, list[ClockEvent]]:
        """Return the events of some tickets, by ticket key, in the order in which they happened."""
        query = select(tables.clock_events).where(_columns.ticket_key.in_(keys))
        found: dict[str, list[ClockEvent]] = {}
        with self.database.reading() as connection:
            for row in connection.execute(query.order_by(_columns.at, _columns.id)):
                found.setdefault(row.ticket_key, []).append(_event(row))
        return found


def _follow(connection: Connection, database: Database, key: str) -> None:
    """Let a ticket and its place in the queue follow its events."""
    connection.execute(
        update(tables.tickets)
        .where(tables.tickets.c.key == key)
        .values(state=_state(connection, key), replied_at=_first_reply(connection, key))
    )
    ticket = lock_ticket(connection, key)
    standing = standing_of(connection, ticket.standing_decision_id)
    count(connection, database, place_again(connection, ticket, standing))


def _state(connection: Connection, key: str) -> TicketState:
    query = (
        select(_columns.kind)
        .where(_columns.ticket_key == key, _columns.kind.in_(list(_STATES)))
        .order_by(_columns.at.desc(), _columns.id.desc())
        .limit(1)
    )
    latest = connection.execute(query).scalar()
    return TicketState.OPEN if latest is None else _STATES[EventKind(latest)]


def _first_reply(connection: Connection, key: str) -> datetime | None:
    query = select(func.min(_columns.at)).where(
        _columns.ticket_key == key, _columns.kind == EventKind.REPLIED
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def _event(row: AnyRow) -> ClockEvent:
    return ClockEvent(
        id=row.id,
        ticket_key=row.ticket_key,
        kind=EventKind(row.kind),
        at=row.at,
        detail=row.detail,
        delivery_id=row.delivery_id,
    )
