"""Open time for arrays: the business clock read and turned back, nanoseconds in and out.

The openings of a calendar lie on a grid: hours for most, half or quarter hours for some zones. So
a table with one entry for each slot of that grid answers by look-up, where a search through the
openings would spend its time on mispredicted branches. A calendar whose grid is too fine for a
table is searched after all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sla.business_hours import BusinessDays, BusinessHours

Nanos = NDArray[np.int64]
"""Instants since 1970 in UTC, or durations."""

MICROSECOND = 1_000
MOST_SLOTS = 2_000_000
"""16 MB a table; 41 years in quarter hours take 1.4 million."""


class Scratch(NamedTuple):
    """Room for one block of intermediate results, so that none is allocated on the way."""

    slot: NDArray[np.int64]
    value: NDArray[np.int64]
    other: NDArray[np.int64]

    @classmethod
    def of(cls, size: int) -> Scratch:
        """Return room for so many instants."""
        return cls(*(np.empty(size, np.int64) for _ in cls._fields))

    def cut(self, size: int) -> Scratch:
        """Return the room for a shorter block."""
        return Scratch(*(room[:size] for room in self))


@dataclass(frozen=True)
class Grid:
    """Slots of equal length, counted from the beginning of a calendar."""

    first: int
    step: int
    size: int

    @classmethod
    def through(cls, edges: NDArray[np.int64], horizon: tuple[int, int]) -> Grid:
        """Return the coarsest grid that has all these instants, and the horizon, on its lines."""
        first, last = (edge * MICROSECOND for edge in horizon)
        step = gcd(last - first, int(np.gcd.reduce(edges - first)))
        return cls(first, step, (last - first) // step)

    def slots(self, instants: Nanos, out: NDArray[np.int64]) -> None:
        """Write the slot of each instant."""
        np.subtract(instants, self.first, out=out)
        np.floor_divide(out, self.step, out=out)

    def lines(self, instants: Nanos) -> NDArray[np.int64]:
        """Return the numbers of the grid lines that these instants are on."""
        return (instants - self.first) // self.step


class OpenTime(Protocol):
    """The business clock of a calendar, for arrays inside its horizon."""

    def at(self, instants: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the open time up to each instant."""
        ...

    def instants(self, open_time: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the earliest instant by which so much open time has passed; may be in place."""
        ...


def open_time(hours: BusinessHours) -> OpenTime:
    """Return the business clock of a calendar for arrays."""
    opens, closes, *_ = (_nanos(column) for column in hours.windows)
    grid = Grid.through(np.concatenate([opens, closes]), hours.horizon)
    return SlottedOpenTime(hours, grid) if grid.size <= MOST_SLOTS else SearchedOpenTime(hours)


@dataclass
class SlottedOpenTime:
    """The business clock as tables of the slots of a grid.

    In an open slot the clock is the instant less all closed time before; in a closed slot it
    stands at what it showed when the slot began. Either way it is the smaller of the two.
    """

    hours: BusinessHours
    grid: Grid
    _shift: Nanos = field(init=False, repr=False)
    """What to add to the instants of a slot, counted from the grid's beginning, if it is open."""
    _most: Nanos = field(init=False, repr=False)
    """The open time at the end of each slot."""
    _back: Nanos = field(init=False, repr=False)
    """What to add to an open time, by the number of whole open slots in it."""

    def __post_init__(self) -> None:
        step, size = self.grid.step, self.grid.size
        is_open = self._open_slots()
        open_before = np.concatenate([[0], np.cumsum(is_open)])
        self._shift = (open_before[:-1] - np.arange(size)) * step
        self._most = open_before[1:] * step
        open_slots = np.flatnonzero(is_open)
        self._back = (open_slots - np.arange(len(open_slots))) * step + self.grid.first

    def _open_slots(self) -> NDArray[np.int64]:
        opens, closes, *_ = (self.grid.lines(_nanos(column)) for column in self.hours.windows)
        changes = np.zeros(self.grid.size + 1, np.int64)
        np.add.at(changes, opens, 1)
        np.add.at(changes, closes, -1)
        return np.cumsum(changes[:-1])

    def at(self, instants: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the open time up to each instant."""
        slot, value, _ = scratch
        self.grid.slots(instants, slot)
        np.subtract(instants, self.grid.first, out=out)
        _take(self._shift, slot, value)
        np.add(out, value, out=out)
        _take(self._most, slot, value)
        np.minimum(out, value, out=out)

    def instants(self, open_time: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the earliest instant by which so much open time has passed; may be in place.

        A nanosecond less lies in the slot that ends there, not in the one that begins: so a full
        window leads to its closing time and not to the next opening.
        """
        slot, value, _ = scratch
        np.subtract(open_time, 1, out=slot)
        np.floor_divide(slot, self.grid.step, out=slot)
        _take(self._back, slot, value)
        np.add(open_time, value, out=out)


class SearchedOpenTime:
    """The business clock by binary search, for calendars with odd openings."""

    def __init__(self, hours: BusinessHours) -> None:
        columns = (_nanos(column) for column in hours.windows)
        self._opens, self._closes, self._closed_before, self._open_until = columns

    def at(self, instants: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the open time up to each instant."""
        window = np.searchsorted(self._opens, instants, side="right") - 1
        np.minimum(instants, self._closes[window], out=out)
        np.subtract(out, self._closed_before[window], out=out)

    def instants(self, open_time: Nanos, out: Nanos, scratch: Scratch) -> None:
        """Write the earliest instant by which so much open time has passed; may be in place."""
        window = np.searchsorted(self._open_until, open_time, side="left")
        np.add(open_time, self._closed_before[window], out=out)


class ClosingTimes:
    """Closing times of business days, found by the slot of an instant or by search."""

    def __init__(self, days: BusinessDays, horizon: tuple[int, int]) -> None:
        self._begins, self._closes = _nanos(days.begins), _nanos(days.closes)
        self._grid = Grid.through(self._begins, horizon)
        self._begun: NDArray[np.int32] | None = None
        if self._grid.size <= MOST_SLOTS:
            begun = np.zeros(self._grid.size, np.int32)
            begun[self._grid.lines(self._begins)] = 1
            self._begun = np.cumsum(begun, dtype=np.int32)

    def after(self, instants: Nanos, count: int, out: Nanos, scratch: Scratch) -> None:
        """Write closing time of the `count`-th business day after the local date of each."""
        slot, day, _ = scratch
        if self._begun is None:
            day[:] = np.searchsorted(self._begins, instants, side="right")
        else:
            self._grid.slots(instants, slot)
            day[:] = self._begun[slot]
        np.add(day, count - 1, out=day)
        _take(self._closes, day, out)


def _nanos(micros: list[int]) -> Nanos:
    return np.array(micros, np.int64) * MICROSECOND


def _take(table: NDArray[Any], at: NDArray[np.int64], out: NDArray[Any]) -> None:
    # "clip" spares a copy of `out`; that every index is inside is checked once, on the instants.
    np.take(table, at, out=out, mode="clip")
