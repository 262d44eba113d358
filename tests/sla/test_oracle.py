"""The room against a brute-force walk through the minutes, written apart from it.

The walk knows no intervals and no library of holidays: it asks of every minute what the wall clock
shows, and counts the open ones. All instants at which anything changes are whole minutes, so that
the seconds of an arrival only shift the count within a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from sla import Policy

OFFICE = ZoneInfo("America/Los_Angeles")
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MINUTES = (datetime(2031, 1, 1, tzinfo=UTC) - FIRST) // timedelta(minutes=1)
ARRIVALS_END = (datetime(2030, 12, 1, tzinfo=UTC) - FIRST) // timedelta(seconds=1)
RANDOM_ARRIVALS = 100_000
NS = 1_000_000_000

TARGETS = {
    ("standard", "P0"): ("calendar", 30),
    ("standard", "P1"): ("business", 60),
    ("standard", "P2"): ("business", 240),
    ("standard", "P3"): ("days", 1),
    ("standard", "P4"): ("days", 2),
    ("premium", "P0"): ("calendar", 15),
    ("premium", "P1"): ("business", 30),
    ("premium", "P2"): ("business", 120),
    ("premium", "P3"): ("business", 240),
    ("premium", "P4"): ("days", 1),
}


def _federal_holidays(year: int) -> list[date]:
    """The eleven federal holidays by the wording of the law (5 U.S.C. 6103)."""

    def nth(n: int, weekday: int, month: int) -> date:
        days = [date(year, month, day) for day in range(1, 31 if month != 2 else 29)]
        return [day for day in days if day.weekday() == weekday][n - 1]

    last_monday_of_may = max(
        date(year, 5, day) for day in range(25, 32) if date(year, 5, day).weekday() == 0
    )
    return [
        date(year, 1, 1),
        nth(3, 0, 1),
        nth(3, 0, 2),
        last_monday_of_may,
        date(year, 6, 19),
        date(year, 7, 4),
        nth(1, 0, 9),
        nth(2, 0, 10),
        date(year, 11, 11),
        nth(4, 3, 11),
        date(year, 12, 25),
    ]


ACTUAL = {day for year in range(2023, 2033) for day in _federal_holidays(year)}
OBSERVED = {
    day - timedelta(days=1) if day.weekday() == 5 else day + timedelta(days=day.weekday() == 6)
    for day in ACTUAL
}


def _is_open(tier: str, instant: datetime) -> bool:
    """Whether a tier is open at an instant, by what its wall clock shows."""
    wall = instant.astimezone(OFFICE)
    if tier == "premium":
        return wall.date() not in ACTUAL
    return wall.weekday() < 5 and wall.date() not in OBSERVED and 9 <= wall.hour < 18


def _closing_of_business_day(arrival: datetime, count: int) -> datetime:
    day = arrival.astimezone(OFFICE).date()
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in OBSERVED
    return datetime(day.year, day.month, day.day, 18, tzinfo=OFFICE)


def _walk(tier: str, priority: str, arrival: datetime) -> datetime:
    """Walk from one arrival, a minute a step, until the target is used up."""
    clock, amount = TARGETS[tier, priority]
    if clock == "calendar":
        return (arrival.astimezone(UTC) + timedelta(minutes=amount)).astimezone(OFFICE)
    if clock == "days":
        return _closing_of_business_day(arrival, amount)
    left = timedelta(minutes=amount)
    now = arrival.astimezone(UTC)
    while True:
        next_minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        if _is_open(tier, now):
            if left <= next_minute - now:
                return (now + left).astimezone(OFFICE)
            left -= next_minute - now
        now = next_minute


@dataclass(frozen=True)
class Minutes:
    """Of every minute of seven years: whether it is open, and how many open ones precede it."""

    is_open: NDArray[np.bool_]
    open_before: NDArray[np.int64]


@cache
def _minutes(tier: str) -> Minutes:
    # A zone's offset changes on the hour here, so asking once an hour is asking every minute.
    hours = [FIRST + timedelta(hours=hour) for hour in range(MINUTES // 60)]
    is_open = np.repeat([_is_open(tier, hour) for hour in hours], 60)
    return Minutes(is_open, np.concatenate([[0], np.cumsum(is_open)]))


def _walk_all(tier: str, minutes: int, arrivals: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same walk for many arrivals, in seconds since `FIRST`, with the counting done ahead."""
    table = _minutes(tier)
    minute, second = np.divmod(arrivals, 60)
    used = table.open_before[minute] * 60 + np.where(table.is_open[minute], second, 0)
    wanted = used + minutes * 60
    last = np.searchsorted(table.open_before * 60, wanted, side="left") - 1
    return last * 60 + wanted - table.open_before[last] * 60


