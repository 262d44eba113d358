"""How tickets stand against their response deadlines: what is to come, passed, met or missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, func, or_, select

from tickets.priority import Priority
from tickets.store import tables
from tickets.store.database import AnyRow, Database
from tickets.store.place import NEVER, QueueState

_suggestion, _ticket, _decision = tables.suggestions.c, tables.tickets.c, tables.decisions.c


@dataclass(frozen=True)
class DueTicket:
    """A pending ticket with a response deadline to come."""

    ticket_key: str
    suggestion_id: str
    subject: str
    priority: Priority
    """The suggested one."""
    tier: str | None
    received_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class DeadlineCounts:
    """Tickets nobody has replied to, as far as their desk has told; hidden suggestions aside."""

    pending_overdue: int
    pending_ahead: int
    pending_without: int
    """Without a deadline: no tier is known."""
    hidden: int
    """Pending, with a hidden suggestion: of which priority, and so by when, is not to be told."""
    decided_overdue: int
    """Decided, with a deadline that passed in the period asked for."""
    decided_ahead: int


@dataclass(frozen=True)
class ReplyCounts:
    """Replies to tickets that came in a period, by the deadline of the priority decided."""

    met: int
    missed: int


@dataclass(frozen=True)
class Deadlines:
    """The response deadlines of the store."""

    database: Database

    def next(self, now: datetime, most: int) -> list[DueTicket]:
        """Return the pending tickets that are due next, hidden suggestions aside."""
        query = (
            select(
                _suggestion.ticket_key,
                _suggestion.id,
                _ticket.subject,
                _suggestion.priority,
                _suggestion.tier,
                _suggestion.received_at,
                _suggestion.due_key,
            )
            .join(tables.tickets, _ticket.key == _suggestion.ticket_key)
            .where(*_open(QueueState.PENDING), _suggestion.due_key.between(now, NEVER))
            .where(_suggestion.due_key != NEVER)
            .order_by(_suggestion.due_key)
            .limit(most)
        )
        with self.database.reading() as connection:
            return [_due_ticket(row) for row in connection.execute(query)]

    def counts(self, now: datetime, since: datetime) -> DeadlineCounts:
        """Count the tickets that wait; of those decided, with a deadline after `since`."""
        pending, decided = _open(QueueState.PENDING), _open(QueueState.DECIDED)
        due = _suggestion.due_key
        with self.database.reading() as connection:

            def count(*conditions: ColumnElement[bool]) -> int:
                query = select(func.count()).select_from(tables.suggestions).where(*conditions)
                return connection.execute(query).scalar_one()

            return DeadlineCounts(
                pending_overdue=count(*pending, due < now),
                pending_ahead=count(*pending, due >= now, due < NEVER),
                pending_without=count(*pending, due == NEVER),
                hidden=count(_suggestion.state == QueueState.PENDING, _suggestion.is_blind),
                decided_overdue=count(*decided, due >= since, due < now),
                decided_ahead=count(*decided, due >= now, due < NEVER),
            )

    def replies(self, since: datetime) -> ReplyCounts:
        """Count the replies to tickets that were stored from an instant on."""
        with self.database.reading() as connection:
            met, replied = connection.execute(_replies(since)).one()
            others = connection.execute(_replies_by_another_deadline(since)).all()
        met_others = sum(_is_met(row) for row in others)
        return ReplyCounts(
            met=(met or 0) + met_others, missed=replied - (met or 0) + len(others) - met_others
        )


def _open(state: QueueState) -> tuple[ColumnElement[bool], ...]:
    return (_suggestion.state == state, _suggestion.is_blind.is_(False))


def _replied(since: datetime) -> Select[Any]:
    return (
        select()
        .select_from(tables.tickets)
        .join(tables.suggestions, _suggestion.id == _ticket.suggestion_id)
        .outerjoin(tables.decisions, _decision.id == _ticket.standing_decision_id)
        .where(
            _ticket.stored_at >= since,  # along the index; what is backfilled came earlier
            _ticket.received_at >= since,
            _ticket.replied_at.is_not(None),
            _suggestion.due_at.is_not(None),
        )
    )


_IS_OVERRIDDEN = and_(_decision.priority.is_not(None), _decision.priority != _suggestion.priority)


def _replies(since: datetime) -> Select[Any]:
    """Return how many were met, of how many, where the suggested priority holds."""
    holds = or_(_decision.priority.is_(None), _decision.priority == _suggestion.priority)
    met = func.sum((_ticket.replied_at <= _suggestion.due_at).cast(Integer))
    return _replied(since).where(holds).add_columns(met, func.count())


def _replies_by_another_deadline(since: datetime) -> Select[Any]:
    """Return what tells whether a reply was in time under the priority that a person gave."""
    query = _replied(since).where(_IS_OVERRIDDEN)
    return query.add_columns(_ticket.replied_at, _suggestion.record, _decision.priority)


def _is_met(row: AnyRow) -> bool:
    due = ((row.record["response"] or {}).get("if_priority") or {}).get(str(Priority(row.priority)))
    return due is not None and row.replied_at <= datetime.fromisoformat(due)


def _due_ticket(row: AnyRow) -> DueTicket:
    return DueTicket(
        ticket_key=row.ticket_key,
        suggestion_id=row.id,
        subject=row.subject,
        priority=Priority(row.priority),
        tier=row.tier,
        received_at=row.received_at,
        due_at=row.due_key,
    )
