"""Deadlines for arrays and data frames."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sla import OutsideHorizon, Policy
from sla.bulk import BLOCK
from sla.frames import responses
from sla.instants import to_micros
from tickets import PRIORITIES

FIRST = to_micros(datetime.fromisoformat("2024-01-01T00:00:00+00:00")) * 1_000
LAST = to_micros(datetime.fromisoformat("2028-01-01T00:00:00+00:00")) * 1_000


@pytest.fixture(scope="module")
def received() -> NDArray[np.int64]:
    """Receipt times over four years, to the nanosecond; more than one block of them."""
    return np.random.default_rng(5).integers(FIRST, LAST, BLOCK + 4_321)


def test_mixed_tiers_and_priorities_are_each_answered_as_alone(
    policy: Policy, received: NDArray[np.int64]
) -> None:
    rng = np.random.default_rng(6)
    tiers = rng.integers(0, 2, len(received))
    priorities = rng.integers(0, 5, len(received)).astype(np.uint8)
    mixed = policy.respond_by_many(tiers, priorities, received)
    for code, tier in enumerate(policy.tiers):
        for priority in PRIORITIES:
            alike = (tiers == code) & (priorities == priority)
            alone = policy.respond_by_many(tier, priority, received[alike])
            assert np.array_equal(mixed[alike], alone)


def test_one_name_stands_for_all_beside_an_array_of_codes(
    policy: Policy, received: NDArray[np.int64]
) -> None:
    some = received[:1_000]
    twos = np.full(len(some), 2)
    ones = np.full(len(some), 1)
    expected = policy.respond_by_many("premium", "P2", some)
    assert np.array_equal(policy.respond_by_many("premium", twos, some), expected)
    assert np.array_equal(policy.respond_by_many(ones, "P2", some), expected)


def test_any_shape_and_an_empty_array_are_answered(policy: Policy) -> None:
    square = np.array([[FIRST, FIRST + 1], [FIRST + 2, FIRST + 3]])
    assert policy.respond_by_many("standard", "P4", square).shape == (2, 2)
    assert policy.respond_by_many("standard", "P4", square[:0, 0]).shape == (0,)
    assert np.array_equal(
        policy.respond_by_many("standard", "P0", square[:, 1]), square[:, 1] + 30 * 60 * 10**9
    )


@pytest.mark.parametrize(
    ("tier", "priority", "problem"),
    [
        ("gold", "P1", r'unknown tier "gold" \(use one of standard, premium\)'),
        ("standard", "P7", 'unknown priority "P7"'),
        (np.array([0, 2]), "P1", "tier: unknown code 2 .*0 is standard, 1 is premium"),
        (np.array([0]), "P1", "tier: 1 codes for 2 tickets"),
        ("standard", np.array(["P1", "P2"]), "priority: <U2 is no array of codes"),
        ("standard", np.array([0, -1]), "priority: unknown code -1"),
    ],
)
def test_wrong_codes_are_named(policy: Policy, tier: str, priority: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        policy.respond_by_many(tier, priority, np.array([FIRST, FIRST]))


def test_instants_that_are_no_nanoseconds_are_refused(policy: Policy) -> None:
    with pytest.raises(ValueError, match="float64 is no array of instants"):
        policy.respond_by_many("standard", "P1", np.array([1.5]))


@pytest.mark.parametrize("tier", ["standard", "premium"])
@pytest.mark.parametrize("priority", PRIORITIES)
def test_the_last_instant_that_is_answered_is_the_same_in_both_forms(
    policy: Policy, tier: str, priority: int
) -> None:
    first, last = policy.receipts
    answered, refused = last - 30 * 86_400 * 1_000_000, last - 1
    clock = policy.clock(tier, PRIORITIES[priority])
    while refused - answered > 1:
        middle = (answered + refused) // 2
        try:
            clock.due(middle)
            answered = middle
        except OutsideHorizon:
            refused = middle
    policy.respond_by_many(tier, PRIORITIES[priority], np.array([first, answered]) * 1_000)
    with pytest.raises(OutsideHorizon):
        policy.respond_by_many(tier, PRIORITIES[priority], np.array([answered * 1_000 + 1_000]))


def test_missing_times_are_refused_like_any_other_outside_the_horizon(policy: Policy) -> None:
    missing = np.array(["NaT"], "datetime64[ns]").astype(np.int64)
    with pytest.raises(OutsideHorizon):
        policy.respond_by_many("standard", "P1", missing)


def test_elapsed_open_time_is_the_same_in_both_forms(
    policy: Policy, received: NDArray[np.int64]
) -> None:
    begin = received[:2_000] // 1_000 * 1_000
    end = received[2_000:4_000] // 1_000 * 1_000
    for tier in policy.tiers:
        hours = policy.hours(tier)
        pairs = zip(begin.tolist(), end.tolist(), strict=True)
        singles = [hours.elapsed(b // 1_000, e // 1_000) * 1_000 for b, e in pairs]
        assert policy.bulk.elapsed(tier, begin, end).tolist() == singles


def test_elapsed_needs_an_end_for_each_begin(policy: Policy) -> None:
    with pytest.raises(ValueError, match="2 begins do not pair with 1 ends"):
        policy.bulk.elapsed("standard", np.array([FIRST, FIRST]), np.array([FIRST]))


def test_elapsed_time_outside_the_horizon_is_refused(policy: Policy) -> None:
    inside, outside = np.array([FIRST]), np.array([policy.horizon[1] * 1_000 + 1])
    with pytest.raises(OutsideHorizon, match="covers 2000-01-01 to 2040-12-31"):
        policy.bulk.elapsed("standard", inside, outside)


def test_a_frame_of_tickets_gets_the_responses_of_single_tickets(policy: Policy) -> None:
    times = [
        datetime.fromisoformat("2026-07-02T17:50:00-07:00") + timedelta(hours=7 * n)
        for n in range(60)
    ]
    frame = pd.DataFrame(
        {
            "tier": ["standard", "premium"] * 30,
            "priority": [f"P{n % 5}" for n in range(60)],
            "received_at": pd.to_datetime(pd.Series(times), utc=True),
        }
    ).set_axis([n // 2 for n in range(60)])
    found = responses(policy, frame)
    assert found.index.tolist() == frame.index.tolist()
    for row, tier, priority, at in zip(
        found.to_dict("records"), frame["tier"], frame["priority"], times, strict=True
    ):
        single = policy.response(tier, priority, at)
        assert row["response.due_at"] == single.due_at
        assert row["response.target"] == single.target
        assert row["response.clock"] == single.clock
        assert row["response.outside_availability"] is single.outside_availability
        staffed = row["response.staffed_due_at"]
        assert (None if pd.isna(staffed) else staffed) == single.staffed_due_at
        for other in PRIORITIES:
            assert row[f"response.if_priority.{other}"] == single.if_priority[other]


def test_a_frame_s_row_that_cannot_be_answered_is_empty(policy: Policy) -> None:
    frame = pd.DataFrame(
        {
            "tier": [None, "premium", "premium", "standard"],
            "priority": ["P1", None, "P1", "P2"],
            "received_at": pd.to_datetime(
                pd.Series(["2026-07-02", "2026-07-02", None, "2040-12-31T23:00Z"]),
                utc=True,
                format="ISO8601",
            ),
        }
    )
    assert responses(policy, frame).isna().all(axis=None)


def test_a_frame_with_wrong_names_or_times_without_zone_is_refused(policy: Policy) -> None:
    times = pd.Series(pd.to_datetime(["2026-07-02"]))
    frame = pd.DataFrame({"tier": ["premum"], "priority": ["P1"], "received_at": times})
    with pytest.raises(ValueError, match=r'unknown tier "premum" \(did you mean "premium"\?\)'):
        responses(policy, frame)
    with pytest.raises(ValueError, match="has no time zone"):
        responses(policy, frame.assign(tier="premium"))
