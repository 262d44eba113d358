"""Rows of the queue: tickets as a list shows them, with deadlines and whoever looks at them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sla import Policy
from tickets import PRIORITIES, Priority, Ticket
from tickets.store import Claim, ClockEvent, QueueItem, QueuePage, QueueState, Store
from triage.blindness import is_hidden
from triage.review.countdown import Countdown, countdown
from triage.review.seen import Seen
from triage.review.view import View, queue_page


@dataclass(frozen=True)
class Row:
    """A ticket in the queue."""

    item: QueueItem
    is_hidden: bool
    """Whether its suggestion is kept from the agents."""
    priority: Priority | None
    """Decided, or else suggested; None while hidden."""
    countdown: Countdown | None
    """To the deadline of that priority; while hidden, to the first that may hold."""
    claim: Claim | None

    @property
    def seen(self) -> Seen:
        """What the list shows of it."""
        return Seen(self.item.suggestion.id, self.item.version)

    @property
    def may_be_accepted(self) -> bool:
        """Whether there is a suggestion to accept."""
        return self.item.state is QueueState.PENDING and not self.is_hidden


@dataclass(frozen=True)
class Rows:
    """A page of the queue."""

    rows: tuple[Row, ...]
    next_cursor: str | None
    counts: Mapping[QueueState, int]

    @property
    def digest(self) -> str:
        """What changes with the tickets shown, their order and their versions."""
        shown = " ".join(f"{row.item.ticket_key}:{row.item.version}" for row in self.rows)
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


def read_rows(store: Store, view: View, policy: Policy, now: datetime) -> Rows:
    """Return the page of the queue that a view asks for."""
    page: QueuePage = queue_page(store, view)
    keys = [item.ticket_key for item in page.items]
    claims = store.claims.of(keys, now)
    happened = store.clock_events.of_tickets(keys)
    rows = [
        _row(item, claims.get(item.ticket_key), happened.get(item.ticket_key, ()), policy, now)
        for item in page.items
    ]
    return Rows(tuple(rows), page.next_cursor, page.counts)


def _row(
    item: QueueItem,
    claim: Claim | None,
    happened: Sequence[ClockEvent],
    policy: Policy,
    now: datetime,
) -> Row:
    hidden = is_hidden(item.suggestion, item.standing)
    priority = None if hidden else _settled(item)
    ticket = Ticket(id=item.ticket_key, tier=item.tier, received_at=item.received_at)
    first = PRIORITIES[0] if priority is None else priority
    return Row(item, hidden, priority, countdown(ticket, first, happened, policy, now), claim)


def _settled(item: QueueItem) -> Priority:
    standing = item.standing
    if standing is None or standing.priority is None:
        return item.suggestion.priority
    return standing.priority
