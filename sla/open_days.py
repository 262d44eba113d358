"""The open hours of a tier, day by day, as people plan by them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sla.instants import from_micros, to_micros
from sla.policy import Policy


@dataclass(frozen=True)
class OpenDay:
    """One local date: when the tier is open, and what is special about it."""

    day: date
    open: tuple[tuple[datetime, datetime], ...]
    open_for: timedelta
    note: str


def open_days(policy: Policy, tier: str, first: date, last: date) -> Iterator[OpenDay]:
    """Yield the local dates from `first` to `last`, both included, with their open hours.

    `OutsideHorizon` for dates that the policy does not cover.
    """
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield _open_day(policy, tier, date.fromordinal(ordinal))


def _open_day(policy: Policy, tier: str, day: date) -> OpenDay:
    hours = policy.hours(tier)
    begins = _midnight(policy, day)
    begin = policy.receipt(begins)
    ends = _midnight(policy, day + timedelta(days=1))
    windows = list(hours.windows_between(begin, to_micros(ends)))
    return OpenDay(
        day=day,
        open=tuple((from_micros(a, policy.zone), from_micros(b, policy.zone)) for a, b in windows),
        open_for=timedelta(microseconds=sum(end - begin for begin, end in windows)),
        note="; ".join(_notes(policy, tier, begins, ends)),
    )


def _midnight(policy: Policy, day: date) -> datetime:
    return datetime.combine(day, time(), policy.zone)


def _notes(policy: Policy, tier: str, begins: datetime, ends: datetime) -> Iterator[str]:
    timetable, day = policy.hours(tier).timetable, begins.date()
    if day in timetable.partial:
        yield "hours of its own"
    elif day in timetable.holidays:
        yield timetable.holidays[day]
    change = (ends.utcoffset() or timedelta()) - (begins.utcoffset() or timedelta())
    if change:
        yield f"clocks go {'forward' if change > timedelta() else 'back'} by {abs(change)}"
