"""Business time: which instants are open, and a clock that runs only while they are.

A calendar is turned once into a list of open windows in UTC. An instant is open when the local wall
clock shows an opening hour, so days of 23 and 25 hours need no special case: the windows are cut
where the zone's UTC offset changes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from sla.instants import DAY_SECONDS, SECOND, OutsideHorizon

Shift = tuple[int, int]
"""Opening and closing, in seconds of the wall clock after local midnight."""

WHOLE_DAY: Shift = (0, DAY_SECONDS)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Timetable:
    """When a desk is open by the wall clock of one zone, from the first day to the last."""

    zone: tzinfo
    weekly: tuple[tuple[Shift, ...], ...]
    """The shifts of Monday to Sunday, each day's in order."""
    first_day: date
    last_day: date
    holidays: Mapping[date, str] = field(default_factory=dict)
    """Closed dates and their names."""
    partial: Mapping[date, tuple[Shift, ...]] = field(default_factory=dict)
    """Days with hours of their own; they win over the week and the holidays."""

    def shifts_on(self, day: date) -> tuple[Shift, ...]:
        """Return the shifts of a local date."""
        if day in self.partial:
            return self.partial[day]
        return () if day in self.holidays else self.weekly[day.weekday()]

    @property
    def beyond(self) -> str:
        """What to say of a deadline that cannot be known."""
        return (
            f"the deadline falls after {self.last_day}, the last day whose holidays the policy "
            "knows (widen holidays.years in the policy)"
        )


class Windows(NamedTuple):
    """Open windows in order, in microseconds.

    The first is empty and marks where the calendar begins, so that every instant has a window at
    or before it.
    """

    opens: list[int]
    closes: list[int]
    closed_before: list[int]
    """An instant in a window, less this, is the open time up to it."""
    open_until: list[int]
    """The open time up to the end of a window."""


@dataclass(frozen=True)
class BusinessHours:
    """A clock that runs only while a timetable is open; instants in microseconds UTC."""

    timetable: Timetable
    horizon: tuple[int, int] = field(init=False, repr=False, compare=False)
    """The first instant of the first day, and the first one after the last day."""
    windows: Windows = field(init=False, repr=False, compare=False)
    """The open windows, those that touch joined into one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "horizon", _horizon(self.timetable))
        object.__setattr__(self, "windows", _windows(self.timetable, self.horizon[0]))

    def is_open(self, instant: int) -> bool:
        """Tell whether the desk is open; at closing time it no longer is."""
        windows = self.windows
        return instant < windows.closes[bisect_right(windows.opens, instant) - 1]

    def open_time_at(self, instant: int) -> int:
        """Return the open time between the beginning of the calendar and an instant."""
        windows = self.windows
        at = bisect_right(windows.opens, instant) - 1
        return min(instant, windows.closes[at]) - windows.closed_before[at]

    def add(self, instant: int, open_time: int) -> int:
        """Return the earliest instant by which so much open time has passed since `instant`.

        That is a closing time rather than the next opening. `OutsideHorizon` when the calendar
        ends before.
        """
        opens, closes, closed_before, open_until = self.windows
        at = bisect_right(opens, instant) - 1
        if instant > closes[at]:
            instant = closes[at]
        total = instant - closed_before[at] + open_time
        try:
            while total > open_until[at]:  # targets are short: a step or two is the rule
                at += 1
        except IndexError:
            raise OutsideHorizon(self.timetable.beyond) from None
        return total + closed_before[at]

    def latest_start(self, open_time: int) -> int:
        """Return the latest instant from which so much open time still follows."""
        _, _, closed_before, open_until = self.windows
        left = open_until[-1] - open_time
        return left + closed_before[bisect_right(open_until, left)]

    def elapsed(self, begin: int, end: int) -> int:
        """Return the open time between two instants; negative when `end` comes first."""
        return self.open_time_at(end) - self.open_time_at(begin)

    def windows_between(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of open windows that lie between two instants, none of them empty."""
        windows = self.windows
        for at in range(bisect_right(windows.closes, begin), bisect_left(windows.opens, end)):
            yield max(begin, windows.opens[at]), min(end, windows.closes[at])


