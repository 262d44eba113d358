"""Laws of deadlines, for any arrival."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sla import Policy, load_policy
from sla.deadlines import ClockKind
from sla.instants import MINUTE, from_micros, to_micros
from tickets import PRIORITIES, Priority

POLICY = load_policy()  # Hypothesis calls a test many times, and a fixture only once

arrivals = st.datetimes(
    datetime(2000, 1, 4), datetime(2040, 11, 30), timezones=st.sampled_from([UTC, POLICY.zone])
)
tiers = st.sampled_from(list(POLICY.tiers))
priorities = st.sampled_from(PRIORITIES)
waits = st.timedeltas(timedelta(), timedelta(days=12))


def due(policy: Policy, tier: str, priority: Priority, received_at: datetime) -> int:
    return to_micros(policy.respond_by(tier=tier, priority=priority, received_at=received_at))


@given(tiers, priorities, arrivals, waits)
def test_a_later_arrival_never_gets_an_earlier_deadline(
    tier: str, priority: Priority, arrival: datetime, wait: timedelta
) -> None:
    later = (arrival.astimezone(UTC) + wait).astimezone(POLICY.zone)
    assert due(POLICY, tier, priority, arrival) <= due(POLICY, tier, priority, later)


@given(tiers, arrivals)
def test_a_more_urgent_priority_is_never_due_later(tier: str, arrival: datetime) -> None:
    deadlines = [due(POLICY, tier, priority, arrival) for priority in PRIORITIES]
    assert deadlines == sorted(deadlines)


@given(priorities, arrivals)
def test_premium_is_never_due_later_than_standard(priority: Priority, arrival: datetime) -> None:
    assert due(POLICY, "premium", priority, arrival) <= due(POLICY, "standard", priority, arrival)


@given(tiers, priorities, arrivals)
def test_between_arrival_and_deadline_the_clock_counts_the_target(
    tier: str, priority: Priority, arrival: datetime
) -> None:
    clock = POLICY.clock(tier, priority)
    if clock.target.clock is not ClockKind.BUSINESS_DAYS:
        deadline = due(POLICY, tier, priority, arrival)
        assert clock.elapsed(to_micros(arrival), deadline) == clock.target.amount


@given(tiers, arrivals, st.integers(1, 3_000), st.integers(1, 3_000))
def test_adding_in_two_parts_is_adding_at_once(
    tier: str, arrival: datetime, first: int, second: int
) -> None:
    hours, begin = POLICY.hours(tier), to_micros(arrival)
    in_parts = hours.add(hours.add(begin, first * MINUTE), second * MINUTE)
    assert in_parts == hours.add(begin, (first + second) * MINUTE)


@given(tiers, priorities, arrivals)
def test_a_business_deadline_falls_in_open_hours_or_at_closing_time(
    tier: str, priority: Priority, arrival: datetime
) -> None:
    clock = POLICY.clock(tier, priority)
    if clock.target.clock is ClockKind.BUSINESS:
        deadline = due(POLICY, tier, priority, arrival)
        assert clock.hours.is_open(deadline - 1)


@given(tiers, priorities, st.lists(arrivals, min_size=1, max_size=20))
def test_the_bulk_form_gives_the_same_to_the_microsecond(
    tier: str, priority: Priority, received: list[datetime]
) -> None:
    nanos = np.array([to_micros(each) * 1_000 for each in received])
    singles = [due(POLICY, tier, priority, each) * 1_000 for each in received]
    assert POLICY.respond_by_many(tier, priority, nanos).tolist() == singles


@given(st.integers(0, 4_102_444_800_000_000), st.integers(-14, 14))
def test_an_instant_survives_its_way_through_a_datetime(micros: int, hours: int) -> None:
    assert to_micros(from_micros(micros, timezone(timedelta(hours=hours)))) == micros
