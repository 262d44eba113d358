"""Single values of a policy file, as people write them: dates, hours, time zones, targets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sla.business_hours import Shift
from sla.closures import HolidayRules
from sla.deadlines import ClockKind, Target
from sla.instants import MINUTE
from tickets.faults import did_you_mean

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ABBREVIATIONS = {
    "PST": (-8, "America/Los_Angeles"),
    "PDT": (-7, "America/Los_Angeles"),
    "MST": (-7, "America/Denver"),
    "MDT": (-6, "America/Denver"),
    "CST": (-6, "America/Chicago"),
    "CDT": (-5, "America/Chicago"),
    "EST": (-5, "America/New_York"),
    "EDT": (-4, "America/New_York"),
}
"""Names of one UTC offset all year: its hours, and the zone that was probably meant."""

_UNITS = {
    "minute": (ClockKind.CALENDAR, MINUTE),
    "hour": (ClockKind.CALENDAR, 60 * MINUTE),
    "business minute": (ClockKind.BUSINESS, MINUTE),
    "business hour": (ClockKind.BUSINESS, 60 * MINUTE),
    "business day": (ClockKind.BUSINESS_DAYS, 1),
}
_DURATION = re.compile(r"([1-9]\d{0,4}) (.+?)s?")


class BadValue(ValueError):  # noqa: N818 - it becomes a fault with the place of the value
    """A value that cannot be understood: the problem and the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} ({remedy})")
        self.problem = problem
        self.remedy = remedy


def parse_date(text: str) -> date:
    """Return the date written as 2026-07-03; `BadValue` for one that does not exist."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadValue(f'"{text}" is no date', "write dates as 2026-07-03") from None


def parse_shift(text: str) -> Shift:
    """Return opening and closing time, in seconds after midnight, of `09:00-18:00`."""
    opens, closes = (_seconds(part) for part in text.split("-"))
    if closes <= opens:
        raise BadValue(
            f'"{text}" ends before it starts',
            "a shift over midnight is two: until 24:00, and from 00:00 on the next day",
        )
    return opens, closes


def parse_zone(name: str) -> tzinfo:
    """Return the time zone of an IANA name, or the fixed offset of an abbreviation such as PST."""
    if name in ABBREVIATIONS:
        hours, _ = ABBREVIATIONS[name]
        return timezone(timedelta(hours=hours), name)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not known, not a key, the name of a folder
        pass
    example = "use an IANA name such as America/Los_Angeles"
    remedy = did_you_mean(name, available_timezones(), example)
    raise BadValue(f'unknown time zone "{name}"', remedy)


def parse_target(words: str, *, pauses: bool) -> Target:
    """Return the target written as `30 minutes`, `4 business hours` or `next business day`."""
    counted = words.replace("next business day", "1 business day")
    duration = _DURATION.fullmatch(counted)
    if duration is None:
        raise BadValue(
            f'"{words}" is no duration', "write it as 30 minutes, 4 business hours, 2 business days"
        )
    count, unit = duration.groups()
    if unit not in _UNITS:
        raise BadValue(f'unknown unit "{unit}"', did_you_mean(unit, _UNITS))
    clock, factor = _UNITS[unit]
    return Target(words, clock, int(count) * factor, pauses)


def parse_holiday_rules(
    section: Mapping[str, Any], added_holidays: Mapping[date, str]
) -> HolidayRules:
    """Return the rules of a policy's section on holidays, with further dates on top."""
    return HolidayRules(
        country=section["country"],
        subdivision=section.get("subdivision"),
        categories=tuple(section.get("categories", ["public"])),
        first_year=section["years"]["first"],
        last_year=section["years"]["last"],
        added={
            **{parse_date(entry["date"]): entry["name"] for entry in section.get("added", [])},
            **added_holidays,
        },
        removed=frozenset(parse_date(day) for day in section.get("removed", [])),
    )


def _seconds(clock_time: str) -> int:
    hours, minutes, *seconds = (int(part) for part in clock_time.split(":"))
    return hours * 3600 + minutes * 60 + sum(seconds)
