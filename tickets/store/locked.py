"""A ticket locked for a change, so that changes of one ticket happen one after another."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, select, update

from tickets.store import tables
from tickets.store.database import AnyRow, NotFound
from tickets.store.place import Standing, place

_ticket = tables.tickets.c
_LOCKED = (
    select(
        _ticket.key,
        _ticket.source,
        _ticket.product_area,
        _ticket.language,
        _ticket.tier,
        _ticket.state,
        _ticket.version,
        _ticket.text_version,
        _ticket.received_at,
        _ticket.replied_at,
        _ticket.erased_at,
        _ticket.suggestion_id,
        _ticket.standing_decision_id,
    )
    .where(_ticket.key == bindparam("key"))
    .with_for_update()
)


def lock_ticket(connection: Connection, key: str) -> AnyRow:
    """Return what changes of a ticket need to know of it, locked until the transaction ends."""
    row = connection.execute(_LOCKED, {"key": key}).one_or_none()
    if row is None:
        raise NotFound(f"no ticket {key}")
    return row


def standing_of(connection: Connection, decision_id: str | None) -> Standing | None:
    """Return what the queue needs to know of a standing decision."""
    if decision_id is None:
        return None
    columns = tables.decisions.c
    query = select(columns.kind, columns.priority, columns.suggested_priority)
    return Standing(*connection.execute(query.where(columns.id == decision_id)).one())


def place_again(
    connection: Connection, ticket: AnyRow, standing: Standing | None
) -> Counter[tuple[str, str]]:
    """Put a ticket's newest suggestion where it now belongs; return how the counts change."""
    columns = tables.suggestions.c
    query = select(
        columns.id,
        columns.state,
        columns.priority,
        columns.due_at,
        columns.plausible_due_at,
        columns.confidence,
        columns.is_blind,
    ).where(columns.id == ticket.suggestion_id)
    suggestion = connection.execute(query).one_or_none()
    if suggestion is None:
        return Counter()
    now_at = place(
        suggestion.priority,
        suggestion.due_at,
        suggestion.plausible_due_at,
        suggestion.confidence,
        is_blind=suggestion.is_blind,
        standing=standing,
        is_over=ticket.state == "solved" or ticket.erased_at is not None,
        is_replied=ticket.replied_at is not None,
    )
    connection.execute(
        update(tables.suggestions).where(columns.id == suggestion.id).values(asdict(now_at))
    )
    changes: Counter[tuple[str, str]] = Counter()
    changes["state", suggestion.state] -= 1
    changes["state", now_at.state] += 1
    return changes
