"""Counts for the overview page and for /metrics; none of them takes longer as the store grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from tickets.priority import Priority
from tickets.store import tables
from tickets.store.database import Database
from tickets.store.decision import DecisionKind
from tickets.store.inbox import DeliveryState, delivery_counts
from tickets.store.outbox import MessageState, message_counts
from tickets.store.place import QueueState
from tickets.store.review_queue import queue_counts
from tickets.store.tallies import counts


@dataclass(frozen=True)
class Statistics:
    """The store in figures. Suggestions and decisions are counted since the beginning."""

    suggestions_by_priority: Mapping[Priority, int]
    suggestions_by_action: Mapping[str, int]
    suggestions_by_source: Mapping[str, int]
    decisions: Mapping[DecisionKind, int]
    """Entries of the log, those later undone included."""
    overrides: Mapping[tuple[Priority, Priority], int]
    """By what was suggested and what was decided instead."""
    queue: Mapping[QueueState, int]
    overdue: int
    """Pending tickets whose response deadline has passed without a reply."""
    inbox: Mapping[DeliveryState, int]
    oldest_delivery_at: datetime | None
    """When the delivery came that waits longest."""
    outbox: Mapping[MessageState, int]
    oldest_message_at: datetime | None


def read_statistics(database: Database, now: datetime) -> Statistics:
    """Count."""
    inbox, outbox = tables.inbox.c, tables.outbox.c
    with database.reading() as connection:
        priorities = counts(connection, "priority")
        overrides = counts(connection, "override")
        kinds = counts(connection, "decision")
        return Statistics(
            suggestions_by_priority={p: priorities.get(str(p), 0) for p in Priority},
            suggestions_by_action=counts(connection, "action"),
            suggestions_by_source=counts(connection, "source"),
            decisions={kind: kinds.get(kind, 0) for kind in DecisionKind},
            overrides={_pair(name): n for name, n in overrides.items()},
            queue=queue_counts(connection),
            overdue=_overdue(connection, now),
            inbox=delivery_counts(connection),
            oldest_delivery_at=_oldest(connection, inbox.received_at, inbox.is_open),
            outbox=message_counts(connection),
            oldest_message_at=_oldest(connection, outbox.created_at, outbox.is_open),
        )


def _pair(name: str) -> tuple[Priority, Priority]:
    suggested, decided = name.split()
    return Priority.parse(suggested), Priority.parse(decided)


def _overdue(connection: Connection, now: datetime) -> int:
    columns = tables.suggestions.c
    query = select(func.count()).where(columns.state == QueueState.PENDING, columns.due_key < now)
    return connection.execute(query).scalar_one()


def _oldest(
    connection: Connection, time: ColumnElement[datetime], is_open: ColumnElement[bool]
) -> datetime | None:
    found: datetime | None = connection.execute(select(func.min(time)).where(is_open)).scalar()
    return found
