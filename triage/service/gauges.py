"""The store in figures, as gauges: what all processes together have done and have to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tickets.store import Statistics, Store
from triage.service.measures import Gauge


def gauges(store: Store, now: datetime) -> list[Gauge]:
    """Return what is read from the store at each scrape; `StoreUnavailable` when it is silent."""
    return list(_gauges(store.statistics(now), now))


def _gauges(figures: Statistics, now: datetime) -> Iterator[Gauge]:
    yield (
        "triage_queue_tickets",
        "Tickets, by what is left to do with their newest suggestion.",
        ["state"],
        {(str(state),): count for state, count in figures.queue.items()},
    )
    yield (
        "triage_overdue_tickets",
        "Pending tickets whose response deadline has passed without a reply.",
        [],
        {(): figures.overdue},
    )
    yield (
        "triage_decisions",
        "Entries in the log of decisions.",
        ["kind"],
        {(str(kind),): count for kind, count in figures.decisions.items()},
    )
    yield (
        "triage_overrides",
        "Decisions for another priority than the suggested one.",
        ["suggested", "decided"],
        {(str(a), str(b)): count for (a, b), count in figures.overrides.items()},
    )
    yield (
        "triage_inbox_deliveries",
        "Deliveries, by state.",
        ["state"],
        {(str(state),): count for state, count in figures.inbox.items()},
    )
    yield (
        "triage_outbox_messages",
        "Messages to desks and listeners, by state.",
        ["state"],
        {(str(state),): count for state, count in figures.outbox.items()},
    )
    oldest = {"inbox": figures.oldest_delivery_at, "outbox": figures.oldest_message_at}
    yield (
        "triage_oldest_seconds",
        "How long that which waits longest has waited.",
        ["queue"],
        {(name,): (now - at).total_seconds() if at else 0.0 for name, at in oldest.items()},
    )
