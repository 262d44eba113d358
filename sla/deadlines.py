"""The response deadline of one ticket: a target, and the clock that it runs by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sla.business_hours import BusinessDays, BusinessHours
from sla.instants import OutsideHorizon


class ClockKind(StrEnum):
    """What a target counts: all time, opening hours, or business days."""

    CALENDAR = "calendar"
    BUSINESS = "business"
    BUSINESS_DAYS = "business_days"


@dataclass(frozen=True)
class Target:
    """A response target of the policy: a duration and the clock it is measured by."""

    words: str
    """As the policy says it, such as `1 business hour`."""
    clock: ClockKind
    amount: int
    """Microseconds, or business days."""
    pauses: bool
    """Whether its clock stands still while the ticket waits on the customer."""


@dataclass(frozen=True)
class ResponseClock(ABC):
    """The clock of one tier and priority; instants in microseconds UTC.

    Time is counted in the tier's own hours, unless a kind of clock says otherwise.
    """

    target: Target
    hours: BusinessHours
    """The tier's own hours of availability."""

    @abstractmethod
    def due(self, received: int) -> int:
        """Return the earliest instant at which the target has elapsed since receipt.

        A response at that instant still meets the target. `OutsideHorizon` when it lies beyond
        the dates that the calendar knows.
        """

    def staffed_due(self, received: int) -> int | None:
        """Return when a calendar target's time has passed in opening hours; None for others."""
        return None

    def elapsed(self, begin: int, end: int) -> int:
        """Return the time that this clock counts between two instants."""
        return self.hours.elapsed(begin, end)

    def add(self, begin: int, amount: int) -> int:
        """Return the earliest instant by which this clock has counted `amount` since `begin`."""
        return self.hours.add(begin, amount)

    def windows(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the stretches between two instants in which this clock runs."""
        return self.hours.windows_between(begin, end)


@dataclass(frozen=True)
class BusinessClock(ResponseClock):
    """Counts the opening hours of the tier."""

    def due(self, received: int) -> int:
        """Add the target's open time."""
        return self.hours.add(received, self.target.amount)


@dataclass(frozen=True)
class CalendarClock(ResponseClock):
    """Counts all time, day and night."""

    def due(self, received: int) -> int:
        """Add the target's time."""
        return self.add(received, self.target.amount)

    def staffed_due(self, received: int) -> int:
        """Return when the target's time has passed in opening hours."""
        return self.hours.add(received, self.target.amount)

    def elapsed(self, begin: int, end: int) -> int:
        """Return all the time between two instants."""
        return end - begin

    def add(self, begin: int, amount: int) -> int:
        """Return the instant that comes `amount` later."""
        _, last = self.hours.horizon
        if begin + amount > last:
            raise OutsideHorizon(self.hours.timetable.beyond)
        return begin + amount

    def windows(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the one stretch between two instants, unless it is empty."""
        if begin < end:
            yield begin, end


@dataclass(frozen=True)
class BusinessDayClock(ResponseClock):
    """Counts business days; within them, time used is measured in the opening hours of the tier."""

    days: BusinessDays

    def due(self, received: int) -> int:
        """Return closing time of the target's last business day."""
        return self.days.close_of(received, self.target.amount)


def response_clock(target: Target, hours: BusinessHours, days: BusinessDays) -> ResponseClock:
    """Return the clock that a target runs by."""
    if target.clock is ClockKind.BUSINESS_DAYS:
        return BusinessDayClock(target, hours, days)
    kind = CalendarClock if target.clock is ClockKind.CALENDAR else BusinessClock
    return kind(target, hours)
