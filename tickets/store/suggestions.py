"""Suggestions: every assessment of a ticket is kept, and the newest is the one that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from tickets.priority import Priority
from tickets.store import tables
from tickets.store.database import AnyRow, Database
from tickets.store.ids import new_id
from tickets.store.locked import lock_ticket, standing_of
from tickets.store.place import NEVER, SUPERSEDED, due_at, place, plausible_due_at
from tickets.store.review_queue import QueuePage, QueueQuery, read_queue
from tickets.store.suggestion import SuggestionRow, suggestion_row
from tickets.store.tallies import count

_INSERT = insert(tables.suggestions).returning(tables.suggestions)
_OUTDATED = (
    update(tables.tickets)
    .where(tables.tickets.c.key == bindparam("its_key"))
    .values(version=bindparam("its_version"))
)
_ASSESSED = _OUTDATED.values(suggestion_id=bindparam("its_suggestion"), is_assessed=True)


@dataclass(frozen=True)
class Suggestions:
    """The suggestions of the store."""

    database: Database

    def record(
        self,
        ticket_key: str,
        record: Mapping[str, Any],
        now: datetime,
        *,
        is_blind: bool = False,
        text_version: int | None = None,
    ) -> SuggestionRow:
        """Keep an assessment (`Assessment.as_record`); it becomes the ticket's suggestion.

        `text_version` is that of the ticket assessed: where the ticket has changed meanwhile, the
        assessment is kept as superseded and another one is still due. `NotFound` without a ticket.
        """
        changes: Counter[tuple[str, str]] = Counter()
        with self.database.writing() as connection:
            row = _record(connection, ticket_key, record, now, is_blind, text_version, changes)
            count(connection, self.database, changes)
        return row

    def record_many(
        self, records: Iterable[tuple[str, Mapping[str, Any]]], now: datetime
    ) -> list[SuggestionRow]:
        """Keep the assessments of many tickets, called by their keys, in one transaction."""
        changes: Counter[tuple[str, str]] = Counter()
        with self.database.writing() as connection:
            rows = [
                _record(connection, key, record, now, False, None, changes)
                for key, record in records
            ]
            count(connection, self.database, changes)
        return rows

    def load(self, suggestion_id: str) -> SuggestionRow | None:
        """Return the suggestion with this id, if there is one."""
        query = select(tables.suggestions).where(tables.suggestions.c.id == suggestion_id)
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else suggestion_row(row)

    def of_ticket(self, key: str) -> list[SuggestionRow]:
        """Return all suggestions of a ticket, oldest first."""
        columns = tables.suggestions.c
        query = select(tables.suggestions).where(columns.ticket_key == key).order_by(columns.id)
        with self.database.reading() as connection:
            return [suggestion_row(row) for row in connection.execute(query)]

    def queue(self, query: QueueQuery) -> QueuePage:
        """Return one page of the review queue: the newest suggestions of tickets, in order."""
        return read_queue(self.database, query)


def _record(
    connection: Connection,
    key: str,
    record: Mapping[str, Any],
    now: datetime,
    is_blind: bool,
    text_version: int | None,
    changes: Counter[tuple[str, str]],
) -> SuggestionRow:
    ticket = lock_ticket(connection, key)
    is_outdated = text_version not in (None, ticket.text_version)
    values = _values(ticket, record, now, is_blind)
    if is_outdated:
        values["state"] = SUPERSEDED
    else:
        values.update(_place(connection, ticket, values))
        _supersede(connection, ticket.suggestion_id, changes)
        changes["state", values["state"]] += 1
    row = connection.execute(_INSERT, values).one()
    _renew_ticket(connection, ticket, None if is_outdated else row.id)
    changes["priority", str(Priority(row.priority))] += 1
    changes["action", row.action] += 1
    changes["source", row.source] += 1
    return suggestion_row(row)


def _values(
    ticket: AnyRow, record: Mapping[str, Any], now: datetime, is_blind: bool
) -> dict[str, Any]:
    due, plausible = due_at(record), plausible_due_at(record, is_blind=is_blind)
    return {
        "id": new_id(now),
        "ticket_key": ticket.key,
        "made_at": now,
        "record": dict(record),
        "priority": int(Priority.parse(record["priority"])),
        "confidence": record["confidence"],
        "action": record["action"],
        "due_at": due,
        "plausible_due_at": plausible,
        "model_version": record["versions"]["model"],
        "rules_version": record["versions"]["rules"],
        "policy_version": record["versions"]["policy"],
        "language": ticket.language,
        "is_blind": is_blind,
        "due_key": due or NEVER,
        "urgent_key": plausible or NEVER,
        "sure_key": record["confidence"],
        "received_at": ticket.received_at,
        "tier": ticket.tier,
        "product_area": ticket.product_area,
        "source": ticket.source,
    }


def _place(connection: Connection, ticket: AnyRow, values: Mapping[str, Any]) -> dict[str, Any]:
    return asdict(
        place(
            values["priority"],
            values["due_at"],
            values["plausible_due_at"],
            values["confidence"],
            is_blind=values["is_blind"],
            standing=standing_of(connection, ticket.standing_decision_id),
            is_over=ticket.state == "solved" or ticket.erased_at is not None,
            is_replied=ticket.replied_at is not None,
        )
    )


def _supersede(
    connection: Connection, suggestion_id: str | None, changes: Counter[tuple[str, str]]
) -> None:
    if suggestion_id is None:
        return
    columns = tables.suggestions.c
    state = connection.execute(
        select(columns.state).where(columns.id == suggestion_id)
    ).scalar_one()
    connection.execute(
        update(tables.suggestions).where(columns.id == suggestion_id).values(state=SUPERSEDED)
    )
    changes["state", state] -= 1


def _renew_ticket(connection: Connection, ticket: AnyRow, suggestion_id: str | None) -> None:
    statement = _OUTDATED if suggestion_id is None else _ASSESSED
    values = {
        "its_key": ticket.key,
        "its_version": ticket.version + 1,
        "its_suggestion": suggestion_id,
    }
    connection.execute(statement, values)
