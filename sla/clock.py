"""The response clock of a ticket through its life: a log of events, replayed whenever it is read.

Nothing is counted along the way, so nothing can drift: the state at any instant follows from the
events up to it, from receipt on, under the tier, priority and policy then in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from math import ceil

from sla.deadlines import ResponseClock
from sla.events import Event, EventKind
from sla.explanation import Stretch, stretches
from sla.instants import OutsideHorizon, from_micros, to_micros
from sla.policy import Policy
from tickets import Priority
from tickets.faults import did_you_mean


class Run(StrEnum):
    """Whether the clock goes."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Standing(StrEnum):
    """How the response stands against its deadline."""

    NO_TARGET = "no_target"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    MET = "met"


@dataclass(frozen=True)
class Progress:
    """How much of a target is used, in the time that its own clock counts."""

    target: str
    due_at: datetime
    """While paused: the deadline if the customer answered just now."""
    at_risk_at: datetime
    """From then on the response is at risk."""
    elapsed: timedelta
    remaining: timedelta
    """Negative once more has passed than the target allows."""
    share_used: float
    stretches: tuple[Stretch, ...]
    """The times that the clock has counted."""


@dataclass(frozen=True)
class ClockState:
    """A ticket's response clock, read at one instant."""

    at: datetime
    run: Run
    standing: Standing
    tier: str | None
    priority: Priority | None
    policy: str | None
    """The version of the policy in force."""
    received_at: datetime | None
    responded_at: datetime | None
    breached_at: datetime | None
    """When a deadline in force first passed without a response: a ticket breaches once."""
    progress: Progress | None
    """None where there is no target."""


@dataclass(frozen=True)
class Policies:
    """The policies at hand: the current one, and former ones to which tickets are still pinned."""

    current: Policy
    former: tuple[Policy, ...] = ()

    def pinned(self, version: str | None) -> Policy:
        """Return the policy of a version, the current one for None; `ValueError` if not at hand."""
        known = {policy.version: policy for policy in (self.current, *self.former)}
        if version is None:
            return self.current
        if version not in known:
            raise ValueError(f'policy "{version}" is not at hand ({did_you_mean(version, known)})')
        return known[version]


def state_at(events: Iterable[Event], instant: datetime, policies: Policies) -> ClockState:
    """Return the state of a ticket's clock at an instant; later events do not count yet.

    `ValueError` for a policy that is not at hand, `OutsideHorizon` where a deadline cannot be
    known.
    """
    now = to_micros(instant)
    life = _Life(policies)
    for event in sorted(events, key=lambda event: event.at):
        at = to_micros(event.at)
        if at > now:
            break
        life = life.watched_until(at).after(event, at)
    return life.watched_until(now).state(now)


