"""Response deadlines for a row file: each row gets its `due_at`, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sla import OutsideHorizon, Policy
from tickets import Fault, InputFaults, Priority, TicketFault
from tickets.faults import did_you_mean
from tickets.ticket import TIERS, parse_instant
from triage.row_files import STANDARD, Record, Row, RowFile, file_kind, open_rows, require_rows
from triage.row_output import refuse_same_file, row_writer

COLUMNS = ("tier", "priority", "received_at")
ADDED = ("due_at", "error")
BROKEN = re.compile("[\0\ud800-\udfff]")
"""NUL, and the lone surrogates that mark bytes which were not UTF-8."""
MOST_SHOWN = 20
"""Faulty rows named one by one; the rest are counted."""


@dataclass(frozen=True)
class Case:
    """What a deadline depends on."""

    tier: str
    priority: Priority
    received_at: datetime


@dataclass
class DueReport:
    """What became of the rows of a file."""

    done: int = 0
    failed: int = 0
    shown: list[str] = field(default_factory=list)

    def note(self, row: Row, error: str | None) -> None:
        """Take note of one row."""
        self.done += error is None
        self.failed += error is not None
        if error is not None and len(self.shown) < MOST_SHOWN:
            self.shown.append(f"row {row.number}: {error}")

    def lines(self) -> Iterator[str]:
        """Yield what to tell the user beside the results."""
        if not self.failed:
            return
        yield from self.shown
        if self.failed > len(self.shown):
            yield f"{self.failed - len(self.shown):,} more rows failed"
        yield f"{self.done:,} deadlines written, {self.failed:,} rows failed"


def write_due(source: str, target: str, policy: Policy, timezone: ZoneInfo | None) -> DueReport:
    """Write a row file with `due_at` and `error` added to each row, all of it or nothing.

    A column of the input with one of these names becomes `input.NAME`. `InputFaults` when a file
    cannot be used.
    """
    refuse_same_file(source, target)
    rows = _open(source)
    names = {name: f"input.{name}" if name in ADDED else name for name in rows.columns}
    kind = file_kind(source if target == STANDARD else target)
    report = DueReport()
    with row_writer(target, kind, (*names.values(), *ADDED)) as writer:
        for row in rows:
            due_at, error = _answer(row, policy, timezone)
            report.note(row, error)
            kept = {names.get(name, name): value for name, value in row.cells.items()}
            writer.write([{**kept, "due_at": due_at, "error": error}])
    return report


def parse_case(cells: Mapping[str, Any], timezone: ZoneInfo | None) -> Case:
    """Return the case that a row describes; `InputFaults` with every column that is wrong.

    `timezone` is the zone of receipt times written without an offset.
    """
    parsed: list[Any] = []
    faults: list[Fault] = []
    read_instant = partial(parse_instant, field="received_at", timezone=timezone)
    parsers: tuple[Callable[[str], Any], ...] = (_tier, _priority, read_instant)
    for column, parse in zip(COLUMNS, parsers, strict=True):
        try:
            parsed.append(parse(_text(column, cells.get(column))))
        except InputFaults as wrong:
            faults.extend(wrong.faults)
    if faults:
        raise InputFaults(*faults)
    return Case(*parsed)


def _text(column: str, value: Any) -> str:
    text = "" if value is None else str(value).strip()
    if not text:
        raise TicketFault(column, "", "is missing", f"give the {column} of the ticket")
    return text


def _tier(text: str) -> str:
    if text.lower() not in TIERS:
        raise TicketFault("tier", text, f'unknown tier "{text}"', did_you_mean(text, TIERS))
    return text.lower()


def _priority(text: str) -> Priority:
    try:
        return Priority.parse(text)
    except ValueError:
        remedy = did_you_mean(text, Priority.__members__)
        raise TicketFault("priority", text, f'unknown priority "{text}"', remedy) from None


def _answer(row: Row, policy: Policy, timezone: ZoneInfo | None) -> tuple[str | None, str | None]:
    """Return the deadline of a row, or what is wrong with it."""
    try:
        if row.fault:
            raise row.fault
        _refuse_broken_cells(row.cells)
        case = parse_case(row.cells, timezone)
        return policy.respond_by(**vars(case)).isoformat(), None
    except InputFaults as wrong:
        return None, "; ".join(str(fault) for fault in wrong.faults)
    except OutsideHorizon as wrong:
        return None, f"received_at: {wrong}"


def _refuse_broken_cells(cells: Record) -> None:
    for column, value in cells.items():
        if isinstance(value, str) and BROKEN.search(value):
            problem = "holds bytes that are not UTF-8 text"
            raise TicketFault(column, "broken text", problem, "save the file as UTF-8")


def _open(source: str) -> RowFile:
    rows = open_rows(source)
    require_rows(rows)
    absent = [name for name in COLUMNS if name not in rows.columns]
    if absent:
        found = ", ".join(rows.columns)
        raise InputFaults(
            *(
                Fault(rows.name, f'has no column "{name}"', f"its columns are {found}")
                for name in absent
            )
        )
    return rows
