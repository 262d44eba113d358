"""Which ticket comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tickets.store import QueueItem, Store
from triage.review.view import View, queue_page

AHEAD = 30
"""Tickets of the queue's head that are looked at; as many agents may be at work."""


def next_ticket(store: Store, view: View, user: str, besides: str, now: datetime) -> str | None:
    """Return the first ticket of a view that nobody else looks at; None where none is left.

    From the head of the queue: what came in meanwhile may be the most pressing.
    """
    items = queue_page(store, view.but(), AHEAD).items
    keys = [item.ticket_key for item in items if item.ticket_key != besides]
    claims = store.claims.of(keys, now)
    free = (key for key in keys if key not in claims or claims[key].user == user)
    return next(free, None)


def neighbour(store: Store, view: View, key: str, step: int) -> tuple[str, View] | None:
    """Return the ticket before (-1) or after (1) one in a view, and the view of its page."""
    page = queue_page(store, view)
    place = _place(page.items, key)
    if place is None:
        return (page.items[0].ticket_key, view) if page.items else None
    if 0 <= place + step < len(page.items):
        return page.items[place + step].ticket_key, view
    if step > 0 and page.next_cursor is not None:
        further = replace(view, cursor=page.next_cursor)
        following = queue_page(store, further).items
        return (following[0].ticket_key, further) if following else None
    return None


def _place(items: tuple[QueueItem, ...], key: str) -> int | None:
    return next((at for at, item in enumerate(items) if item.ticket_key == key), None)