@dataclass(frozen=True)
class _Life:
    """What the events of a ticket amount to, up to one of them; instants in microseconds UTC."""

    policies: Policies
    tier: str | None = None
    priority: Priority | None = None
    policy: str | None = None
    received: int | None = None
    waits: tuple[tuple[int, int], ...] = ()
    """Times of waiting on the customer that are over."""
    waiting_since: int | None = None
    responded: int | None = None
    breached: int | None = None
    seen: int = 0
    """The instant up to which breaches have been watched for."""

    def after(self, event: Event, at: int) -> _Life:
        """Return what an event makes of it. A response that counts has stopped the clock."""
        if self.responded is not None:
            return self
        match event.kind:
            case EventKind.RECEIVED if self.received is None:
                return replace(self._changed(event), received=at)
            case EventKind.WAITING if self.waiting_since is None:
                return replace(self, waiting_since=at)
            case EventKind.RESUMED if self.waiting_since is not None:
                over = (self.waiting_since, at)
                return replace(self, waits=(*self.waits, over), waiting_since=None)
            case EventKind.RESPONDED if event.is_first_response and self.received is not None:
                return replace(self, responded=at)
            case EventKind.PRIORITY_CHANGED | EventKind.TIER_CHANGED | EventKind.POLICY_CHANGED:
                return self._changed(event)
            case _:
                return self

    def watched_until(self, at: int) -> _Life:
        """Return the same, with the breach noted that has happened by an instant, if one has."""
        course = self._course(at)
        watched = replace(self, seen=at)
        if course is None or self.breached is not None or self.responded is not None:
            return watched
        due = course.due
        # A priority raised late is breached when it is raised, not in the time before.
        return replace(watched, breached=max(due, self.seen)) if due < at else watched

    def state(self, now: int) -> ClockState:
        """Return the state of the clock for the reader."""
        policy = self.policies.pinned(self.policy)
        until = now if self.responded is None else self.responded
        course = self._course(until)

        def at(instant: int | None) -> datetime | None:
            return None if instant is None else from_micros(instant, policy.zone)

        return ClockState(
            at=from_micros(now, policy.zone),
            run=self._run(course),
            standing=self._standing(course, policy, until),
            tier=self.tier,
            priority=self.priority,
            policy=policy.version,
            received_at=at(self.received),
            responded_at=at(self.responded),
            breached_at=at(self.breached),
            progress=None if course is None else course.progress(policy),
        )

    def _changed(self, event: Event) -> _Life:
        return replace(
            self,
            tier=event.tier or self.tier,
            priority=self.priority if event.priority is None else event.priority,
            policy=event.policy or self.policy,
        )

    def _course(self, until: int) -> _Course | None:
        """Return the course of the target in force, if there is one."""
        if self.received is None or self.tier is None or self.priority is None:
            return None
        policy = self.policies.pinned(self.policy)
        first, end = policy.horizon
        if not first <= self.received < end:
            received_at = from_micros(self.received, policy.zone).isoformat()
            raise OutsideHorizon(f"{received_at} {policy.not_covered}")
        clock = policy.clock(self.tier, self.priority)
        pauses = list(self.waits)
        if self.waiting_since is not None:
            pauses.append((self.waiting_since, until))
        return _Course(clock, self.received, until, tuple(pauses) if clock.target.pauses else ())

    def _run(self, course: _Course | None) -> Run:
        if self.received is None:
            return Run.NOT_STARTED
        if self.responded is not None:
            return Run.STOPPED
        is_waiting = self.waiting_since is not None
        may_pause = course is not None and course.clock.target.pauses
        return Run.PAUSED if is_waiting and may_pause else Run.RUNNING

    def _standing(self, course: _Course | None, policy: Policy, until: int) -> Standing:
        if course is None:
            return Standing.NO_TARGET
        if until > course.due:
            return Standing.BREACHED
        if self.responded is not None:
            return Standing.MET
        at_risk = until >= course.at_risk(policy.at_risk_share)
        return Standing.AT_RISK if at_risk else Standing.ON_TRACK


@dataclass(frozen=True)
class _Course:
    """A target from receipt up to an instant, without the pauses in between."""

    clock: ResponseClock
    received: int
    until: int
    pauses: tuple[tuple[int, int], ...]

    @property
    def allowance(self) -> int:
        """The time that the clock counts from receipt to a deadline without pauses."""
        return self.clock.elapsed(self.received, self.clock.due(self.received))

    @property
    def due(self) -> int:
        """The deadline; while paused, as if the clock went on at once."""
        without_pauses = self.clock.due(self.received)
        if not self.pauses:
            return without_pauses
        return max(without_pauses, self._reached(self.allowance))

    def at_risk(self, share: float) -> int:
        """Return the instant by which a share of the target is used."""
        return min(self.due, self._reached(max(1, ceil(self.allowance * share))))

    def progress(self, policy: Policy) -> Progress:
        """Return the course for the reader, in the policy's zone."""
        used = sum(self.clock.elapsed(begin, end) for begin, end in self._runs())
        allowance = self.allowance
        windows = chain.from_iterable(self.clock.windows(*run) for run in self._runs())
        return Progress(
            target=self.clock.target.words,
            due_at=from_micros(self.due, policy.zone),
            at_risk_at=from_micros(self.at_risk(policy.at_risk_share), policy.zone),
            elapsed=timedelta(microseconds=used),
            remaining=timedelta(microseconds=allowance - used),
            share_used=used / allowance if allowance else float(self.until >= self.due),
            stretches=tuple(stretches(windows, policy.zone)),
        )

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Yield the times between pauses, the last of them up to now."""
        begin = self.received
        for paused, resumed in self.pauses:
            if paused > begin:
                yield begin, paused
            begin = max(begin, resumed)
        yield begin, max(begin, self.until)

    def _reached(self, amount: int) -> int:
        """Return the earliest instant by which the clock has counted, or will count, an amount."""
        counted = 0
        *over, (begin, _) = self._runs()
        for begin_over, end_over in over:
            part = self.clock.elapsed(begin_over, end_over)
            if counted + part >= amount:
                return self.clock.add(begin_over, amount - counted)
            counted += part
        return self.clock.add(begin, amount - counted)
