"""Why a deadline falls when it does: the windows that its clock consumed, the days it skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sla.business_hours import Timetable
from sla.deadlines import BusinessDayClock, CalendarClock, ResponseClock
from sla.instants import from_micros
from sla.policy import Policy, Row
from tickets import Priority

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True)
class Stretch:
    """A time in which a clock ran."""

    begins_at: datetime
    ends_at: datetime
    counted: timedelta
    total: timedelta
    """What the clock has counted by the end of this stretch."""


@dataclass(frozen=True)
class SkippedDay:
    """A date on which the clock did not run, or that is no business day."""

    day: date
    because: str


@dataclass(frozen=True)
class Explanation:
    """A deadline, the clause behind it, and the way from receipt to it."""

    received_at: datetime
    due_at: datetime
    target: str
    clock: str
    row: Row
    readings: tuple[str, ...]
    """How we understand the clause and the clock it speaks of."""
    stretches: tuple[Stretch, ...]
    skipped: tuple[SkippedDay, ...]


def explain(
    policy: Policy, *, tier: str, priority: Priority | str, received_at: datetime
) -> Explanation:
    """Return how a deadline comes about; raises as `Policy.respond_by` does."""
    clock = policy.clock(tier, priority)
    received = policy.receipt(received_at)
    due = clock.due(received)
    row = policy.benefits.row(str(Priority.parse(str(priority))))
    begins, ends = (from_micros(at, policy.zone) for at in (received, due))
    return Explanation(
        received_at=begins,
        due_at=ends,
        target=clock.target.words,
        clock=str(clock.target.clock),
        row=row,
        readings=tuple(_readings(policy, tier, clock, row)),
        stretches=tuple(stretches(clock.windows(received, due), policy.zone)),
        skipped=tuple(_skipped(clock, begins.date(), ends.date())),
    )


def stretches(windows: Iterable[tuple[int, int]], zone: tzinfo) -> Iterator[Stretch]:
    """Yield windows in microseconds UTC as stretches in a time zone, with their running total."""
    total = 0
    for begin, end in windows:
        total += end - begin
        yield Stretch(
            begins_at=from_micros(begin, zone),
            ends_at=from_micros(end, zone),
            counted=timedelta(microseconds=end - begin),
            total=timedelta(microseconds=total),
        )


def _readings(policy: Policy, tier: str, clock: ResponseClock, row: Row) -> Iterator[str]:
    if row.reading:
        yield row.reading
    if isinstance(clock, CalendarClock):
        return
    is_in_days = isinstance(clock, BusinessDayClock)
    name = "business_days" if is_in_days else policy.calendar_of_tier[tier]
    if name in policy.readings:
        yield policy.readings[name]


def _skipped(clock: ResponseClock, first: date, last: date) -> Iterator[SkippedDay]:
    if isinstance(clock, BusinessDayClock):
        yield from _days_without_work(clock.days.timetable, clock.days.weekdays, first, last)
    elif not isinstance(clock, CalendarClock):
        yield from _days_without_work(clock.hours.timetable, EVERY_DAY, first, last)


def _days_without_work(
    timetable: Timetable, weekdays: frozenset[int], first: date, last: date
) -> Iterator[SkippedDay]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day.weekday() not in weekdays or not timetable.shifts_on(day):
            yield SkippedDay(day, timetable.holidays.get(day, f"{day:%A}"))
