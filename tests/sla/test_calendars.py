"""Calendars other than ours: other zones, several shifts a day, company holidays, short days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sla import Policy, load_policy
from sla.business_hours import BusinessDays, BusinessHours, Shift, Timetable
from sla.closures import HolidayRules
from sla.instants import MINUTE, to_micros
from sla.open_days import open_days
from sla.open_time import MOST_SLOTS, Grid, Scratch, SearchedOpenTime, SlottedOpenTime, open_time

Edited = Callable[..., Path]
HOUR = 3600
ODD_DAYS = {
    "Asia/Kathmandu": "2011-12-25",  # UTC+5:45, and a holiday
    "Australia/Lord_Howe": "2011-10-02",  # half an hour of summer time
    "America/St_Johns": "2011-11-06",  # changed its clocks just after midnight
    "Pacific/Apia": "2011-12-30",  # left this date out as a whole
    "America/Sao_Paulo": "2012-02-26",  # changed its clocks at midnight: 23 o'clock came twice
    "America/Havana": "2012-04-01",  # and here midnight never came
    "Africa/Casablanca": "2012-04-29",
    "Europe/Dublin": "2012-03-25",
    "UTC": "2011-12-26",
}
ZONES = list(ODD_DAYS)
SPLIT: tuple[Shift, ...] = ((0, HOUR), (8 * HOUR, 12 * HOUR), (13 * HOUR, 24 * HOUR))


def timetable(zone: str, shifts: tuple[Shift, ...], first: date, last: date) -> Timetable:
    week = (shifts,) * 6 + ((),)
    return Timetable(ZoneInfo(zone), week, first, last, holidays={date(2011, 12, 26): "closed"})


def minutes_open(table: Timetable, first: datetime, count: int) -> list[bool]:
    """What the wall clock shows, minute by minute."""
    shown = [(first + timedelta(minutes=n)).astimezone(table.zone) for n in range(count)]
    return [
        any(
            opens <= wall.hour * HOUR + wall.minute * 60 < closes
            for opens, closes in table.shifts_on(wall.date())
        )
        for wall in shown
    ]


@pytest.mark.parametrize(("zone", "day"), ODD_DAYS.items())
def test_every_minute_is_open_when_the_wall_clock_says_so(zone: str, day: str) -> None:
    table = timetable(zone, SPLIT, date(2011, 9, 1), date(2012, 6, 30))
    hours = BusinessHours(table)
    first = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=3)
    expected = minutes_open(table, first, 7 * 24 * 60)
    begin = to_micros(first)
    told = [hours.is_open(begin + n * MINUTE) for n in range(len(expected))]
    assert told == expected
    assert hours.elapsed(begin, begin + len(expected) * MINUTE) == sum(expected) * MINUTE


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("form", [SlottedOpenTime, SearchedOpenTime])
def test_both_bulk_forms_agree_with_the_single_one(zone: str, form: type) -> None:
    hours = BusinessHours(timetable(zone, SPLIT, date(2011, 9, 1), date(2012, 4, 30)))
    clock = open_time(hours) if form is SlottedOpenTime else SearchedOpenTime(hours)
    assert isinstance(clock, form)
    first, last = hours.horizon
    instants = np.random.default_rng(7).integers(first, last - 40 * 24 * 60 * MINUTE, 3_000)
    out, scratch = np.empty_like(instants), Scratch.of(len(instants))
    clock.at(instants * 1_000, out, scratch)
    assert out.tolist() == [hours.open_time_at(each) * 1_000 for each in instants.tolist()]
    amount = 500 * MINUTE
    clock.instants(out + amount * 1_000, out, scratch)
    assert out.tolist() == [hours.add(each, amount) * 1_000 for each in instants.tolist()]


def test_a_calendar_on_too_fine_a_grid_is_searched() -> None:
    odd = timetable("UTC", ((9 * HOUR + 7, 18 * HOUR),), date(2000, 1, 1), date(2040, 12, 31))
    assert isinstance(open_time(BusinessHours(odd)), SearchedOpenTime)


def test_a_zone_of_odd_offsets_is_searched_for_business_days_too(edited: Edited) -> None:
    policy = load_policy(
        edited(
            ("time_zone: America/Los_Angeles #", "time_zone: Africa/Monrovia #"),
            ("first: 2000, last: 2040", "first: 1970, last: 2040"),
            ("from: 2000-01-01", "from: 1970-01-01"),
        )
    )
    at = datetime(1971, 6, 4, 12, tzinfo=policy.zone)  # a Friday, 44 minutes and a half from UTC
    due = policy.respond_by(tier="standard", priority="P3", received_at=at)
    assert due.isoformat() == "1971-06-07T18:00:00-00:44:30"
    bulk = policy.respond_by_many("standard", "P3", np.array([to_micros(at) * 1_000]))
    assert bulk.tolist() == [to_micros(due) * 1_000]


def test_openings_of_our_calendars_lie_on_a_grid_of_hours(policy: Policy) -> None:
    for hours in policy.calendars.values():
        edges = np.array([*hours.windows.opens, *hours.windows.closes]) * 1_000
        grid = Grid.through(edges, hours.horizon)
        assert grid.step == HOUR * 1_000_000_000
        assert grid.size < MOST_SLOTS


def test_a_lunch_break_stops_the_clock(edited: Edited) -> None:
    policy = load_policy(edited(('open: ["09:00-18:00"]', 'open: ["09:00-12:30", "13:30-18:00"]')))
    at = datetime.fromisoformat("2026-07-13T12:00:00-07:00")
    due = policy.respond_by(tier="standard", priority="P1", received_at=at)
    assert due.isoformat() == "2026-07-13T14:00:00-07:00"
    row = policy.benefits.row("hours_of_availability")
    assert row.cells["standard"] == "Mon–Fri 09:00–12:30, 13:30–18:00, excluding holidays"


def test_a_short_day_closes_early_for_hours_and_for_business_days(edited: Edited) -> None:
    policy = load_policy(
        edited(("partial: [] # short", 'partial: [{ date: 2026-12-24, open: ["09:00-13:00"] }] #'))
    )
    at = datetime.fromisoformat("2026-12-23T17:30:00-08:00")
    dues = {p: policy.respond_by(tier="standard", priority=p, received_at=at) for p in ("P2", "P3")}
    assert dues["P2"].isoformat() == "2026-12-24T12:30:00-08:00"
    assert dues["P3"].isoformat() == "2026-12-24T13:00:00-08:00"
    (day,) = open_days(policy, "standard", date(2026, 12, 24), date(2026, 12, 24))
    assert (day.open_for, day.note) == (timedelta(hours=4), "hours of its own")


def test_company_holidays_stand_on_top_of_the_country_s(edited: Edited) -> None:
    policy = load_policy(
        edited(
            ("added: []", "added: [{ date: 2026-11-27, name: Day after Thanksgiving }]"),
            ("removed: []", "removed: [2026-10-12]"),
        )
    )
    thursday = datetime.fromisoformat("2026-11-25T17:59:59-08:00")
    columbus = datetime.fromisoformat("2026-10-12T09:00:00-07:00")
    due = policy.respond_by(tier="standard", priority="P1", received_at=thursday)
    assert due.isoformat() == "2026-11-30T09:59:59-08:00"
    due = policy.respond_by(tier="standard", priority="P1", received_at=columbus)
    assert due.isoformat() == "2026-10-12T10:00:00-07:00"


def test_a_subdivision_has_its_own_list() -> None:
    california = HolidayRules("US", "CA", ("public",), 2026, 2026).observed()
    assert date(2026, 11, 27) in california
    assert date(2026, 10, 12) not in california


def test_observed_and_actual_dates_are_one_date_a_holiday() -> None:
    rules = HolidayRules("US", None, ("public",), 2000, 2040)
    observed, actual = rules.observed(), rules.actual()
    dates = {date(2026, 7, 3), date(2027, 6, 18), date(2027, 7, 5), date(2027, 12, 24)}
    dates |= {date(2027, 12, 31), date(2028, 11, 10), date(2029, 11, 12)}
    assert dates <= observed.keys()
    assert not dates & actual.keys()
    assert {date(2026, 7, 4), date(2028, 1, 1)} <= actual.keys()
    assert not {date(2026, 7, 4), date(2028, 1, 1)} & observed.keys()
    assert all(day.weekday() < 5 for day in observed)


def test_substitute_days_elsewhere_replace_their_holidays_too() -> None:
    observed = HolidayRules("GB", "ENG", ("public",), 2021, 2022).observed()
    december = sorted(day.day for day in observed if (day.year, day.month) == (2021, 12))
    assert december == [27, 28]


def test_a_business_day_of_the_repeated_midnight_begins_once() -> None:
    week = (((9 * HOUR, 18 * HOUR),),) * 7
    zone = ZoneInfo("America/Sao_Paulo")
    days = BusinessDays(
        Timetable(zone, week, date(2012, 2, 20), date(2012, 3, 5)), frozenset(range(7))
    )
    assert days.begins == sorted(set(days.begins))
    eve = to_micros(datetime(2012, 2, 25, 23, 30, tzinfo=zone, fold=1))
    assert days.close_of(eve, 1) == to_micros(datetime(2012, 2, 26, 18, tzinfo=zone))


def test_the_calendar_lists_open_hours_day_by_day(policy: Policy) -> None:
    days = list(open_days(policy, "standard", date(2026, 7, 2), date(2026, 7, 4)))
    assert [(str(day.day), day.open_for, day.note) for day in days] == [
        ("2026-07-02", timedelta(hours=9), ""),
        ("2026-07-03", timedelta(), "Independence Day (observed)"),
        ("2026-07-04", timedelta(), ""),
    ]
    (sunday,) = open_days(policy, "premium", date(2026, 11, 1), date(2026, 11, 1))
    assert (sunday.open_for, sunday.note) == (timedelta(hours=25), "clocks go back by 1:00:00")
