"""What can be wrong with a policy file beyond its form, all of it found in one go.

Each check looks only at values whose form is sound, so that nothing is reported twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from sla.deadlines import ClockKind
from sla.policy_values import (
    ABBREVIATIONS,
    WEEKDAYS,
    BadValue,
    parse_date,
    parse_holiday_rules,
    parse_shift,
    parse_target,
    parse_zone,
)
from tickets import Fault
from tickets.document import Document, Steps
from tickets.faults import did_you_mean
from tickets.ticket import TIERS

Parsed = TypeVar("Parsed")

_ZONES: tuple[Steps, ...] = (("time_zone",), ("uptime", "month_time_zone"))


def warnings_of(document: Document) -> Iterator[Fault]:
    """Yield what can be understood, but is probably not meant."""
    for path in _ZONES:
        name = _value(document, path)
        if name in ABBREVIATIONS:
            hours, meant = ABBREVIATIONS[name]
            problem = f'warning: "{name}" means UTC{hours:+03}:00 all year, without summer time'
            yield document.fault(path, problem, f"write {meant}")


def faults_of(document: Document) -> Iterator[Fault]:
    """Yield every fault of meaning: values that cannot be, and names that lead nowhere."""
    for path in _ZONES:
        yield from _unreadable(document, path, parse_zone)
    yield from _effective_faults(document)
    yield from _holiday_faults(document)
    for name in _keys(document, ("calendars",)):
        yield from _calendar_faults(document, ("calendars", name))
    yield from _reference_faults(document)
    for priority in _keys(document, ("targets",)):
        for tier in TIERS:
            yield from _target_faults(document, ("targets", priority, tier))


def _effective_faults(document: Document) -> Iterator[Fault]:
    paths: list[Steps] = [("effective", "from"), ("effective", "until")]
    for path in paths:
        yield from _unreadable(document, path, parse_date)
    begins, ends = (_readable(document, path, parse_date) for path in paths)
    if begins and ends and ends < begins:
        yield document.fault(paths[1], f"{ends} comes before {begins}", "correct one of the dates")


def _holiday_faults(document: Document) -> Iterator[Fault]:
    path: Steps = ("holidays",)
    years = _value(document, (*path, "years"))
    if years and years["last"] < years["first"]:
        problem = f"the last year, {years['last']}, comes before the first, {years['first']}"
        yield document.fault((*path, "years"), problem, "swap them")
        return
    dates = [(*path, "added", at, "date") for at in _indexes(document, (*path, "added"))]
    dates += [(*path, "removed", at) for at in _indexes(document, (*path, "removed"))]
    wrong = [fault for each in dates for fault in _unreadable(document, each, parse_date)]
    yield from wrong or _company_faults(document)


def _company_faults(document: Document) -> Iterator[Fault]:
    """Check the list of holidays as a whole, once its dates can be read."""
    section = _value(document, ("holidays",))
    if section is None:
        return
    years = range(section["years"]["first"], section["years"]["last"] + 1)
    for at, entry in enumerate(section.get("added", [])):
        if parse_date(entry["date"]).year not in years:
            problem = f"{entry['date']} lies outside the years {years[0]} to {years[-1]}"
            yield document.fault(("holidays", "added", at), problem, "widen holidays.years")
    try:
        rules = parse_holiday_rules({**section, "removed": []}, {})
        known = {**rules.actual(), **rules.observed()}
    except (NotImplementedError, ValueError) as error:  # what the library raises for its arguments
        remedy = "use ISO 3166 codes, and categories that the holidays library knows"
        yield document.fault(("holidays", "country"), str(error).rstrip("."), remedy)
        return
    for at, text in enumerate(section.get("removed", [])):
        if parse_date(text) not in known:
            yield document.fault(("holidays", "removed", at), f"{text} is no holiday", "remove it")


def _calendar_faults(document: Document, path: Steps) -> Iterator[Fault]:
    open_on: dict[str, list[Steps]] = {day: [] for day in WEEKDAYS}
    for at in _indexes(document, (*path, "weekly")):
        entry: Steps = (*path, "weekly", at)
        for day in _value(document, (*entry, "days")) or ():
            open_on[day].extend(_shift_paths(document, entry))
    for shifts in open_on.values():
        yield from _shift_faults(document, shifts)
    yield from _partial_faults(document, (*path, "partial"))


def _partial_faults(document: Document, path: Steps) -> Iterator[Fault]:
    seen: set[str] = set()
    for at in _indexes(document, path):
        entry: Steps = (*path, at)
        yield from _unreadable(document, (*entry, "date"), parse_date)
        yield from _shift_faults(document, _shift_paths(document, entry))
        day = _value(document, (*entry, "date"))
        if day in seen:
            yield document.fault(entry, f"{day} stands twice", "join the two entries")
        seen.add(day)


def _shift_paths(document: Document, entry: Steps) -> list[Steps]:
    return [(*entry, "open", at) for at in _indexes(document, (*entry, "open"))]


def _shift_faults(document: Document, paths: list[Steps]) -> Iterator[Fault]:
    """Check the shifts of one day."""
    for path in paths:
        yield from _unreadable(document, path, parse_shift)
    shifts = [(_readable(document, path, parse_shift), path) for path in paths]
    in_order = sorted((shift, path) for shift, path in shifts if shift)
    for ((_, closes), earlier), ((opens, _), later) in pairwise(in_order):
        if opens < closes:
            texts = [_value(document, path) for path in (later, earlier)]
            problem = f'"{texts[0]}" overlaps "{texts[1]}"'
            yield document.fault(later, problem, "join them, or part them")


def _reference_faults(document: Document) -> Iterator[Fault]:
    calendars, benefits = (_keys(document, (name,)) for name in ("calendars", "benefits"))
    hours = [("benefits", "hours_of_availability", tier) for tier in TIERS]
    for path in [*hours, ("business_days", "calendar")]:
        yield from _unknown(document, path, "calendar", calendars)
    for channel in _keys(document, ("channels",)):
        yield from _unknown(document, ("channels", channel), "benefit", benefits)


def _unknown(document: Document, path: Steps, noun: str, known: Iterable[str]) -> Iterator[Fault]:
    name = _value(document, path)
    if name is not None and name not in known:
        yield document.fault(path, f'unknown {noun} "{name}"', did_you_mean(name, known))


def _target_faults(document: Document, path: Steps) -> Iterator[Fault]:
    entry = _value(document, path)
    if entry is None:
        return
    try:
        target = parse_target(entry["within"], pauses=entry["pauses"])
    except BadValue as bad:
        yield document.fault((*path, "within"), bad.problem, bad.remedy)
        return
    if target.pauses and target.clock is ClockKind.CALENDAR:
        problem = f'"{target.words}" runs by the calendar clock, which never pauses'
        yield document.fault((*path, "pauses"), problem, 'write "pauses: false"')


def _unreadable(document: Document, path: Steps, parse: Callable[[str], object]) -> Iterator[Fault]:
    text = _value(document, path)
    try:
        if text is not None:
            parse(text)
    except BadValue as bad:
        yield document.fault(path, bad.problem, bad.remedy)


def _readable(document: Document, path: Steps, parse: Callable[[str], Parsed]) -> Parsed | None:
    text = _value(document, path)
    try:
        return None if text is None else parse(text)
    except BadValue:
        return None


def _value(document: Document, path: Steps) -> Any:
    """Return the value at a path; None where there is none, or one whose form is wrong."""
    is_sound = not any(found[: len(path)] == path for found, _ in document.faults)
    return _at(document, path) if is_sound else None


def _at(document: Document, path: Steps) -> Any:
    value = document.values
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _keys(document: Document, path: Steps) -> tuple[str, ...]:
    value = _at(document, path)
    return tuple(value) if isinstance(value, Mapping) else ()


def _indexes(document: Document, path: Steps) -> range:
    value = _at(document, path)
    return range(len(value)) if isinstance(value, list) else range(0)
