"""Deadlines, the policy and its calendars as people read them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.table import Table

from sla import Policy
from sla.clock import ClockState
from sla.explanation import Explanation
from sla.open_days import OpenDay
from sla.reprocess import Move
from sla.status_page import StatusPage
from sla.uptime import MonthlyUptime
from tickets import Priority, Response
from triage.commands.printed import written


def plain(value: Any) -> Any:
    """Return a noun of the sla room as plain values for JSON: times in ISO 8601, durations in s."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, Priority):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)
    return value


def response_lines(response: Response) -> Iterator[str]:
    """Yield a response deadline and what is said beside it."""
    yield f"due        {written(response.due_at)}"
    yield f"target     {response.target} ({response.clock.replace('_', ' ')} clock)"
    if response.staffed_due_at:
        yield f"staffed    {written(response.staffed_due_at)}  (the same time in opening hours)"
    if response.outside_availability:
        yield "note       received outside the hours of availability"
    for priority, due in response.if_priority.items():
        yield f"if {priority}      {written(due)}"


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Yield a deadline, its clause, and how its clock got there."""
    yield f"received   {written(explanation.received_at)}"
    yield f"due        {written(explanation.due_at)}"
    yield f"target     {explanation.target} ({explanation.clock.replace('_', ' ')} clock)"
    yield f'clause     "{explanation.row.source}"'
    for reading in explanation.readings:
        yield f"read as    {reading}"
    for stretch in explanation.stretches:
        times = f"{written(stretch.begins_at)} to {written(stretch.ends_at)}"
        yield f"open       {times}  {stretch.counted}, {stretch.total} in all"
    for skipped in explanation.skipped:
        yield f"skipped    {skipped.day:%a %Y-%m-%d}  {skipped.because}"


def policy_table(policy: Policy, tiers: Sequence[str]) -> Table:
    """Return the policy as the table of its source."""
    table = Table(title=f"{policy.edition.title}, policy {policy.version}", title_justify="left")
    table.add_column("Benefit")
    for tier in tiers:
        table.add_column(policy.tiers[tier])
    for row in policy.benefits.rows:
        table.add_row(row.label, *(row.cells[tier] for tier in tiers))
    return table


def policy_record(policy: Policy, tiers: Sequence[str]) -> dict[str, Any]:
    """Return all that the policy says of some tiers, each entry with its source."""
    rows = [
        {**plain(row), "cells": {tier: row.cells[tier] for tier in tiers}}
        for row in policy.benefits.rows
    ]
    return {
        "title": policy.edition.title,
        "version": policy.version,
        "effective_from": plain(policy.edition.effective_from),
        "effective_until": plain(policy.edition.effective_until),
        "time_zone": str(policy.zone),
        "rows": rows,
        "channels": dict(policy.benefits.channels),
        "readings": dict(policy.readings),
        "resources": [plain(entry.resource) for entry in policy.helps],
    }


def resource_lines(policy: Policy) -> Iterator[str]:
    """Yield the resources of the policy with their addresses."""
    for entry in policy.helps:
        yield f"{entry.resource.name}: {entry.resource.url}"


def calendar_table(days: Iterable[OpenDay]) -> Table:
    """Return the open hours of each day, and their sum."""
    table = Table(box=None, pad_edge=False)
    for heading in ("date", "open", "for", "note"):
        table.add_column(heading)
    total = timedelta()
    for day in days:
        total += day.open_for
        open_hours = ", ".join(_span(*window, day.day) for window in day.open) or "closed"
        table.add_row(f"{day.day:%a %Y-%m-%d}", open_hours, _hours(day.open_for), day.note)
    table.add_row("", "", _hours(total), "in all")
    return table


def _span(opens: datetime, closes: datetime, day: date) -> str:
    closing = f"{closes:%H:%M}" if closes.date() == day else "24:00"
    return f"{opens:%H:%M}–{closing}"


def _hours(duration: timedelta) -> str:
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    text = f"{minutes // 60}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text


def uptime_lines(uptime: MonthlyUptime, page: StatusPage) -> Iterator[str]:
    """Yield a month's uptime against its target, and the outages behind it."""
    verdict = "met" if uptime.is_met else "missed"
    yield f"{uptime.month}    {uptime.percent} %, target {uptime.target_percent} % {verdict}"
    yield f"bad        {uptime.bad_periods} of {uptime.periods:,} periods"
    yield f"allowed    {uptime.allowed_periods}, of which {uptime.left_periods} left"
    yield f"down       {uptime.unavailable} counted, {uptime.excluded} excluded"
    names = {incident.id: incident.name for incident in page.incidents}
    for outage in uptime.outages:
        behind = "; ".join(f"{names[each]} [{each}]" for each in outage.incidents)
        yield f"outage     {written(outage.begins_at)} to {written(outage.ends_at)}  {behind}"


def moves_table(moves: Iterable[Move]) -> Table:
    """Return the tickets whose deadline or standing changes, before and after."""
    table = Table(box=None, pad_edge=False)
    for heading in ("ticket", "priority", "due", "standing", "would be due", "and stand"):
        table.add_column(heading)
    for move in moves:
        states = (move.before, move.after)
        cells = [cell for state in states for cell in (_due(state), _standing(state))]
        table.add_row(move.ticket_id, str(move.before.priority), *cells)
    return table


def _due(state: ClockState) -> str:
    return written(state.progress.due_at) if state.progress else "-"


def _standing(state: ClockState) -> str:
    return str(state.standing).replace("_", " ")
