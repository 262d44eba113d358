"""The log of decisions: entries are added and never changed; an undo is an entry of its own.

The standing decision of a ticket is its latest entry that settles something and that no other
entry takes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from tickets.priority import Priority
from tickets.store import tables
from tickets.store.database import AnyRow, Database, NotFound
from tickets.store.decision import Decision, DecisionKind, DecisionRow, decision_row
from tickets.store.ids import new_id
from tickets.store.locked import lock_ticket, place_again, standing_of
from tickets.store.outbox import (
    Outgoing,
    has_left,
    put_message,
    reinstate_messages,
    withdraw_messages,
)
from tickets.store.pages import read_in_pages
from tickets.store.tallies import count


class Conflict(Exception):  # noqa: N818 - as in "409 conflict"
    """The ticket is no longer as the caller saw it."""

    def __init__(self, current_version: int, latest: DecisionRow | None) -> None:
        super().__init__(f"the ticket has changed; its version is now {current_version}")
        self.current_version = current_version
        self.latest = latest
        """The newest entry in the ticket's log, if there is one."""


class AlreadyDecided(Conflict):
    """A decision stands, and the caller named no version to show that this was known."""


@dataclass(frozen=True)
class Decisions:
    """The decisions of the store."""

    database: Database

    def decide(
        self,
        suggestion_id: str,
        decision: Decision,
        expected_version: int | None,
        now: datetime,
        write_back: Sequence[Outgoing] = (),
    ) -> DecisionRow:
        """Decide on the newest suggestion of a ticket, and queue what the desk is told.

        Raises `Conflict` where the ticket's version is another than the expected one or a newer
        suggestion exists, `AlreadyDecided` where a decision stands and no version was given,
        `NotFound` without such a suggestion. A decision that stood is replaced: its messages that
        have not left are withdrawn.
        """
        with self.database.writing() as connection:
            suggestion = _suggestion(connection, suggestion_id)
            ticket = lock_ticket(connection, suggestion.ticket_key)
            _refuse_outdated(connection, ticket, suggestion_id, expected_version)
            row = _append(connection, ticket, suggestion, decision, now)
            if ticket.standing_decision_id is not None:
                withdraw_messages(connection, ticket.standing_decision_id)
            _write_back(connection, self.database, write_back, row)
            _settle(connection, self.database, ticket, row, row.id)
        return row

    def undo(
        self, decision_id: str, actor: str, now: datetime, write_back: Sequence[Outgoing] = ()
    ) -> DecisionRow:
        """Take back the decision that stands; the one before it, if any, stands again.

        Messages of it that have not left are withdrawn, and those of the decision before that were
        withdrawn for it are queued again. `write_back` is queued only where a message had left or
        is leaving. Raises `Conflict` where the decision does not stand, `NotFound` without it.
        """
        with self.database.writing() as connection:
            undone = _decision(connection, decision_id)
            ticket = lock_ticket(connection, undone.ticket_key)
            if ticket.standing_decision_id != decision_id:
                raise Conflict(ticket.version, _latest(connection, ticket.key))
            before = _standing_before(connection, undone)
            row = _append_undo(connection, ticket, undone, actor, now)
            withdraw_messages(connection, decision_id)
            if has_left(connection, decision_id):
                _write_back(connection, self.database, write_back, row)
            elif before is not None:
                reinstate_messages(connection, before)
            _settle(connection, self.database, ticket, row, before)
        return row

    def load(self, decision_id: str) -> DecisionRow | None:
        """Return the entry with this id, if there is one."""
        query = select(tables.decisions).where(tables.decisions.c.id == decision_id)
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else decision_row(row)

    def of_ticket(self, key: str) -> list[DecisionRow]:
        """Return all entries of a ticket, oldest first."""
        columns = tables.decisions.c
        query = select(tables.decisions).where(columns.ticket_key == key).order_by(columns.version)
        with self.database.reading() as connection:
            return [decision_row(row) for row in connection.execute(query)]

    def export(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """Yield the log from `since` to before `until`, oldest first, as plain records.

        Beside each entry stand what was suggested, with confidence, action and versions, and the
        ticket's name at its source; no ticket text. The note is the only free text.
        """
        columns = tables.decisions.c
        query = _exported().where(columns.decided_at >= since, columns.decided_at < until)
        yield from map(_record, read_in_pages(self.database, query, columns.decided_at, columns.id))


def _suggestion(connection: Connection, suggestion_id: str) -> AnyRow:
    columns = tables.suggestions.c
    query = select(columns.id, columns.ticket_key, columns.priority)
    row = connection.execute(query.where(columns.id == suggestion_id)).one_or_none()
    if row is None:
        raise NotFound(f"no suggestion {suggestion_id}")
    return row


def _refuse_outdated(
    connection: Connection, ticket: AnyRow, suggestion_id: str, expected_version: int | None
) -> None:
    is_newest = ticket.suggestion_id == suggestion_id
    if not is_newest or expected_version not in (None, ticket.version):
        raise Conflict(ticket.version, _latest(connection, ticket.key))
    if expected_version is None and ticket.standing_decision_id is not None:
        raise AlreadyDecided(ticket.version, _latest(connection, ticket.key))


def _append(
    connection: Connection,
    ticket: AnyRow,
    suggestion: AnyRow,
    decision: Decision,
    now: datetime,
) -> DecisionRow:
    is_accept = decision.kind == DecisionKind.ACCEPT
    values = {
        "id": new_id(now),
        "ticket_key": ticket.key,
        "suggestion_id": suggestion.id,
        "kind": decision.kind,
        "priority": suggestion.priority if is_accept else decision.priority,
        "suggested_priority": suggestion.priority,
        "reason": decision.reason,
        "corrected_facts": dict(decision.corrected_facts),
        "actor": decision.actor,
        "note": decision.note,
        "decided_at": now,
        "version": ticket.version + 1,
    }
    return _inserted(connection, values)


def _append_undo(
    connection: Connection, ticket: AnyRow, undone: AnyRow, actor: str, now: datetime
) -> DecisionRow:
    values = {
        "id": new_id(now),
        "ticket_key": ticket.key,
        "suggestion_id": undone.suggestion_id,
        "kind": DecisionKind.UNDO,
        "suggested_priority": undone.suggested_priority,
        "corrected_facts": {},
        "actor": actor,
        "decided_at": now,
        "undoes": undone.id,
        "version": ticket.version + 1,
    }
    return _inserted(connection, values)


def _inserted(connection: Connection, values: Mapping[str, Any]) -> DecisionRow:
    statement = insert(tables.decisions).returning(tables.decisions)
    return decision_row(connection.execute(statement, dict(values)).one())


def _write_back(
    connection: Connection, database: Database, messages: Sequence[Outgoing], entry: DecisionRow
) -> None:
    for message in messages:
        named = replace(message, ticket_key=entry.ticket_key, decision_id=entry.id)
        put_message(connection, database, named, entry.decided_at)


def _settle(
    connection: Connection,
    database: Database,
    ticket: AnyRow,
    entry: DecisionRow,
    standing_id: str | None,
) -> None:
    """Let the ticket and its place in the queue follow a new entry."""
    connection.execute(
        update(tables.tickets)
        .where(tables.tickets.c.key == ticket.key)
        .values(version=entry.version, standing_decision_id=standing_id)
    )
    changes = place_again(connection, ticket, standing_of(connection, standing_id))
    changes["decision", entry.kind] += 1
    if entry.kind == DecisionKind.OVERRIDE and entry.priority is not None:
        changes["override", f"{entry.suggested_priority} {entry.priority}"] += 1
    count(connection, database, changes)


def _decision(connection: Connection, decision_id: str) -> AnyRow:
    query = select(tables.decisions).where(tables.decisions.c.id == decision_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no decision {decision_id}")
    return row


def _latest(connection: Connection, key: str) -> DecisionRow | None:
    columns = tables.decisions.c
    query = select(tables.decisions).where(columns.ticket_key == key)
    row = connection.execute(query.order_by(columns.version.desc()).limit(1)).one_or_none()
    return None if row is None else decision_row(row)


def _standing_before(connection: Connection, undone: AnyRow) -> str | None:
    """Return the latest entry before one that settles something and is not taken back."""
    columns = tables.decisions.c
    taken_back = select(columns.undoes).where(
        columns.ticket_key == undone.ticket_key, columns.undoes.is_not(None)
    )
    query = (
        select(columns.id)
        .where(
            columns.ticket_key == undone.ticket_key,
            columns.version < undone.version,
            columns.kind != DecisionKind.UNDO,
            columns.id.not_in(taken_back),
        )
        .order_by(columns.version.desc())
        .limit(1)
    )
    found: str | None = connection.execute(query).scalar()
    return found


def _exported() -> Select[Any]:
    decision, suggestion, ticket = (
        tables.decisions.c,
        tables.suggestions.c,
        tables.tickets.c,
    )
    return (
        select(
            tables.decisions,
            suggestion.confidence,
            suggestion.action,
            suggestion.model_version,
            suggestion.rules_version,
            suggestion.policy_version,
            suggestion.is_blind,
            ticket.source,
            ticket.external_id,
        )
        .join(tables.suggestions, suggestion.id == decision.suggestion_id)
        .join(tables.tickets, ticket.key == decision.ticket_key)
    )


def _record(row: AnyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "decided_at": row.decided_at.isoformat(),
        "kind": row.kind,
        "actor": row.actor,
        "priority": None if row.priority is None else str(Priority(row.priority)),
        "suggested_priority": str(Priority(row.suggested_priority)),
        "confidence": row.confidence,
        "action": row.action,
        "is_blind": row.is_blind,
        "reason": row.reason,
        "corrected_facts": row.corrected_facts,
        "note": row.note,
        "undoes": row.undoes,
        "source": row.source,
        "external_id": row.external_id,
        "ticket_key": row.ticket_key,
        "suggestion_id": row.suggestion_id,
        "version": row.version,
        "versions": {
            "model": row.model_version,
            "rules": row.rules_version,
            "policy": row.policy_version,
        },
    }
