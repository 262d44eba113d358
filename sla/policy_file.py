"""The policy file: read, found sound as a whole, and turned into a policy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sla.business_hours import WHOLE_DAY, BusinessDays, BusinessHours, Shift, Timetable
from sla.deadlines import Target
from sla.policy import Benefits, Edition, Help, Policy, Row
from sla.policy_faults import faults_of, warnings_of
from sla.policy_values import (
    WEEKDAYS,
    parse_date,
    parse_holiday_rules,
    parse_shift,
    parse_target,
    parse_zone,
)
from sla.uptime import UptimeTerms
from tickets import Fault, Priority, Resource
from tickets.document import read_document

SHIPPED = Path(__file__).with_name("policy.yaml")
SCHEMA = Path(__file__).with_name("policy.schema.json")

Values = Mapping[str, Any]


def load_policy(
    path: str | Path | None = None, *, added_holidays: Mapping[date, str] | None = None
) -> Policy:
    """Return the policy of a file, by default the one shipped; `InputFaults` with all its faults.

    `added_holidays` closes further dates, as if the file listed them.
    """
    document = read_document(Path(path or SHIPPED), json.loads(SCHEMA.read_text("utf-8")))
    faults, warnings = list(faults_of(document)), tuple(warnings_of(document))
    if faults or document.faults:
        document.refuse_if(*faults, *warnings)
    return _policy(document.values, added_holidays or {}, warnings)


def _policy(values: Values, added: Mapping[date, str], warnings: tuple[Fault, ...]) -> Policy:
    tiers: Mapping[str, str] = values["tiers"]
    timetables = _timetables(values, added)
    days = values["business_days"]
    return Policy(
        edition=_edition(values),
        zone=parse_zone(values["time_zone"]),
        tiers=tiers,
        calendars={name: BusinessHours(timetable) for name, timetable in timetables.items()},
        calendar_of_tier={
            tier: values["benefits"]["hours_of_availability"][tier] for tier in tiers
        },
        business_days=BusinessDays(timetables[days["calendar"]], _weekday_numbers(days["days"])),
        targets={tier: _targets(values["targets"], tier) for tier in tiers},
        at_risk_share=values["at_risk_share"],
        benefits=_benefits(values, timetables),
        helps=tuple(_help(entry) for entry in values["resources"].values()),
        uptime=_uptime_terms(values),
        readings=_readings(values),
        warnings=warnings,
    )


def _edition(values: Values) -> Edition:
    until = values["effective"]["until"]
    # Holidays count by their dates, which the policy adds: how they are listed makes no difference.
    said = {**values, "holidays": values["holidays"]["years"]}
    return Edition(
        title=values["title"],
        name=values["version"],
        effective_from=parse_date(values["effective"]["from"]),
        effective_until=parse_date(until) if until is not None else None,
        digest=hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest(),
    )


def _timetables(values: Values, added: Mapping[date, str]) -> dict[str, Timetable]:
    rules = parse_holiday_rules(values["holidays"], added)
    dates = {"observed": rules.observed(), "actual": rules.actual(), "none": {}}
    return {
        name: Timetable(
            zone=parse_zone(values["time_zone"]),
            weekly=_weekly(calendar["weekly"]),
            first_day=date(rules.first_year, 1, 1),
            last_day=date(rules.last_year, 12, 31),
            holidays=dates[calendar["holidays"]],
            partial={
                parse_date(entry["date"]): _shifts(entry["open"])
                for entry in calendar.get("partial", [])
            },
        )
        for name, calendar in values["calendars"].items()
    }


def _weekly(entries: Iterable[Values]) -> tuple[tuple[Shift, ...], ...]:
    open_on: dict[str, list[str]] = {day: [] for day in WEEKDAYS}
    for entry in entries:
        for day in entry["days"]:
            open_on[day].extend(entry["open"])
    return tuple(_shifts(texts) for texts in open_on.values())


def _shifts(texts: Iterable[str]) -> tuple[Shift, ...]:
    return tuple(sorted(parse_shift(text) for text in texts))


def _weekday_numbers(days: Iterable[str]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(day) for day in days)


def _targets(rows: Values, tier: str) -> dict[Priority, Target]:
    return {
        Priority.parse(name): parse_target(row[tier]["within"], pauses=row[tier]["pauses"])
        for name, row in rows.items()
    }


def _benefits(values: Values, timetables: Mapping[str, Timetable]) -> Benefits:
    benefits, targets, tiers = values["benefits"], values["targets"], values["tiers"]
    hours = {name: _hours_in_words(timetable) for name, timetable in timetables.items()}
    return Benefits(
        rows=tuple(
            [
                _row(id_, row, {tier: _cell(row[tier], hours) for tier in tiers})
                for id_, row in benefits.items()
            ]
            + [
                _row(id_, row, {tier: row[tier]["within"] for tier in tiers})
                for id_, row in targets.items()
            ]
        ),
        included={
            tier: frozenset(id_ for id_, row in benefits.items() if row[tier]) for tier in tiers
        },
        channels=values["channels"],
    )


def _row(row_id: str, row: Values, cells: Mapping[str, str]) -> Row:
    return Row(row_id, row["label"], cells, row["source"], row.get("reading", ""))


def _cell(value: str | float | bool, hours: Mapping[str, str]) -> str:
    if isinstance(value, str):
        return hours[value]
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return f"{value} %"


def _hours_in_words(timetable: Timetable) -> str:
    """Say the hours of a week, days of equal hours together: `Mon–Fri 09:00–18:00`."""
    spans: list[tuple[int, int, tuple[Shift, ...]]] = []
    for day, shifts in enumerate(timetable.weekly):
        if spans and spans[-1][2] == shifts:
            spans[-1] = (spans[-1][0], day, shifts)
        else:
            spans.append((day, day, shifts))
    week = "; ".join(_span_in_words(*span) for span in spans if span[2])
    words = "24/7" if spans == [(0, 6, (WHOLE_DAY,))] else week or "never"
    return f"{words}, excluding holidays" if timetable.holidays else words


def _span_in_words(first: int, last: int, shifts: tuple[Shift, ...]) -> str:
    days = WEEKDAYS[first].title() + (f"–{WEEKDAYS[last].title()}" if last > first else "")
    return f"{days} " + ", ".join(f"{_clock(opens)}–{_clock(closes)}" for opens, closes in shifts)


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{second:02}" if second else text


def _help(entry: Values) -> Help:
    return Help(
        Resource(entry["name"], entry["url"], entry["because"]),
        tuple(
            {fact: frozenset(values) for fact, values in condition.items()}
            for condition in entry["helps_when"]
        ),
    )


def _uptime_terms(values: Values) -> UptimeTerms:
    terms, promised = values["uptime"], values["benefits"]["uptime_sla"]
    return UptimeTerms(
        targets={tier: Decimal(str(promised[tier])) for tier in values["tiers"]},
        period_minutes=terms["period_minutes"],
        counts=terms["counts"],
        zone=parse_zone(terms["month_time_zone"]),
        components=frozenset(terms["components"]),
        unavailable=frozenset(terms["unavailable"]),
        unavailable_impacts=frozenset(terms["unavailable_impacts"]),
        exclusions=terms["exclusions"],
    )


def _readings(values: Values) -> dict[str, str]:
    entries = {
        **values["calendars"],
        "holidays": values["holidays"],
        "business_days": values["business_days"],
        "uptime": values["uptime"],
    }
    return {name: entry["reading"] for name, entry in entries.items() if "reading" in entry}
