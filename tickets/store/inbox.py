"""The inbox: deliveries of help desks, on disk before they are acknowledged, each worked on once.

A worker claims deliveries for a time, the lease. If it dies, they can be claimed again when the
lease has run out, so every delivery is worked on at least once and by one worker at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Delete, Select, Update, delete, func, select, update

from tickets.faults import Fault, InputFaults
from tickets.store import tables
from tickets.store.database import Database, rows_changed
from tickets.store.ids import new_id

LONGEST_ID = 255
_columns = tables.inbox.c


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Delivery:
    """A request of a help desk, as its bytes came."""

    id: str
    source: str
    endpoint: str
    delivery_id: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    attempts: int
    """How often it has been claimed, this time included."""


@dataclass(frozen=True)
class FailedDelivery:
    """A delivery that was given up, without its bytes."""

    id: str
    endpoint: str
    delivery_id: str
    received_at: datetime
    problem: str


@dataclass(frozen=True)
class Inbox:
    """The inbox of the store."""

    database: Database

    def put(
        self,
        source: str,
        endpoint: str,
        delivery_id: str,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> bool:
        """Keep a delivery; False where it is there already. Returns when it is on the disk."""
        if len(delivery_id) > LONGEST_ID:
            problem = f"is longer than {LONGEST_ID} characters"
            raise InputFaults(Fault("delivery id", problem, "give a shorter one, or a hash of it"))
        values = {
            "id": new_id(now),
            "source": source,
            "endpoint": endpoint,
            "delivery_id": delivery_id,
            "headers": dict(headers),
            "body": body,
            "received_at": now,
            "state": DeliveryState.WAITING,
            "is_open": True,
            "available_at": now,
            "attempts": 0,
        }
        with self.database.writing(is_synced=True) as connection:
            same = ("source", "endpoint", "delivery_id")
            return self.database.insert_new(connection, tables.inbox, values, *same) is not None

    def claim(self, worker: str, limit: int, now: datetime, lease: timedelta) -> list[Delivery]:
        """Take up to `limit` deliveries that wait or whose lease has run out, oldest first."""
        is_due = select(_columns.id).where(_columns.is_open, _columns.available_at <= now)
        if not self.database.finds(is_due):  # idle workers look often
            return []
        statement = (
            update(tables.inbox)
            .where(_columns.id.in_(_due(limit, now)))
            .values(
                state=DeliveryState.CLAIMED,
                worker=worker,
                available_at=now + lease,
                attempts=_columns.attempts + 1,
            )
            .returning(*_DELIVERY)
        )
        with self.database.writing() as connection:
            rows = connection.execute(statement).all()
        return sorted((Delivery(*row) for row in rows), key=lambda each: each.id)

    def done(self, row_id: str) -> None:
        """Close a delivery; its headers and its body are not needed any more and go."""
        self._change(
            update(tables.inbox)
            .where(_columns.id == row_id)
            .values(state=DeliveryState.DONE, is_open=False, headers={}, body=b"", problem=None)
        )

    def failed(self, row_id: str, problem: str, retry_at: datetime | None) -> None:
        """Put a claimed delivery back until `retry_at`, or give it up; `problem` quotes no text."""
        outcome = (
            {"state": DeliveryState.FAILED, "is_open": False}
            if retry_at is None
            else {"state": DeliveryState.WAITING, "available_at": retry_at}
        )
        self._change(
            update(tables.inbox)
            .where(_columns.id == row_id, _columns.state == DeliveryState.CLAIMED)
            .values(**outcome, problem=problem)
        )

    def given_up(self, limit: int) -> list[FailedDelivery]:
        """Return deliveries that were given up, the newest first."""
        query = (
            select(*_FAILED)
            .where(_columns.state == DeliveryState.FAILED)
            .order_by(_columns.id.desc())
            .limit(limit)
        )
        with self.database.reading() as connection:
            return [FailedDelivery(*row) for row in connection.execute(query)]

    def queue_given_up(self, now: datetime) -> int:
        """Queue again what was given up, as if it were new; return how many deliveries."""
        return self._change(
            update(tables.inbox)
            .where(_columns.state == DeliveryState.FAILED)
            .values(state=DeliveryState.WAITING, is_open=True, available_at=now, attempts=0)
        )

    def counts(self) -> dict[DeliveryState, int]:
        """Return how many deliveries are in each state, since the last pruning."""
        with self.database.reading() as connection:
            return delivery_counts(connection)

    def prune(self, before: datetime) -> int:
        """Delete closed deliveries received before an instant; return how many.

        A delivery that its desk sends again after that is worked on again, which changes nothing
        unless the ticket's text changed.
        """
        return self._change(
            delete(tables.inbox).where(_columns.received_at < before, _columns.is_open.is_(False))
        )

    def _change(self, statement: Update | Delete) -> int:
        with self.database.writing() as connection:
            return rows_changed(connection.execute(statement))


_DELIVERY = (
    _columns.id,
    _columns.source,
    _columns.endpoint,
    _columns.delivery_id,
    _columns.headers,
    _columns.body,
    _columns.received_at,
    _columns.attempts,
)


_FAILED = (
    _columns.id,
    _columns.endpoint,
    _columns.delivery_id,
    _columns.received_at,
    _columns.problem,
)


def _due(limit: int, now: datetime) -> Select[str]:
    due = (
        select(_columns.id)
        .where(_columns.is_open, _columns.available_at <= now)
        .order_by(_columns.available_at, _columns.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # a CTE that locks runs once; a subquery may run again and lock more
    )
    return select(due.c.id)


def delivery_counts(connection: Connection) -> dict[DeliveryState, int]:
    """Count by state."""
    query = select(_columns.state, func.count().label("n")).group_by(_columns.state)
    found = {row.state: row.n for row in connection.execute(query)}
    return {state: found.get(state, 0) for state in DeliveryState}
