"""Erasure: a ticket's text and people go; what was suggested and decided about it, and when, stays.

An erased ticket keeps its ids at the source, so that a late delivery does not bring it back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, text, update

from tickets.store import tables
from tickets.store.database import AnyRow, Database
from tickets.store.inbox import DeliveryState
from tickets.store.locked import lock_ticket, place_again, standing_of
from tickets.store.outbox import MessageState
from tickets.store.tallies import count
from tickets.store.words import forget_words

AT_ONCE = 100
"""Tickets of one transaction: other writers need not wait long."""
_TEXTS = frozenset({"subject", "body", "text", "quote", "excerpt", "error"})
"""Keys of an assessment record under which words of the ticket might stand."""


@dataclass(frozen=True)
class PersonalData:
    """What the store holds about people."""

    database: Database

    def erase_ticket(self, key: str, now: datetime) -> bool:
        """Erase one ticket; False where there is none that is not erased yet."""
        return self._erase(tables.tickets.c.key == key, now) > 0

    def erase_requester(self, requester: str, now: datetime) -> int:
        """Erase all tickets of a person, in whatever case the address is written; return how many.

        Deliveries and kept answers that name the person go too, but one that is being worked on at
        this moment may still become a ticket: call it again a minute later.
        """
        name = requester.strip()
        if not name:
            return 0
        self._erase_naming(name)
        return self._erase(func.lower(tables.tickets.c.requester) == name.lower(), now)

    def erase_before(self, instant: datetime, now: datetime) -> int:
        """Erase all tickets that came here before an instant; return how many."""
        return self._erase(tables.tickets.c.stored_at < instant, now)

    def _erase(self, condition: ColumnElement[bool], now: datetime) -> int:
        columns = tables.tickets.c
        query = select(columns.key).where(condition, columns.erased_at.is_(None))
        with self.database.reading() as connection:
            keys = connection.execute(query.order_by(columns.key)).scalars().all()
        for start in range(0, len(keys), AT_ONCE):
            with self.database.writing(is_synced=True) as connection:
                _erase_tickets(connection, self.database, keys[start : start + AT_ONCE], now)
        if keys:
            self._leave_no_trace()
        return len(keys)

    def _erase_naming(self, name: str) -> None:
        """Blank the deliveries and the kept answers in which a name occurs."""
        with self.database.writing(is_synced=True) as connection:
            waiting = select(tables.inbox.c.id, tables.inbox.c.body).where(
                tables.inbox.c.state.in_((DeliveryState.WAITING, DeliveryState.FAILED))
            )
            pattern = _occurrence(name)
            found = [row.id for row in connection.execute(waiting) if pattern.search(row.body)]
            _blank_deliveries(connection, tables.inbox.c.id.in_(found))
            answers = tables.idempotency
            for row in connection.execute(select(answers).where(answers.c.body.is_not(None))).all():
                if pattern.search(row.body):
                    _blank_answers(
                        connection, (answers.c.actor == row.actor) & (answers.c.key == row.key)
                    )

    def _leave_no_trace(self) -> None:
        """On SQLite, overwrite what the word index and the log of changes still hold.

        PostgreSQL frees the old rows with its next vacuum.
        """
        if not self.database.is_sqlite:
            return
        with self.database.writing() as connection:
            connection.execute(text("INSERT INTO ticket_words (ticket_words) VALUES ('optimize')"))
        with self.database.answered():
            raw = self.database.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()


def _erase_tickets(
    connection: Connection, database: Database, keys: Sequence[str], now: datetime
) -> None:
    locked = [lock_ticket(connection, key) for key in keys]
    _erase_around(connection, keys)
    forget_words(connection, database, keys)
    connection.execute(
        update(tables.tickets)
        .where(tables.tickets.c.key.in_(keys))
        .values(
            subject="",
            body="",
            environment=None,
            requester=None,
            organization=None,
            url=None,
            extra={},
            is_assessed=True,
            version=tables.tickets.c.version + 1,
            erased_at=now,
        )
    )
    changes = Counter[tuple[str, str]]()
    for before in locked:
        ticket = lock_ticket(connection, before.key)
        changes.update(
            place_again(connection, ticket, standing_of(connection, ticket.standing_decision_id))
        )
    count(connection, database, changes)


def _erase_around(connection: Connection, keys: Sequence[str]) -> None:
    """Blank whatever else holds words of some tickets."""
    decision, event, message = tables.decisions.c, tables.clock_events.c, tables.outbox.c
    connection.execute(
        update(tables.decisions)
        .where(decision.ticket_key.in_(keys), decision.note.is_not(None))
        .values(note=None)
    )
    connection.execute(
        update(tables.clock_events).where(event.ticket_key.in_(keys)).values(detail={})
    )
    of_tickets = update(tables.outbox).where(message.ticket_key.in_(keys))
    connection.execute(
        of_tickets.where(message.is_open).values(state=MessageState.WITHDRAWN, is_open=False)
    )
    connection.execute(of_tickets.values(payload={}, problem=None))
    _blank_answers(connection, tables.idempotency.c.ticket_key.in_(keys))
    _blank_records(connection, keys)
    for row in connection.execute(_deliveries(keys)).all():
        _blank_deliveries(connection, _is_delivery(row))


def _deliveries(keys: Sequence[str]) -> Select[Any]:
    columns = tables.tickets.c
    return select(columns.source, columns.endpoint, columns.delivery_id).where(
        columns.key.in_(keys), columns.delivery_id.is_not(None)
    )


def _is_delivery(ticket: AnyRow) -> ColumnElement[bool]:
    columns = tables.inbox.c
    return and_(
        columns.source == ticket.source,
        columns.endpoint == ticket.endpoint,
        columns.delivery_id == ticket.delivery_id,
    )


def _blank_deliveries(connection: Connection, condition: ColumnElement[bool]) -> None:
    connection.execute(
        update(tables.inbox)
        .where(condition)
        .values(state=DeliveryState.DONE, is_open=False, headers={}, body=b"", problem=None)
    )


def _blank_answers(connection: Connection, condition: ColumnElement[bool]) -> None:
    connection.execute(
        update(tables.idempotency)
        .where(condition, tables.idempotency.c.body.is_not(None))
        .values(body=b"")
    )


def _blank_records(connection: Connection, keys: Sequence[str]) -> None:
    """Leave of an assessment what the model said: offsets, and no words of the ticket."""
    columns = tables.suggestions.c
    query = select(columns.id, columns.record).where(columns.ticket_key.in_(keys))
    for row in connection.execute(query).all():
        without = _without_texts(row.record)
        if without != row.record:
            connection.execute(
                update(tables.suggestions).where(columns.id == row.id).values(record=without)
            )


def _without_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: None if key in _TEXTS else _without_texts(each) for key, each in value.items()}
    return [_without_texts(each) for each in value] if isinstance(value, list) else value


def _occurrence(name: str) -> re.Pattern[bytes]:
    """Return what finds a name in a body, however JSON and forms write it, but not in a longer one.

    Case counts only outside ASCII, where bytes do not tell it.
    """
    cases = {name, name.lower(), name.upper()}
    written = {way for each in cases for way in (each, json.dumps(each)[1:-1], quote(each))}
    either = "|".join(re.escape(each) for each in sorted(written))
    return re.compile(f"(?<![A-Za-z0-9._+-])(?:{either})(?![A-Za-z0-9_-])".encode(), re.IGNORECASE)