@dataclass(frozen=True)
class BusinessDays:
    """The days on which the office works, each with its own closing time."""

    timetable: Timetable
    weekdays: frozenset[int]
    """Monday is 0."""

    begins: list[int] = field(init=False, repr=False, compare=False)
    """The instants at which the business days begin, which is local midnight, in order."""
    closes: list[int] = field(init=False, repr=False, compare=False)
    """The instants at which the business days close, in the same order."""

    def __post_init__(self) -> None:
        begins: dict[int, int] = {}
        for day, begin, _ in _local_spans(self.timetable, _whole_day):
            begins.setdefault(day, begin)  # a day cut by a clock change comes in two parts
        closes = {day: end for day, _, end in _local_spans(self.timetable, self._shifts_on)}
        object.__setattr__(self, "begins", [begins[day] * SECOND for day in closes])
        object.__setattr__(self, "closes", [end * SECOND for end in closes.values()])

    def close_of(self, instant: int, count: int) -> int:
        """Return closing time of the `count`-th business day after the local date of `instant`."""
        at = bisect_right(self.begins, instant) + count - 1
        if at >= len(self.closes):
            raise OutsideHorizon(self.timetable.beyond)
        return self.closes[at]

    def _shifts_on(self, day: date) -> tuple[Shift, ...]:
        return self.timetable.shifts_on(day) if day.weekday() in self.weekdays else ()


def _horizon(table: Timetable) -> tuple[int, int]:
    edges = [replace(table, last_day=table.first_day), replace(table, first_day=table.last_day)]
    first, last = (list(_local_spans(edge, _whole_day)) for edge in edges)
    return first[0][1] * SECOND, last[-1][2] * SECOND


def _windows(table: Timetable, first: int) -> Windows:
    opens, closes = [first], [first]
    for _, begin, end in _local_spans(table, table.shifts_on):
        if begin * SECOND == closes[-1]:
            closes[-1] = end * SECOND
        else:
            opens.append(begin * SECOND)
            closes.append(end * SECOND)
    open_until = list(accumulate(end - begin for begin, end in zip(opens, closes, strict=True)))
    closed_before = [end - total for end, total in zip(closes, open_until, strict=True)]
    return Windows(opens, closes, closed_before, open_until)


def _whole_day(_: date) -> tuple[Shift, ...]:
    return (WHOLE_DAY,)


def _local_spans(
    table: Timetable, shifts_on: Callable[[date], tuple[Shift, ...]]
) -> Iterator[tuple[int, int, int]]:
    """Yield (day, begin, end) of every shift: days since 1970, instants in seconds UTC, in order.

    A shift over a clock change comes in two parts; the hour that is skipped is in neither, the
    hour that is repeated is in both.
    """
    first = table.first_day.toordinal() - _EPOCH_ORDINAL
    last = table.last_day.toordinal() - _EPOCH_ORDINAL
    for begin, end, offset in _offset_periods(table.zone, first - 2, last + 3):
        local_begin, local_end = begin + offset, end + offset
        days = range(
            max(first, local_begin // DAY_SECONDS), min(last, local_end // DAY_SECONDS) + 1
        )
        for day in days:
            midnight = day * DAY_SECONDS
            for opens, closes in shifts_on(date.fromordinal(day + _EPOCH_ORDINAL)):
                left, right = max(midnight + opens, local_begin), min(midnight + closes, local_end)
                if left < right:
                    yield day, left - offset, right - offset


@lru_cache(maxsize=8)  # the calendars of a policy share their zone
def _offset_periods(zone: tzinfo, first: int, last: int) -> tuple[tuple[int, int, int], ...]:
    """Return (begin, end, UTC offset) of the periods without clock change between two UTC days."""
    midnights = [day * DAY_SECONDS for day in range(first, last + 1)]
    offsets = [_offset(zone, midnight) for midnight in midnights]
    changes = [
        _change_between(zone, midnights[at], midnights[at + 1])
        for at, (early, late) in enumerate(pairwise(offsets))
        if early != late
    ]
    bounds = [midnights[0], *changes, midnights[-1]]
    return tuple((begin, end, _offset(zone, begin)) for begin, end in pairwise(bounds))


def _change_between(zone: tzinfo, early: int, late: int) -> int:
    """Return the second from which the later offset holds."""
    return (
        early
        + 1
        + bisect_left(
            range(early + 1, late), True, key=lambda at: _offset(zone, at) == _offset(zone, late)
        )
    )


def _offset(zone: tzinfo, seconds: int) -> int:
    offset = (datetime.fromtimestamp(seconds, UTC)).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())
