"""The response clock of a stored ticket: what happened at its desk, as the clock understands it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sla import OutsideHorizon, Policy
from sla.clock import ClockState, Policies, state_at
from sla.events import Event, EventKind
from tickets import Priority
from tickets.store import ClockEvent
from tickets.store import EventKind as Happened
from tickets.ticket import Ticket

_KINDS = {
    Happened.REPLIED: EventKind.RESPONDED,
    Happened.SOLVED: EventKind.RESPONDED,  # nobody waits for a first response any more
    Happened.WAITING: EventKind.WAITING,
    Happened.RESUMED: EventKind.RESUMED,
}


def clock_at(
    instant: datetime,
    ticket: Ticket,
    priority: Priority,
    happened: Sequence[ClockEvent],
    policy: Policy,
) -> ClockState | None:
    """Return the state of a ticket's clock under a priority; None where there is no deadline.

    The priority counts from receipt on, as its deadline does.
    """
    if ticket.tier is None or ticket.received_at is None:
        return None
    received = Event(ticket.received_at, EventKind.RECEIVED, ticket.tier, priority)
    try:
        return state_at([received, *_events(happened)], instant, Policies(policy))
    except OutsideHorizon:
        return None


def _events(happened: Sequence[ClockEvent]) -> Iterator[Event]:
    for event in happened:
        if kind := _KINDS.get(event.kind):
            yield Event(event.at, kind)
