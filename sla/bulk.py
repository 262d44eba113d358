"""Response deadlines for arrays: the answers of the single form, some hundred times as fast.

Work goes in blocks that stay in the processor's cache. In a block of mixed tiers and priorities the
tickets are sorted by target first, so that each target is worked through in one stretch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sla.deadlines import BusinessDayClock, CalendarClock, ClockKind, ResponseClock
from sla.instants import OutsideHorizon, from_micros
from sla.open_time import MICROSECOND, ClosingTimes, Nanos, OpenTime, Scratch, open_time
from tickets import PRIORITIES, Priority
from tickets.faults import did_you_mean

if TYPE_CHECKING:
    from sla.policy import Policy

BLOCK = 65_536
"""Tickets worked through at once: half a megabyte an array."""

Codes = NDArray[np.integer[Any]]


class BulkClock(Protocol):
    """The response clock of one tier and priority, for arrays of receipt times."""

    @property
    def latest(self) -> int:
        """The latest receipt time whose deadline is known, in nanoseconds."""
        ...

    def due(self, received: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the deadline of each receipt time."""
        ...


@dataclass(frozen=True)
class BulkCalendarClock:
    """Adds the same time to all."""

    amount: int
    latest: int

    def due(self, received: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the deadline of each receipt time."""
        np.add(received, self.amount, out=out)


@dataclass(frozen=True)
class BulkBusinessClock:
    """Adds the same open time to all."""

    open_time: OpenTime
    amount: int
    latest: int

    def due(self, received: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the deadline of each receipt time."""
        self.open_time.at(received, out, scratch)
        np.add(out, self.amount, out=out)
        self.open_time.instants(out, out, scratch)


@dataclass(frozen=True)
class BulkBusinessDayClock:
    """Looks up the closing time of the last business day."""

    closing_times: ClosingTimes
    count: int
    latest: int

    def due(self, received: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the deadline of each receipt time."""
        self.closing_times.after(received, self.count, out, scratch)


class BulkDeadlines:
    """All response clocks of a policy, for arrays; instants in nanoseconds UTC."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._first, self._end = (edge * MICROSECOND for edge in policy.receipts)
        self._open_time = {name: open_time(hours) for name, hours in policy.calendars.items()}
        self._closing_times = ClosingTimes(policy.business_days, policy.horizon)
        self._clocks = [
            self._bulk_clock(tier, policy.clock(tier, priority))
            for tier in policy.tiers
            for priority in PRIORITIES
        ]

    def due(
        self, tier: str | Codes, priority: Priority | str | Codes, received_at_ns: Nanos
    ) -> Nanos:
        """Return the deadline of each ticket; see `Policy.respond_by_many`."""
        received = _nanoseconds("received_at_ns", received_at_ns)
        codes = self._codes(tier, priority, received.shape)
        if isinstance(codes, int):
            return _in_blocks(partial(self._due_alike, self._clocks[codes]), received)
        return _in_blocks(self._due_mixed, received, codes)

    def staffed_due(self, tier: str, priority: Priority | str, received_at_ns: Nanos) -> Nanos:
        """Return when the time of a calendar target has passed in the opening hours of the tier."""
        received = _nanoseconds("received_at_ns", received_at_ns)
        clock = self._business_clock(tier, self._policy.clock(tier, priority).target.amount)
        return _in_blocks(partial(self._due_alike, clock), received)

    def covers(self, tiers: Codes, received_at_ns: Nanos) -> NDArray[np.bool_]:
        """Tell of each ticket whether all deadlines of its tier are known, the staffed ones too."""
        received = _nanoseconds("received_at_ns", received_at_ns)
        latest = np.array([self._latest_of(tier) for tier in self._policy.tiers])
        return (received >= self._first) & (received <= latest[tiers])

    def elapsed(self, tier: str, begin_ns: Nanos, end_ns: Nanos) -> Nanos:
        """Return the open time of a tier between instants; negative where the end comes first.

        `OutsideHorizon` where an instant is not covered by the calendar.
        """
        begin, end = _nanoseconds("begin_ns", begin_ns), _nanoseconds("end_ns", end_ns)
        if begin.shape != end.shape:
            raise ValueError(f"{begin.size} begins do not pair with {end.size} ends")
        return _in_blocks(partial(self._elapsed, self._open_time_of(tier)), begin, end)

    def is_open(self, tier: str, instants_ns: Nanos) -> NDArray[np.bool_]:
        """Tell of each instant whether the tier is open: whether its clock runs just then."""
        instants = _nanoseconds("instants_ns", instants_ns)
        return np.equal(self.elapsed(tier, instants, instants + 1), 1)

    def _open_time_of(self, tier: str) -> OpenTime:
        return self._open_time[self._policy.calendar_of_tier[tier]]

    def _bulk_clock(self, tier: str, clock: ResponseClock) -> BulkClock:
        amount = clock.target.amount
        if isinstance(clock, BusinessDayClock):
            latest = clock.days.begins[-amount] * MICROSECOND - 1
            return BulkBusinessDayClock(self._closing_times, amount, self._within(latest))
        if isinstance(clock, CalendarClock):
            _, last = self._policy.horizon
            latest = (last - amount) * MICROSECOND
            return BulkCalendarClock(amount * MICROSECOND, self._within(latest))
        return self._business_clock(tier, amount)

    def _business_clock(self, tier: str, amount: int) -> BulkClock:
        latest = self._policy.hours(tier).latest_start(amount) * MICROSECOND
        return BulkBusinessClock(
            self._open_time_of(tier), amount * MICROSECOND, self._within(latest)
        )

    def _latest_of(self, tier: str) -> int:
        targets = self._policy.targets[tier].values()
        staffed = [each.amount for each in targets if each.clock is ClockKind.CALENDAR]
        first = list(self._policy.tiers).index(tier) * len(PRIORITIES)
        clocks = self._clocks[first : first + len(PRIORITIES)]
        clocks += [self._business_clock(tier, amount) for amount in staffed]
        return min(clock.latest for clock in clocks)

    def _within(self, latest: int) -> int:
        return min(latest, self._end - 1)

    def _due_alike(self, clock: BulkClock, received: Nanos, out: Nanos, scratch: Scratch) -> None:
        if received.min() < self._first or received.max() > clock.latest:
            raise self._refusal(received, clock.latest)
        clock.due(received, out, scratch)

    def _due_mixed(
        self, received: Nanos, codes: NDArray[np.uint8], out: Nanos, scratch: Scratch
    ) -> None:
        order = np.argsort(codes, kind="stable")  # of bytes: a radix sort
        ends = np.searchsorted(codes[order], range(len(self._clocks)), side="right")
        ordered, due = received[order], scratch.other
        begin = 0
        for clock, end in zip(self._clocks, ends.tolist(), strict=True):
            if begin < end:
                stretch = slice(begin, end)
                self._due_alike(clock, ordered[stretch], due[stretch], scratch.cut(end - begin))
            begin = end
        out[order] = due

    def _elapsed(
        self, clock: OpenTime, begin: Nanos, end: Nanos, out: Nanos, scratch: Scratch
    ) -> None:
        first, last = (edge * MICROSECOND for edge in self._policy.horizon)
        for instants in (begin, end):
            if instants.min() < first or instants.max() > last:
                raise self._refusal(instants, last)
        clock.at(begin, scratch.other, scratch)
        clock.at(end, out, scratch)
        np.subtract(out, scratch.other, out=out)

    def _refusal(self, instants: Nanos, latest: int) -> OutsideHorizon:
        wrong = int(instants[(instants < self._first) | (instants > latest)][0])
        at = from_micros(wrong // MICROSECOND, self._policy.zone).isoformat()
        if self._first <= wrong < self._end:
            return OutsideHorizon(f"{at}: {self._policy.beyond}")
        return OutsideHorizon(f"{at} {self._policy.not_covered}")

    def _codes(
        self, tier: str | Codes, priority: Priority | str | Codes, shape: tuple[int, ...]
    ) -> int | NDArray[np.uint8]:
        """Return the place in `_clocks` of the one target of all tickets, or of each one's."""
        tiers = _code("tier", tier, list(self._policy.tiers), shape)
        priorities = _code("priority", priority, list(Priority.__members__), shape)
        codes = tiers * len(PRIORITIES) + priorities
        return codes if isinstance(codes, int) else np.asarray(codes, np.uint8)


def _code(
    noun: str, given: str | Priority | Codes, known: list[str], shape: tuple[int, ...]
) -> int | NDArray[np.uint8]:
    if isinstance(given, str | Priority):
        name = str(given)
        if name not in known:
            raise ValueError(f'unknown {noun} "{name}" ({did_you_mean(name, known)})')
        return known.index(name)
    codes = np.asarray(given)
    listed = ", ".join(f"{code} is {name}" for code, name in enumerate(known))
    remedy = f"give one name for all, or an array of integer codes: {listed}"
    if codes.dtype.kind not in "iu":
        raise ValueError(f"{noun}: {codes.dtype} is no array of codes ({remedy})")
    if codes.shape != shape:
        raise ValueError(f"{noun}: {codes.size} codes for {prod(shape)} tickets ({remedy})")
    if codes.size and not 0 <= codes.min() <= codes.max() < len(known):
        wrong = codes[(codes < 0) | (codes >= len(known))].flat[0]
        raise ValueError(f"{noun}: unknown code {wrong} ({remedy})")
    return codes.astype(np.uint8)


def _nanoseconds(name: str, given: Nanos) -> Nanos:
    instants = np.asarray(given)
    if instants.dtype != np.int64:
        remedy = "give nanoseconds since 1970 in UTC as int64"
        raise ValueError(f"{name}: {instants.dtype} is no array of instants ({remedy})")
    return instants


def _in_blocks(work: Callable[..., None], *inputs: NDArray[Any]) -> Nanos:
    """Let `work` fill an array from inputs of the same shape, block by block."""
    result = np.empty(inputs[0].shape, np.int64)
    flat, out = [each.reshape(-1) for each in inputs], result.reshape(-1)
    scratch = Scratch.of(min(BLOCK, out.size))
    for begin in range(0, out.size, BLOCK):
        block = slice(begin, begin + BLOCK)
        target = out[block]
        work(*(each[block] for each in flat), target, scratch.cut(target.size))
    return result
