"""What a process keeps in memory for the overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sla import Policy
from sla.clock import Standing
from tickets import Ticket
from tickets.store import ClockEvent, DeadlineCounts, DueTicket, ReplyCounts, Statistics, Store
from triage.desk import Desk
from triage.review.countdown import Countdown, countdown
from triage.review.drift_weeks import Drift, drift_of
from triage.review.judged import WINDOW, JudgedLog
from triage.review.kept import Kept
from triage.review.overview_figures import OverviewFigures, overview_figures

MOST_LOOKED_AT = 300
"""Tickets that are due next: whether they are at risk is worked out for each at each look."""
MOST_LISTED = 12
REPLIES_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Pressing:
    """A ticket that is due soon."""

    ticket: DueTicket
    countdown: Countdown


@dataclass(frozen=True)
class DeadlineStates:
    """How tickets stand against their response deadlines."""

    counts: DeadlineCounts
    replies: ReplyCounts
    at_risk: int
    is_all_looked_at: bool
    """Whether no more are at risk than those counted."""
    next: tuple[Pressing, ...]
    """What is due next."""

    @property
    def on_track(self) -> int:
        """Pending tickets with time left, those at risk aside."""
        return self.counts.pending_ahead - self.at_risk


@dataclass(frozen=True)
class Overview:
    """Figures of one store, as far as they are kept."""

    store: Store
    log: JudgedLog
    _figures: Kept[OverviewFigures] = field(default_factory=Kept, repr=False)
    _replies: Kept[ReplyCounts] = field(default_factory=Kept, repr=False)
    _drift: Kept[Drift] = field(default_factory=Kept, repr=False)

    @classmethod
    def of(cls, store: Store) -> Overview:
        """Keep nothing yet."""
        return cls(store, JudgedLog(store))

    def figures(self, desk: Desk, now: datetime) -> OverviewFigures:
        """Return what people made of suggestions lately."""
        engine = desk.rooms.engine
        return self._figures.get(lambda: overview_figures(self.log.read(now), engine))

    def drift(self, desk: Desk, home: Path | None, now: datetime) -> Drift:
        """Return how the tickets of the last weeks compare with the training window."""
        return self._drift.get(lambda: drift_of(self.log.read(now), desk, home))

    def deadlines(self, policy: Policy, now: datetime) -> DeadlineStates:
        """Return how tickets stand against their response deadlines."""
        ahead = self.store.deadlines.next(now, MOST_LOOKED_AT)
        happened = self.store.clock_events.of_tickets([one.ticket_key for one in ahead])
        pressing = [
            found
            for one in ahead
            if (found := _pressing(one, happened.get(one.ticket_key, ()), policy, now))
        ]
        at_risk = [one for one in pressing if one.countdown.standing == Standing.AT_RISK]
        return DeadlineStates(
            counts=self.store.deadlines.counts(now, now - WINDOW),
            replies=self._replies.get(lambda: self.store.deadlines.replies(now - REPLIES_WITHIN)),
            at_risk=len(at_risk),
            is_all_looked_at=len(ahead) < MOST_LOOKED_AT,
            next=tuple(pressing[:MOST_LISTED]),
        )

    def statistics(self, now: datetime) -> Statistics:
        """Return what is counted since the beginning."""
        return self.store.statistics(now)


def _pressing(
    one: DueTicket, happened: Sequence[ClockEvent], policy: Policy, now: datetime
) -> Pressing | None:
    ticket = Ticket(id=one.ticket_key, tier=one.tier, received_at=one.received_at)
    found = countdown(ticket, one.priority, happened, policy, now)
    return Pressing(one, found) if found else None
