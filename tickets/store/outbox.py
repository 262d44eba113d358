"""The outbox: what desks are to be told, written in the transaction of the decision it tells of.

Messages about one ticket to one target leave in the order of their writing: a later one waits
until those before it were sent, withdrawn or given up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, Update, delete, exists, func, select, update

from tickets.store import tables
from tickets.store.database import AnyRow, Database, rows_changed
from tickets.store.ids import new_id

_columns = tables.outbox.c


class MessageState(StrEnum):
    """What became of a message."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    KEPT = "kept"
    """Not written, because what stands at the target has precedence."""
    GAVE_UP = "gave_up"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Outgoing:
    """A message to be sent."""

    kind: str
    target: str
    payload: Mapping[str, Any] = field(repr=False)
    idempotency_key: str
    """Of two messages with the same, only the first is kept."""
    ticket_key: str | None = None
    """`decide` and `undo` fill in this and the next."""
    decision_id: str | None = None


@dataclass(frozen=True)
class Message:
    """A message as the store has it."""

    id: str
    kind: str
    target: str
    payload: Mapping[str, Any] = field(repr=False)
    idempotency_key: str
    ticket_key: str | None
    decision_id: str | None
    created_at: datetime
    state: MessageState
    attempts: int
    """How often it has been tried, this time included; waiting for a turn is no try."""
    failing_since: datetime | None
    """When the first try failed, later by what it has waited for rate limits since; None before."""
    problem: str | None


@dataclass(frozen=True)
class Outbox:
    """The outbox of the store."""

    database: Database

    def put(self, message: Outgoing, now: datetime) -> bool:
        """Keep a message; False where one with its idempotency key is there already."""
        with self.database.writing() as connection:
            return put_message(connection, self.database, message, now)

    def claim(self, worker: str, limit: int, now: datetime, lease: timedelta) -> list[Message]:
        """Take up to `limit` messages whose time and turn has come, oldest first."""
        is_due = select(_columns.id).where(_columns.is_open, _columns.available_at <= now)
        if not self.database.finds(is_due):  # idle workers look often
            return []
        statement = (
            update(tables.outbox)
            .where(_columns.id.in_(_due(limit, now)))
            .values(
                state=MessageState.CLAIMED,
                worker=worker,
                available_at=now + lease,
                attempts=_columns.attempts + 1,
            )
            .returning(tables.outbox)
        )
        with self.database.writing() as connection:
            rows = connection.execute(statement).all()
        return sorted(map(_message, rows), key=lambda each: each.id)

    def sent(self, row_id: str, now: datetime) -> None:
        """Close a message that its target has taken."""
        self._close(row_id, MessageState.SENT, sent_at=now, problem=None)

    def kept(self, row_id: str, why: str) -> None:
        """Close a claimed message for whose target something else has precedence."""
        self._close(row_id, MessageState.KEPT, problem=why)

    def gave_up(self, row_id: str, problem: str) -> None:
        """Close a claimed message that will never be taken."""
        self._close(row_id, MessageState.GAVE_UP, problem=problem)

    def retry(
        self, row_id: str, problem: str, at: datetime, failing_since: datetime | None = None
    ) -> None:
        """Put a claimed message that has failed back until `at`."""
        self._put_back(row_id, problem, at, failing_since)

    def postpone(
        self, row_id: str, why: str, at: datetime, failing_since: datetime | None = None
    ) -> None:
        """Put a claimed message whose turn it was not back until `at`; that was no attempt."""
        self._put_back(row_id, why, at, failing_since, attempts=_columns.attempts - 1)

    def queue_given_up(self, now: datetime) -> int:
        """Queue again what was given up, as if it were new; return how many messages.

        What tells of a decision that was undone meanwhile stays where it is.
        """
        is_undone = exists().where(tables.decisions.c.undoes == _columns.decision_id)
        statement = update(tables.outbox).where(_columns.state == MessageState.GAVE_UP, ~is_undone)
        values = {"state": MessageState.PENDING, "is_open": True, "available_at": now}
        with self.database.writing() as connection:
            return rows_changed(
                connection.execute(statement.values(**values, attempts=0, failing_since=None))
            )

    def withdraw(self, decision_id: str) -> int:
        """Take back the messages of a decision that have not left; return how many."""
        with self.database.writing() as connection:
            return withdraw_messages(connection, decision_id)

    def of_decision(self, decision_id: str) -> list[Message]:
        """Return the messages of a decision, oldest first."""
        query = select(tables.outbox).where(_columns.decision_id == decision_id)
        with self.database.reading() as connection:
            return [_message(row) for row in connection.execute(query.order_by(_columns.id))]

    def waiting(self, limit: int) -> list[Message]:
        """Return the messages that have not left, in the order of their times."""
        query = select(tables.outbox).where(_columns.is_open)
        order = (_columns.available_at, _columns.id)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(*order).limit(limit)).all()
        return [_message(row) for row in rows]

    def given_up(self, limit: int) -> list[Message]:
        """Return the messages that were given up, the newest first."""
        query = select(tables.outbox).where(_columns.state == MessageState.GAVE_UP)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(_columns.id.desc()).limit(limit)).all()
        return [_message(row) for row in rows]

    def counts(self) -> dict[MessageState, int]:
        """Return how many messages are in each state."""
        with self.database.reading() as connection:
            return message_counts(connection)

    def prune(self, before: datetime) -> int:
        """Delete closed messages written before an instant; return how many."""
        statement = delete(tables.outbox).where(
            _columns.created_at < before, _columns.is_open.is_(False)
        )
        with self.database.writing() as connection:
            return rows_changed(connection.execute(statement))

    def _put_back(
        self, row_id: str, problem: str, at: datetime, since: datetime | None, **values: Any
    ) -> None:
        pending = {"state": MessageState.PENDING, "available_at": at, "problem": problem}
        with self.database.writing() as connection:
            connection.execute(_claimed(row_id).values(**pending, failing_since=since, **values))

    def _close(self, row_id: str, state: MessageState, **values: Any) -> None:
        with self.database.writing() as connection:
            connection.execute(_claimed(row_id).values(state=state, is_open=False, **values))


