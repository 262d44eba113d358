"""One test for each class of bug that other systems have shipped, some of them for years."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sla import OutsideHorizon, Policy, load_policy
from sla.business_hours import WHOLE_DAY, BusinessHours, Timetable
from sla.clock import ClockState, Policies, Run, Standing, state_at
from sla.events import Event, EventKind
from sla.instants import MINUTE, SECOND, to_micros
from tickets import Priority

OFFICE = ZoneInfo("America/Los_Angeles")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE)


def due(policy: Policy, tier: str, priority: str, received_at: str) -> str:
    instant = datetime.fromisoformat(received_at)
    return policy.respond_by(tier=tier, priority=priority, received_at=instant).isoformat()


def read(policy: Policy, instant: str, *events: Event) -> ClockState:
    return state_at(events, at(instant), Policies(policy))


def received(text: str, priority: Priority = Priority.P2) -> Event:
    return Event(at(text), EventKind.RECEIVED, tier="standard", priority=priority)


def event(text: str, kind: EventKind, **what: Any) -> Event:
    return Event(at(text), kind, **what)


@pytest.fixture
def pausing(edited: Callable[..., Path]) -> Policy:
    """The shipped policy, but the clock of Standard P2 stands still while waiting."""
    old = "standard: { within: 4 business hours, pauses: false }"
    return load_policy(edited((old, old.replace("false", "true"))))


def test_a_schedule_is_not_converted_with_one_offset_for_the_whole_year(policy: Policy) -> None:
    # dbt_zendesk 25 and 114, OTRS 787, chatwoot 2882, Rocket.Chat 40077, oncall 3261
    winter = due(policy, "standard", "P1", "2026-01-14T08:00:00-08:00")
    summer = due(policy, "standard", "P1", "2026-07-15T08:00:00-07:00")
    assert (winter, summer) == ("2026-01-14T10:00:00-08:00", "2026-07-15T10:00:00-07:00")


def test_the_repeated_hour_counts_twice_and_the_skipped_hour_not_at_all(policy: Policy) -> None:
    # working_hours 26, moment-business-time 58, biz 37, vue-business-hours 26
    hours = policy.hours("premium")
    back = hours.elapsed(to_micros(at("2026-11-01T00:00")), to_micros(at("2026-11-02T00:00")))
    forward = hours.elapsed(to_micros(at("2026-03-08T00:00")), to_micros(at("2026-03-09T00:00")))
    assert (back, forward) == (25 * 60 * MINUTE, 23 * 60 * MINUTE)


def test_hours_that_begin_in_a_skipped_hour_begin_when_the_clock_shows_them() -> None:
    shifts = ((2 * 3600 + 1800, 4 * 3600),)
    night = Timetable(OFFICE, (shifts,) * 7, date(2026, 3, 7), date(2026, 3, 9))
    windows = BusinessHours(night).windows_between(
        to_micros(at("2026-03-08T00:00")), to_micros(at("2026-03-09T00:00"))
    )
    assert list(windows) == [(to_micros(at("2026-03-08T03:00")), to_micros(at("2026-03-08T04:00")))]


def test_a_holiday_is_the_local_day_and_not_the_day_in_utc(policy: Policy) -> None:
    # dbt_zendesk 117, zammad 3706, date-holidays-parser 13, businesstimedelta 9 (hangs)
    eve = due(policy, "premium", "P1", "2026-11-25T23:00:00-08:00")  # Thanksgiving in UTC
    evening = due(policy, "premium", "P1", "2026-11-26T18:00:00-08:00")  # Friday in UTC
    assert (eve, evening) == ("2026-11-25T23:30:00-08:00", "2026-11-27T00:30:00-08:00")


def test_a_holiday_is_neither_ignored_nor_taken_twice(policy: Policy) -> None:
    # dbt_zendesk 92, zammad 390
    around_the_clock = policy.calendars["around_the_clock"].timetable
    office = policy.calendars["office"].timetable
    days = (date(2026, 7, 3), date(2026, 7, 4))
    assert [day in office.holidays for day in days] == [True, False]
    assert [day in around_the_clock.holidays for day in days] == [False, True]
    assert due(policy, "standard", "P1", "2026-07-03T10:00:00-07:00").startswith("2026-07-06")


def test_round_the_clock_loses_no_minute_at_midnight(policy: Policy) -> None:
    # zammad 3180 (a minute a night), dbt_zendesk 215
    hours = policy.hours("premium")
    begin, end = to_micros(at("2026-08-01T00:00")), to_micros(at("2026-08-31T00:00"))
    assert hours.elapsed(begin, end) == 30 * 24 * 60 * MINUTE
    assert list(hours.windows_between(begin, end)) == [(begin, end)]


def test_business_hours_hold_outside_them(policy: Policy) -> None:
    # chatwoot 13392, osTicket 1168 and 6739, frappe 2075
    assert due(policy, "standard", "P1", "2026-07-10T22:15:00-07:00") == "2026-07-13T10:00:00-07:00"
    assert due(policy, "standard", "P1", "2026-07-11T12:00:00-07:00") == "2026-07-13T10:00:00-07:00"


def test_a_pause_over_a_weekend_adds_no_wall_time(pausing: Policy) -> None:
    # GLPI 10594, 14937 and 9082, frappe 2449
    log = (
        received("2026-07-10T16:00"),
        event("2026-07-10T17:00", EventKind.WAITING),
        event("2026-07-13T09:30", EventKind.RESUMED),
    )
    state = read(pausing, "2026-07-13T10:00", *log)
    assert state.progress is not None
    assert state.progress.due_at.isoformat() == "2026-07-13T12:30:00-07:00"


def test_a_pause_survives_a_change_of_priority(edited: Callable[..., Path]) -> None:
    # GLPI 6902 and 15605
    p1 = "standard: { within: 1 business hour, pauses: false }"
    p2 = "standard: { within: 4 business hours, pauses: false }"
    both = [(old, old.replace("false", "true")) for old in (p1, p2)]
    log = (
        received("2026-07-13T09:00"),
        event("2026-07-13T09:30", EventKind.WAITING),
        event("2026-07-13T11:30", EventKind.RESUMED),
        event("2026-07-13T11:30", EventKind.PRIORITY_CHANGED, priority=Priority.P1),
    )
    state = read(load_policy(edited(*both)), "2026-07-13T11:45", *log)
    assert state.progress is not None
    assert state.progress.due_at.isoformat() == "2026-07-13T12:00:00-07:00"


def test_a_pause_is_not_lost_when_a_paused_ticket_is_answered(pausing: Policy) -> None:
    # GLPI 16383, frappe 3776
    log = (
        received("2026-07-13T09:00"),
        event("2026-07-13T10:00", EventKind.WAITING),
        event("2026-07-15T17:00", EventKind.RESPONDED),
    )
    state = read(pausing, "2026-07-16T09:00", *log)
    assert (state.run, state.standing) == (Run.STOPPED, Standing.MET)
    assert state.progress is not None
    assert state.progress.elapsed == timedelta(hours=1)


def test_a_deadline_carries_the_zone_of_the_policy_wherever_the_reader_is(policy: Policy) -> None:
    # frappe 3776, erpnext 38745
    from_tokyo = datetime(2026, 7, 14, 1, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    deadline = policy.respond_by(tier="standard", priority="P1", received_at=from_tokyo)
    assert deadline.isoformat() == "2026-07-13T10:00:00-07:00"
    with pytest.raises(ValueError, match="2026-07-13 09:00:00 has no UTC offset"):
        policy.respond_by(
            tier="standard", priority="P1", received_at=at("2026-07-13T09:00").replace(tzinfo=None)
        )


def test_no_stale_target_is_left_after_changes(policy: Policy) -> None:
    # breeze 6691, zammad 5624 and 4353, dbt_zendesk 262
    log = (
        received("2026-07-13T09:00"),
        event("2026-07-13T09:10", EventKind.PRIORITY_CHANGED, priority=Priority.P0),
        event("2026-07-13T09:20", EventKind.PRIORITY_CHANGED, priority=Priority.P3),
    )
    state = read(policy, "2026-07-13T10:00", *log)
    assert state.progress is not None
    assert state.progress.due_at.isoformat() == "2026-07-14T18:00:00-07:00"
    assert (state.standing, state.breached_at) == (Standing.ON_TRACK, None)


def test_a_priority_changed_later_counts_from_receipt_with_the_elapsed_time_kept(
    policy: Policy,
) -> None:
    # GLPI 1911
    raised = event("2026-07-13T09:45", EventKind.PRIORITY_CHANGED, priority=Priority.P1)
    state = read(policy, "2026-07-13T09:50", received("2026-07-13T09:00"), raised)
    assert state.progress is not None
    assert state.progress.due_at.isoformat() == "2026-07-13T10:00:00-07:00"
    assert state.progress.elapsed == timedelta(minutes=50)


def test_one_breach_is_told_once_and_at_the_moment_it_happened(policy: Policy) -> None:
    log = (
        received("2026-07-13T09:00"),
        event("2026-07-13T11:00", EventKind.PRIORITY_CHANGED, priority=Priority.P1),
        event("2026-07-13T12:00", EventKind.PRIORITY_CHANGED, priority=Priority.P4),
        event("2026-07-13T14:00", EventKind.PRIORITY_CHANGED, priority=Priority.P2),
    )
    for instant in ("2026-07-13T11:30", "2026-07-13T12:30", "2026-07-13T17:00"):
        assert read(policy, instant, *log).breached_at == at("2026-07-13T11:00")


@pytest.mark.parametrize("what", [{"is_by_person": False}, {"is_public": False}])
def test_a_bot_reply_or_a_private_note_is_no_response(
    policy: Policy, what: dict[str, bool]
) -> None:
    # zammad 5177 and 3140: the wrong metric wins
    log = (received("2026-07-13T09:00"), event("2026-07-13T09:01", EventKind.RESPONDED, **what))
    state = read(policy, "2026-07-13T14:00", *log)
    assert (state.run, state.standing) == (Run.RUNNING, Standing.BREACHED)


def test_the_clock_stops_with_the_response(policy: Policy) -> None:
    # chatwoot 10178
    log = (
        received("2026-07-13T09:00"),
        event("2026-07-13T10:00", EventKind.RESPONDED),
        event("2026-07-13T10:30", EventKind.PRIORITY_CHANGED, priority=Priority.P0),
    )
    state = read(policy, "2026-08-13T10:00", *log)
    assert (state.run, state.standing, state.breached_at) == (Run.STOPPED, Standing.MET, None)
    assert state.progress is not None
    assert state.progress.elapsed == timedelta(hours=1)


def test_the_warning_comes_in_opening_hours_before_the_breach(policy: Policy) -> None:
    # GLPI 22678 and 4170, zammad 4432 and 2157: at midnight, at the weekend, or never
    state = read(policy, "2026-07-11T12:00", received("2026-07-10T17:00"))
    assert state.progress is not None
    assert state.progress.at_risk_at.isoformat() == "2026-07-13T11:00:00-07:00"
    assert state.standing is Standing.ON_TRACK
    assert read(policy, "2026-07-13T11:00", received("2026-07-10T17:00")).standing is (
        Standing.AT_RISK
    )


def test_a_ticket_without_a_target_says_so(policy: Policy) -> None:
    # frappe 1598
    unknown = Event(at("2026-07-13T09:00"), EventKind.RECEIVED, tier=None, priority=Priority.P1)
    state = read(policy, "2026-07-20T09:00", unknown)
    assert (state.run, state.standing, state.progress) == (Run.RUNNING, Standing.NO_TARGET, None)
    assert read(policy, "2026-07-20T09:00").run is Run.NOT_STARTED


@pytest.mark.parametrize(
    "received_at",
    ["1999-12-31T23:59:59-08:00", "2041-01-01T00:00:00-08:00", "2040-12-31T17:00:00-08:00"],
)
def test_past_the_list_of_holidays_a_deadline_is_refused_and_not_guessed(
    policy: Policy, received_at: str
) -> None:
    # businesstimedelta raises TypeError, or hangs
    instant = datetime.fromisoformat(received_at)
    with pytest.raises(OutsideHorizon, match="2040-12-31"):
        policy.respond_by(tier="standard", priority="P2", received_at=instant)
    nanos = np.array([to_micros(instant) * 1_000])
    with pytest.raises(OutsideHorizon, match="2040-12-31"):
        policy.respond_by_many("standard", "P2", nanos)


def test_seconds_and_their_parts_are_kept(policy: Policy) -> None:
    deadline = due(policy, "standard", "P1", "2026-07-13T17:30:59.999999-07:00")
    assert deadline == "2026-07-14T09:30:59.999999-07:00"
    nanos = np.array([to_micros(at("2026-07-13T17:30:59")) * 1_000 + 999_999_999])
    assert policy.respond_by_many("standard", "P1", nanos) - nanos == (16 * 60) * MINUTE * 1_000


def test_a_calendar_open_day_and_night_is_one_window_over_clock_changes() -> None:
    always = Timetable(OFFICE, ((WHOLE_DAY,),) * 7, date(2026, 1, 1), date(2026, 12, 31))
    hours = BusinessHours(always)
    assert len(hours.windows.opens) == 1
    assert hours.elapsed(*hours.horizon) == 365 * 86_400 * SECOND
