"""A ticket's response clock, replayed from its log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla import OutsideHorizon, Policy, load_policy
from sla.clock import ClockState, Policies, Run, Standing, state_at
from sla.events import Event, EventKind
from tickets import Priority

OFFICE = load_policy().zone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE)


def received(text: str, priority: Priority = Priority.P2, tier: str = "standard") -> Event:
    return Event(at(text), EventKind.RECEIVED, tier=tier, priority=priority)


def event(text: str, kind: EventKind, **what: Any) -> Event:
    return Event(at(text), kind, **what)


def read(policy: Policy, instant: str, *events: Event) -> ClockState:
    return state_at(events, at(instant), Policies(policy))


def due(state: ClockState) -> str:
    assert state.progress is not None
    return state.progress.due_at.isoformat()


@pytest.fixture
def pausing(edited: Callable[..., Path]) -> Policy:
    """The shipped policy, but the clock of Standard P2 stands still while waiting."""
    old = "standard: { within: 4 business hours, pauses: false }"
    return load_policy(edited((old, old.replace("false", "true"))))


@pytest.mark.parametrize(
    ("instant", "standing"),
    [
        ("2026-07-13T09:00", Standing.ON_TRACK),
        ("2026-07-13T11:59:59", Standing.ON_TRACK),
        ("2026-07-13T12:00", Standing.AT_RISK),
        ("2026-07-13T13:00", Standing.AT_RISK),
        ("2026-07-13T13:00:01", Standing.BREACHED),
    ],
)
def test_an_open_ticket_goes_from_on_track_over_at_risk_to_breached(
    policy: Policy, instant: str, standing: Standing
) -> None:
    state = read(policy, instant, received("2026-07-13T09:00"))
    assert (state.run, state.standing) == (Run.RUNNING, standing)


def test_elapsed_and_remaining_are_told_in_business_time(policy: Policy) -> None:
    state = read(policy, "2026-07-13T10:30", received("2026-07-10T17:00"))
    assert state.progress is not None
    assert state.progress.elapsed == timedelta(hours=2, minutes=30)
    assert state.progress.remaining == timedelta(hours=1, minutes=30)
    assert state.progress.share_used == 0.625


def test_the_windows_consumed_explain_the_time_elapsed(policy: Policy) -> None:
    state = read(policy, "2026-07-13T10:30", received("2026-07-10T17:00"))
    assert state.progress is not None
    assert [
        (each.begins_at.isoformat(), each.ends_at.isoformat(), each.total)
        for each in state.progress.stretches
    ] == [
        ("2026-07-10T17:00:00-07:00", "2026-07-10T18:00:00-07:00", timedelta(hours=1)),
        ("2026-07-13T09:00:00-07:00", "2026-07-13T10:30:00-07:00", timedelta(hours=2, minutes=30)),
    ]


@pytest.mark.parametrize(
    ("answered", "standing"),
    [("2026-07-13T13:00", Standing.MET), ("2026-07-13T13:00:01", Standing.BREACHED)],
)
def test_a_response_at_the_deadline_meets_it_and_a_second_later_does_not(
    policy: Policy, answered: str, standing: Standing
) -> None:
    response = event(answered, EventKind.RESPONDED)
    state = read(policy, "2026-07-20T09:00", received("2026-07-13T09:00"), response)
    assert (state.run, state.standing) == (Run.STOPPED, standing)


def test_events_after_the_instant_do_not_count_yet(policy: Policy) -> None:
    response = event("2026-07-13T12:00", EventKind.RESPONDED)
    state = read(policy, "2026-07-13T10:00", received("2026-07-13T09:00"), response)
    assert (state.run, state.responded_at) == (Run.RUNNING, None)


def test_events_may_come_in_any_order(policy: Policy) -> None:
    log = (
        event("2026-07-13T12:00", EventKind.RESPONDED),
        event("2026-07-13T10:00", EventKind.PRIORITY_CHANGED, priority=Priority.P1),
        received("2026-07-13T09:00"),
    )
    one_way, other_way = (
        read(policy, "2026-07-14T09:00", *events) for events in (log, tuple(reversed(log)))
    )
    assert one_way == other_way
    assert one_way.standing is Standing.BREACHED


def test_a_clock_that_pauses_stands_still_while_waiting_on_the_customer(pausing: Policy) -> None:
    waiting = event("2026-07-13T10:00", EventKind.WAITING)
    state = read(pausing, "2026-07-13T15:00", received("2026-07-13T09:00"), waiting)
    assert state.progress is not None
    assert (state.run, state.standing) == (Run.PAUSED, Standing.ON_TRACK)
    assert state.progress.elapsed == timedelta(hours=1)
    assert due(state) == "2026-07-13T18:00:00-07:00"


def test_a_target_that_does_not_pause_goes_on_while_waiting(policy: Policy) -> None:
    waiting = event("2026-07-13T10:00", EventKind.WAITING)
    state = read(policy, "2026-07-13T15:00", received("2026-07-13T09:00"), waiting)
    assert (state.run, state.standing) == (Run.RUNNING, Standing.BREACHED)


def test_a_pause_of_a_day_target_moves_it_by_the_open_time_lost(
    edited: Callable[..., Path],
) -> None:
    old = "standard: { within: next business day, pauses: false }"
    policy = load_policy(edited((old, old.replace("false", "true"))))
    log = (
        received("2026-07-13T10:00", Priority.P3),
        event("2026-07-13T11:00", EventKind.WAITING),
        event("2026-07-13T13:00", EventKind.RESUMED),
    )
    assert due(read(policy, "2026-07-13T14:00", *log)) == "2026-07-15T11:00:00-07:00"


def test_half_a_day_target_is_used_when_half_of_its_open_time_is(policy: Policy) -> None:
    state = read(policy, "2026-07-13T18:00", received("2026-07-13T09:00", Priority.P3))
    assert state.progress is not None
    assert state.progress.share_used == 0.5
    assert state.progress.at_risk_at.isoformat() == "2026-07-14T13:30:00-07:00"


def test_a_tier_changed_later_counts_from_receipt(policy: Policy) -> None:
    log = (
        received("2026-07-13T09:00"),
        event("2026-07-13T09:30", EventKind.TIER_CHANGED, tier="premium"),
    )
    state = read(policy, "2026-07-13T10:00", *log)
    assert (state.tier, due(state)) == ("premium", "2026-07-13T11:00:00-07:00")


def test_the_policy_of_receipt_stays_pinned_until_it_is_changed(policy: Policy) -> None:
    holiday = load_policy(added_holidays={date(2026, 7, 13): "storm"})
    policies = Policies(holiday, (policy,))
    first = Event(
        at("2026-07-10T17:00"),
        EventKind.RECEIVED,
        tier="standard",
        priority=Priority.P2,
        policy=policy.version,
    )
    moved = Event(at("2026-07-12T00:00"), EventKind.POLICY_CHANGED, policy=holiday.version)
    pinned = state_at([first], at("2026-07-12T01:00"), policies)
    after = state_at([first, moved], at("2026-07-12T01:00"), policies)
    assert (pinned.policy, due(pinned)) == (policy.version, "2026-07-13T12:00:00-07:00")
    assert (after.policy, due(after)) == (holiday.version, "2026-07-14T12:00:00-07:00")


def test_a_receipt_before_the_first_holiday_known_is_refused(policy: Policy) -> None:
    with pytest.raises(OutsideHorizon, match="1999-12-31T23:00:00-08:00 lies outside the policy"):
        read(policy, "2000-01-03T10:00", received("1999-12-31T23:00"))


def test_a_policy_that_is_not_at_hand_is_named(policy: Policy) -> None:
    lost = Event(at("2026-07-10T17:00"), EventKind.RECEIVED, policy="0+aaaaaaaaaaaa")
    with pytest.raises(ValueError, match='policy "0\\+aaaaaaaaaaaa" is not at hand'):
        state_at([lost], at("2026-07-12T01:00"), Policies(policy))


minutes = st.integers(0, 20_000)


@pytest.fixture(scope="module")
def all_pausing(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The shipped policy with every clock pausing that may."""
    from sla.policy_file import SHIPPED

    text = SHIPPED.read_text("utf-8").replace("pauses: false", "pauses: true")
    text = text.replace("minutes, pauses: true }", "minutes, pauses: false }")
    path = tmp_path_factory.mktemp("policy") / "pausing.yaml"
    path.write_text(text, "utf-8")
    return load_policy(path)


def test_a_pause_never_brings_a_deadline_nearer(all_pausing: Policy) -> None:
    policies = Policies(all_pausing)

    @given(
        st.sampled_from(list(all_pausing.tiers)),
        st.sampled_from(list(Priority)),
        st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
        st.lists(minutes, min_size=2, max_size=6),
        minutes,
    )
    def law(tier: str, priority: Priority, arrival: datetime, steps: list[int], later: int) -> None:
        first = Event(arrival, EventKind.RECEIVED, tier=tier, priority=priority)
        kinds = (EventKind.WAITING, EventKind.RESUMED)
        moments = sorted(arrival + timedelta(minutes=step) for step in steps)
        pauses = [Event(moment, kinds[n % 2]) for n, moment in enumerate(moments)]
        now = moments[-1] + timedelta(minutes=later)
        without, paused = (state_at(log, now, policies) for log in ([first], [first, *pauses]))
        assert without.progress is not None
        assert paused.progress is not None
        assert paused.progress.due_at >= without.progress.due_at
        assert paused.progress.elapsed <= without.progress.elapsed

    law()