def _due(limit: int, now: datetime) -> Select[str]:
    earlier = tables.outbox.alias("earlier")
    is_behind = exists().where(
        earlier.c.ticket_key == _columns.ticket_key,
        earlier.c.target == _columns.target,
        earlier.c.id < _columns.id,
        earlier.c.is_open,
    )
    due = (
        select(_columns.id)
        .where(_columns.is_open, _columns.available_at <= now, ~is_behind)
        .order_by(_columns.available_at, _columns.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=tables.outbox)
        .cte("due")  # a CTE that locks runs once; a subquery may run again and lock more
    )
    return select(due.c.id)


def message_counts(connection: Connection) -> dict[MessageState, int]:
    """Count by state."""
    query = select(_columns.state, func.count().label("n")).group_by(_columns.state)
    found = {row.state: row.n for row in connection.execute(query)}
    return {state: found.get(state, 0) for state in MessageState}


def put_message(
    connection: Connection, database: Database, message: Outgoing, now: datetime
) -> bool:
    """Keep a message within a transaction."""
    values = {
        "id": new_id(now),
        "kind": message.kind,
        "target": message.target,
        "payload": dict(message.payload),
        "idempotency_key": message.idempotency_key,
        "ticket_key": message.ticket_key,
        "decision_id": message.decision_id,
        "created_at": now,
        "state": MessageState.PENDING,
        "is_open": True,
        "available_at": now,
        "attempts": 0,
    }
    row_id = database.insert_new(connection, tables.outbox, values, "idempotency_key")
    return row_id is not None


def withdraw_messages(connection: Connection, decision_id: str) -> int:
    """Take back, within a transaction, the messages of a decision that have not left."""
    statement = update(tables.outbox).where(
        _columns.decision_id == decision_id, _columns.state == MessageState.PENDING
    )
    values = {"state": MessageState.WITHDRAWN, "is_open": False}
    return rows_changed(connection.execute(statement.values(values)))


def reinstate_messages(connection: Connection, decision_id: str) -> None:
    """Queue again the messages of a decision that were withdrawn."""
    connection.execute(
        update(tables.outbox)
        .where(_columns.decision_id == decision_id, _columns.state == MessageState.WITHDRAWN)
        .values(state=MessageState.PENDING, is_open=True)
    )


def has_left(connection: Connection, decision_id: str) -> bool:
    """Tell whether a message of a decision was sent, or may be on its way just now."""
    gone = (MessageState.SENT, MessageState.CLAIMED)
    query = select(_columns.id).where(_columns.decision_id == decision_id, _columns.state.in_(gone))
    return connection.execute(query.limit(1)).first() is not None


def _claimed(row_id: str) -> Update:
    return update(tables.outbox).where(
        _columns.id == row_id, _columns.state == MessageState.CLAIMED
    )


def _message(row: AnyRow) -> Message:
    return Message(
        id=row.id,
        kind=row.kind,
        target=row.target,
        payload=row.payload,
        idempotency_key=row.idempotency_key,
        ticket_key=row.ticket_key,
        decision_id=row.decision_id,
        created_at=row.created_at,
        state=MessageState(row.state),
        attempts=row.attempts,
        failing_since=row.failing_since,
        problem=row.problem,
    )