def _closings(count: int, arrivals: NDArray[np.int64]) -> NDArray[np.int64]:
    closing_of: dict[date, int] = {}
    for hour in range(MINUTES // 60 - 24 * 30):
        arrival = FIRST + timedelta(hours=hour)
        day = arrival.astimezone(OFFICE).date()
        if day not in closing_of:
            closing = _closing_of_business_day(arrival, count).astimezone(UTC)
            closing_of[day] = (closing - FIRST) // timedelta(seconds=1)
    by_hour = [
        closing_of[(FIRST + timedelta(hours=hour)).astimezone(OFFICE).date()]
        for hour in range(MINUTES // 60 - 24 * 30)
    ]
    return np.array(by_hour, np.int64)[arrivals // 3600]


def _edges() -> NDArray[np.int64]:
    """Every opening, closing, midnight and clock change, with the seconds around it."""
    changes = [
        np.flatnonzero(np.diff(_minutes(tier).is_open)) + 1 for tier in ("standard", "premium")
    ]
    walls = [(FIRST + timedelta(hours=h)).astimezone(OFFICE) for h in range(MINUTES // 60 + 1)]
    offsets = np.array([wall.utcoffset() for wall in walls], "timedelta64[m]")
    clock_changes = (np.flatnonzero(offsets[1:] != offsets[:-1]) + 1) * 60
    midnights = np.array([hour * 60 for hour, wall in enumerate(walls) if wall.hour == 0])
    minutes = np.unique(np.concatenate([*changes, clock_changes, clock_changes + 60, midnights]))
    seconds: NDArray[np.int64] = (
        minutes[:, None] * 60 + np.array([-3600, -1, 0, 1, 59, 1799])
    ).ravel()
    return seconds[(seconds >= 0) & (seconds < ARRIVALS_END)]


@pytest.fixture(scope="module")
def arrivals() -> NDArray[np.int64]:
    """Seconds since `FIRST`: every edge, and a hundred thousand at random."""
    random = np.random.default_rng(20260703).integers(0, ARRIVALS_END, RANDOM_ARRIVALS)
    return np.concatenate([_edges(), random])


@pytest.mark.parametrize(("tier", "priority"), TARGETS)
def test_no_deadline_differs_from_the_walk(
    policy: Policy, arrivals: NDArray[np.int64], tier: str, priority: str
) -> None:
    clock, amount = TARGETS[tier, priority]
    if clock == "calendar":
        walked = arrivals + amount * 60
    elif clock == "days":
        walked = _closings(amount, arrivals)
    else:
        walked = _walk_all(tier, amount, arrivals)
    first = int(FIRST.timestamp())
    due = policy.respond_by_many(tier, priority, (arrivals + first) * NS)
    assert len(arrivals) > 120_000
    assert np.count_nonzero(due != (walked + first) * NS) == 0


def test_no_single_deadline_differs_from_the_bulk_form(
    policy: Policy, arrivals: NDArray[np.int64]
) -> None:
    chosen = arrivals[:: len(arrivals) // 3_000]
    received = [FIRST + timedelta(seconds=int(second)) for second in chosen]
    for tier, priority in TARGETS:
        single = [
            policy.respond_by(tier=tier, priority=priority, received_at=each) for each in received
        ]
        nanos = (chosen + int(FIRST.timestamp())) * NS
        bulk = policy.respond_by_many(tier, priority, nanos)
        assert [int(each.timestamp()) * NS for each in single] == bulk.tolist()


def test_the_counted_walk_takes_the_same_steps_as_the_literal_one(
    policy: Policy, arrivals: NDArray[np.int64]
) -> None:
    chosen = arrivals[:: len(arrivals) // 40]
    for tier, priority in TARGETS:
        for second in chosen:
            arrival = FIRST + timedelta(seconds=int(second))
            walked = _walk(tier, priority, arrival)
            due = policy.respond_by(tier=tier, priority=priority, received_at=arrival)
            assert due.isoformat() == walked.isoformat()
