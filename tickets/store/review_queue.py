"""The review queue: pages of newest suggestions, each read along an index."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    Subquery,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from tickets.assessment import Action
from tickets.faults import Fault, InputFaults
from tickets.priority import Priority
from tickets.store import tables
from tickets.store.columns import Instant
from tickets.store.database import AnyRow, Database
from tickets.store.decision import DecisionRow, decision_row
from tickets.store.place import QueueState
from tickets.store.suggestion import SuggestionRow, suggestion_row
from tickets.store.tallies import counts
from tickets.store.tickets import TicketState
from tickets.store.words import has_words

EXCERPT = 280
"""Characters of a body that a page of the queue shows."""
LONGEST_PAGE = 500


class Order(StrEnum):
    """The orders of the queue."""

    SLA_DUE = "sla_due"
    """Response deadline; of the same, the least certain first."""
    UNCERTAINTY = "uncertainty"
    """The least certain first."""
    URGENCY = "urgency"
    """The nearest deadline that may well hold: `tickets.store.place.plausible_due_at`."""
    NEWEST = "newest"
    """The latest received first."""


@dataclass(frozen=True)
class QueueQuery:
    """Which suggestions, in which order, from where on."""

    state: QueueState | None = QueueState.PENDING
    """None for all states."""
    order: Order = Order.URGENCY
    priority: Priority | None = None
    """The suggested one, where it is shown; so with the action."""
    tier: str | None = None
    action: Action | None = None
    product_area: str | None = None
    source: str | None = None
    text: str | None = None
    """Words that each begin a word of the subject or the body."""
    limit: int = 50
    cursor: str | None = None
    """`next_cursor` of the page before, which must have had the same order."""

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LONGEST_PAGE:
            raise InputFaults(
                Fault("limit", f"{self.limit} is not possible", f"give 1 to {LONGEST_PAGE}")
            )


@dataclass(frozen=True)
class QueueItem:
    """A suggestion with what a list shows of its ticket."""

    suggestion: SuggestionRow
    state: QueueState
    ticket_key: str
    version: int
    """That of the ticket, for `decide`."""
    source: str
    external_id: str | None
    url: str | None
    requester: str | None
    organization: str | None
    product_area: str | None
    subject: str
    excerpt: str
    """The beginning of the body."""
    tier: str | None
    channel: str | None
    received_at: datetime
    replied_at: datetime | None
    erased_at: datetime | None
    ticket_state: TicketState
    standing: DecisionRow | None
    """The decision that holds."""


@dataclass(frozen=True)
class QueuePage:
    """Some of the queue, and how much of it there is."""

    items: tuple[QueueItem, ...]
    next_cursor: str | None
    """None on the last page."""
    counts: Mapping[QueueState, int]
    """All tickets by state, whatever else the query asks for."""


def read_queue(database: Database, query: QueueQuery) -> QueuePage:
    """Return the page of the queue that a query asks for."""
    with database.reading() as connection:
        page = _page(query, _filters(connection, database, query))
        rows = connection.execute(_with_tickets(page, query.order)).all()
        standing = _standing(connection, rows[: query.limit])
        states = queue_counts(connection)
    is_last = len(rows) <= query.limit
    return QueuePage(
        items=tuple(_item(row, standing) for row in rows[: query.limit]),
        next_cursor=None if is_last else _cursor(rows[query.limit - 1], query.order),
        counts=states,
    )


def queue_counts(connection: Connection) -> dict[QueueState, int]:
    """Return how many tickets are in each state of the queue."""
    found = counts(connection, "state")
    return {state: found.get(state, 0) for state in QueueState}


_columns = tables.suggestions.c
_ORDERS: Mapping[Order, tuple[ColumnElement[Any], ...]] = {
    Order.SLA_DUE: (_columns.due_key, _columns.sure_key, _columns.id),
    Order.UNCERTAINTY: (_columns.sure_key, _columns.id),
    Order.URGENCY: (_columns.urgent_key, _columns.sure_key, _columns.id),
    Order.NEWEST: (_columns.received_at, _columns.id),
}
_DESCENDING = (Order.NEWEST,)
_IS_SHOWN = or_(_columns.is_blind.is_(False), _columns.state == QueueState.DECIDED)
"""Whether the suggestion may be seen; a filter by it would tell what it is."""


def _page(query: QueueQuery, filters: list[ColumnElement[bool]]) -> Subquery:
    """Return a query of the ids of a page and one more."""
    states = [query.state] if query.state is not None else list(QueueState)
    # One walk along the index for each state; a page of all states is merged from their pages.
    walks = [_walk(state, filters, query).subquery() for state in states]
    if len(walks) == 1:
        return walks[0]
    merged = union_all(*(select(walk) for walk in walks)).subquery()
    return select(merged).order_by(*_ordered(merged, query.order)).limit(query.limit + 1).subquery()


def _filters(
    connection: Connection, database: Database, query: QueueQuery
) -> list[ColumnElement[bool]]:
    wanted = {
        _columns.priority: None if query.priority is None else int(query.priority),
        _columns.tier: query.tier,
        _columns.action: query.action,
        _columns.product_area: query.product_area,
        _columns.source: query.source,
    }
    filters = [column == value for column, value in wanted.items() if value is not None]
    if query.priority is not None or query.action is not None:
        filters.append(_IS_SHOWN)
    if query.text is not None and query.text.strip():
        filters.append(has_words(connection, database, _columns.ticket_key, query.text))
    return filters


def _walk(state: QueueState, filters: list[ColumnElement[bool]], query: QueueQuery) -> Select[Any]:
    keys = _ORDERS[query.order]
    walk = select(*keys).where(_columns.state == state, *filters)
    if query.cursor is not None:
        last = tuple_(
            *(
                literal(value, key.type)
                for value, key in zip(_place_after(query), keys, strict=True)
            )
        )
        here = tuple_(*keys)
        walk = walk.where(here < last if query.order in _DESCENDING else here > last)
    return walk.order_by(*_directed(keys, query.order)).limit(query.limit + 1)


def _ordered(rows: Subquery, order: Order) -> Iterable[ColumnElement[Any]]:
    return _directed([rows.c[key.key] for key in _ORDERS[order] if key.key], order)


def _directed(keys: Iterable[ColumnElement[Any]], order: Order) -> Iterable[ColumnElement[Any]]:
    return [key.desc() if order in _DESCENDING else key for key in keys]


def _with_tickets(page: Subquery, order: Order) -> Select[Any]:
    ticket = tables.tickets.c
    return (
        select(
            tables.suggestions,
            ticket.version.label("version"),
            ticket.external_id,
            ticket.url,
            ticket.requester,
            ticket.organization,
            ticket.subject,
            func.substr(ticket.body, 1, EXCERPT).label("excerpt"),
            ticket.channel,
            ticket.replied_at,
            ticket.erased_at,
            ticket.state.label("ticket_state"),
            ticket.standing_decision_id,
        )
        .join(page, page.c.id == tables.suggestions.c.id)
        .join(tables.tickets, ticket.key == tables.suggestions.c.ticket_key)
        .order_by(*_ordered(page, order))
    )


def _standing(connection: Connection, rows: Iterable[AnyRow]) -> dict[str, DecisionRow]:
    ids = [row.standing_decision_id for row in rows if row.standing_decision_id is not None]
    if not ids:
        return {}
    query = select(tables.decisions).where(tables.decisions.c.id.in_(ids))
    return {row.id: decision_row(row) for row in connection.execute(query)}


def _item(row: AnyRow, standing: Mapping[str, DecisionRow]) -> QueueItem:
    return QueueItem(
        suggestion=suggestion_row(row),
        state=QueueState(row.state),
        ticket_key=row.ticket_key,
        version=row.version,
        source=row.source,
        external_id=row.external_id,
        url=row.url,
        requester=row.requester,
        organization=row.organization,
        product_area=row.product_area,
        subject=row.subject,
        excerpt=row.excerpt,
        tier=row.tier,
        channel=row.channel,
        received_at=row.received_at,
        replied_at=row.replied_at,
        erased_at=row.erased_at,
        ticket_state=TicketState(row.ticket_state),
        standing=standing.get(row.standing_decision_id),
    )


def _cursor(last: AnyRow, order: Order) -> str:
    values = [getattr(last, str(key.key)) for key in _ORDERS[order]]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps([order, *plain]).encode()).decode().rstrip("=")


def _place_after(query: QueueQuery) -> list[Any]:
    """Return the keys of the last row of the page before."""
    assert query.cursor is not None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        order, *values = json.loads(base64.urlsafe_b64decode(padded))
        keys = _ORDERS[query.order]
        if order != query.order or len(values) != len(keys):
            raise ValueError(order)
        return [_parsed(value, key) for value, key in zip(values, keys, strict=True)]
    except (ValueError, TypeError, RecursionError):
        raise InputFaults(
            Fault("cursor", "is none of this queue and order", "begin at the first page")
        ) from None


def _parsed(value: Any, key: ColumnElement[Any]) -> Any:
    if isinstance(key.type, Instant):
        instant = datetime.fromisoformat(value)
        if instant.utcoffset() is None:
            raise ValueError(value)
        return instant
    if not isinstance(value, float if isinstance(key.type, Float) else str):
        raise ValueError(value)
    return value
