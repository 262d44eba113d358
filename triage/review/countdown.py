"""A deadline as an agent reads it: how long is left, by which clock, and what holds that clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sla import OutsideHorizon, Policy
from sla.clock import Run, Standing
from sla.deadlines import ClockKind
from sla.instants import from_micros, to_micros
from tickets import Priority, Ticket
from tickets.store import ClockEvent
from triage.ticket_clock import clock_at

CLOCKS = {
    ClockKind.CALENDAR: "calendar time",
    ClockKind.BUSINESS: "business hours",
    ClockKind.BUSINESS_DAYS: "business days",
}
STANDINGS = {
    Standing.ON_TRACK: "left",
    Standing.AT_RISK: "left, at risk",
    Standing.BREACHED: "overdue",
}


@dataclass(frozen=True)
class Countdown:
    """A deadline at one instant; pages count on from there."""

    priority: Priority
    due_at: datetime
    at_risk_at: datetime
    at: datetime
    standing: str
    """`on_track`, `at_risk`, `breached` or `met`."""
    target: str
    """In the words of the policy, such as `1 business hour`."""
    clock: str
    opens_at: datetime | None
    """Of a business clock outside its hours: when it goes on."""
    run: Run

    @property
    def runs(self) -> bool:
        """Whether the time left becomes less."""
        return self.run is Run.RUNNING

    @property
    def is_paused(self) -> bool:
        """Whether it waits on the customer."""
        return self.run is Run.PAUSED

    @property
    def words(self) -> str:
        """The standing in words; where the time runs, they follow `time`."""
        if self.run is Run.STOPPED:
            return "answered late" if self.standing == Standing.BREACHED else "answered in time"
        return STANDINGS[Standing(self.standing)]

    @property
    def time(self) -> str:
        """The time that is left, or by which it is late."""
        return spell(abs(self.due_at - self.at))


def countdown(
    ticket: Ticket,
    priority: Priority,
    happened: Sequence[ClockEvent],
    policy: Policy,
    now: datetime,
) -> Countdown | None:
    """Return how a ticket stands against the deadline of a priority; None where there is none."""
    state = clock_at(now, ticket, priority, happened, policy)
    if state is None or state.progress is None:
        return None
    assert ticket.tier is not None  # else it had no progress
    clock = policy.clock(ticket.tier, priority)
    is_business = state.run is Run.RUNNING and clock.target.clock is ClockKind.BUSINESS
    return Countdown(
        priority=priority,
        due_at=state.progress.due_at,
        at_risk_at=state.progress.at_risk_at,
        at=now,
        standing=state.standing,
        target=clock.target.words,
        clock=CLOCKS[clock.target.clock],
        opens_at=_opening(policy, ticket.tier, now) if is_business else None,
        run=state.run,
    )


def _opening(policy: Policy, tier: str, now: datetime) -> datetime | None:
    """Return when a tier's hours begin again; None while they run."""
    hours, at = policy.hours(tier), to_micros(now)
    try:
        if hours.is_open(at):
            return None
        return from_micros(hours.add(at, 1) - 1, policy.zone)
    except (OutsideHorizon, IndexError):
        return None


def spell(span: timedelta) -> str:
    """Return a duration in its two largest units: `2 d 3 h`, `3 h 12 min`, `12 min`."""
    minutes = int(span.total_seconds()) // 60
    days, hours, minutes = minutes // 1_440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else "under 1 min"
