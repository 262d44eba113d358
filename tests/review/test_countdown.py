"""A deadline in the words of a page, at instants that are fixed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla import load_policy
from tickets import Priority, Ticket
from tickets.store import ClockEvent, EventKind
from triage.review.countdown import Countdown, countdown, spell

DESK = ZoneInfo("America/Los_Angeles")
FRIDAY = datetime(2026, 7, 10, 17, 30, tzinfo=DESK)
"""Half an hour before the office closes."""
MONDAY = datetime(2026, 7, 13, 9, 0, tzinfo=DESK)


def at(now: datetime, priority: Priority, *events: tuple[EventKind, datetime]) -> Countdown:
    ticket = Ticket("17", tier="standard", received_at=FRIDAY)
    happened = [ClockEvent("e", "17", kind, instant, {}, None) for kind, instant in events]
    found = countdown(ticket, priority, happened, load_policy(), now)
    assert found is not None
    return found


def test_a_business_clock_outside_its_hours_says_when_it_goes_on() -> None:
    found = at(datetime(2026, 7, 11, 12, 0, tzinfo=DESK), Priority.P1)
    assert (found.clock, found.opens_at) == ("business hours", MONDAY)
    assert found.due_at == MONDAY + timedelta(minutes=30)
    assert f"{found.time} {found.words}" == "1 d 21 h left"


def test_within_its_hours_it_says_nothing_of_them() -> None:
    assert at(FRIDAY, Priority.P1).opens_at is None
    assert at(FRIDAY, Priority.P0).opens_at is None


def test_a_response_is_at_risk_before_it_is_overdue() -> None:
    found = at(FRIDAY + timedelta(minutes=25), Priority.P0)
    assert f"{found.time} {found.words}" == "5 min left, at risk"
    found = at(FRIDAY + timedelta(minutes=42), Priority.P0)
    assert f"{found.time} {found.words}" == "12 min overdue"


@pytest.mark.parametrize(("minutes", "words"), [(20, "answered in time"), (31, "answered late")])
def test_an_answer_stops_the_countdown(minutes: int, words: str) -> None:
    replied = (EventKind.REPLIED, FRIDAY + timedelta(minutes=minutes))
    found = at(FRIDAY + timedelta(hours=3), Priority.P0, replied)
    assert (found.runs, found.words) == (False, words)


def test_without_tier_or_receipt_time_there_is_no_deadline() -> None:
    policy = load_policy()
    assert countdown(Ticket("1", received_at=FRIDAY), Priority.P0, (), policy, FRIDAY) is None
    assert countdown(Ticket("1", tier="premium"), Priority.P0, (), policy, FRIDAY) is None


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=2, hours=3, minutes=59), "2 d 3 h"),
        (timedelta(hours=3, minutes=12, seconds=59), "3 h 12 min"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(seconds=59), "under 1 min"),
    ],
)
def test_durations_have_two_units(span: timedelta, words: str) -> None:
    assert spell(span) == words
