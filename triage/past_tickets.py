"""Past tickets from a file: their facts as decided then, or as the current model reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tickets import Fault, InputFaults, Priority, TicketFault, parse_ticket
from tickets.ticket import parse_instant
from triage.row_files import Row, RowFile, open_rows, require_rows

Facts = Mapping[str, object]
Parsed = TypeVar("Parsed")

FACT_COLUMNS = ("facts.{}.value", "facts.{}", "{}")
"""How a flat file may call its facts; the first is how `triage batch` writes them."""


@dataclass(frozen=True)
class PastTicket:
    """A ticket of the past: its facts as written, and what its deadline depends on."""

    id: str
    place: str
    """Where it stands, for faults."""
    facts: Facts
    tier: str | None
    received_at: datetime | None
    final: Priority | None
    """The priority that a person gave it in the end, where the file says so."""
    decided_at: datetime | None


def read_past_tickets(
    path: str, facts: Sequence[str], timezone: ZoneInfo | None = None
) -> list[PastTicket]:
    """Read a file of past tickets, without rows that failed; `InputFaults` for unusable ones.

    Facts stand in columns `facts.NAME.value`, `facts.NAME` or `NAME`, or nested under `facts`.
    Where there are none, the current model reads them from the text.
    """
    file = open_rows(path)
    require_rows(file)
    rows = [row for row in file if not (row.cells.get("error.field") or row.cells.get("error"))]
    read = _facts_of(file, rows, facts)
    return _each(
        file.name,
        zip(rows, read, strict=True),
        lambda pair: pair[0],
        lambda pair: _past_ticket(file.name, pair[0], pair[1], timezone),
    )


def _facts_of(file: RowFile, rows: Sequence[Row], names: Sequence[str]) -> list[Facts]:
    if "facts" in file.columns:
        return [_nested_facts(row.cells, names) for row in rows]
    for column in FACT_COLUMNS:  # a ticket has an `environment` of its own: all must be there
        if all(column.format(name) in file.columns for name in names):
            return [{name: row.cells.get(column.format(name)) for name in names} for row in rows]
    if {"subject", "body"} & set(file.columns):
        return _facts_by_model(file.name, rows)
    remedy = "give columns facts.NAME.value, as `triage batch` writes them, or subject and body"
    raise InputFaults(Fault(file.name, "has neither facts nor texts", remedy))


def _nested_facts(cells: Mapping[str, Any], names: Sequence[str]) -> Facts:
    nested = cells.get("facts")
    given = nested if isinstance(nested, Mapping) else {}
    values = {name: given.get(name) for name in names}
    return {name: v.get("value") if isinstance(v, Mapping) else v for name, v in values.items()}


def _facts_by_model(name: str, rows: Sequence[Row]) -> list[Facts]:
    """Return the likeliest value of each fact, as the current model reads the texts."""
    from triage.desk import Desk

    tickets = _each(
        name, rows, lambda row: row, lambda row: parse_ticket(row.cells, default_id=str(row.number))
    )
    readings = Desk.load().rooms.model.read(tickets)
    return [{fact: read.value for fact, read in reading.facts.items()} for reading in readings]


def _each(
    name: str,
    items: Iterable[Any],
    row_of: Callable[[Any], Row],
    parse: Callable[[Any], Parsed],
) -> list[Parsed]:
    """Parse every item; `InputFaults` with those of all rows."""
    parsed: list[Parsed] = []
    faults: list[Fault] = []
    for item in items:
        row = row_of(item)
        try:
            if row.fault is not None:
                raise row.fault
            parsed.append(parse(item))
        except InputFaults as wrong:
            place = f"{name}, row {row.number}"
            faults += [Fault(f"{place}, {f.place}", f.problem, f.remedy) for f in wrong.faults]
    if faults:
        raise InputFaults(*faults)
    return parsed


def _past_ticket(name: str, row: Row, facts: Facts, timezone: ZoneInfo | None) -> PastTicket:
    cells = row.cells
    return PastTicket(
        id=str(cells.get("id") or row.number),
        place=f"{name}, row {row.number}",
        facts=facts,
        tier=str(cells["tier"]).strip().lower() if cells.get("tier") else None,
        received_at=_instant(cells, timezone, "received_at", "created_at"),
        final=_final(cells),
        decided_at=_instant(cells, timezone, "decided_at", "received_at", "created_at"),
    )


def _instant(cells: Mapping[str, Any], timezone: ZoneInfo | None, *columns: str) -> datetime | None:
    column = next((column for column in columns if cells.get(column)), None)
    return parse_instant(cells[column], field=column, timezone=timezone) if column else None


def _final(cells: Mapping[str, Any]) -> Priority | None:
    column = next((c for c in ("final", "label", "priority") if cells.get(c)), None)
    if column is None:
        return None
    try:
        return Priority.parse(str(cells[column]))
    except ValueError as error:
        raise TicketFault(column, cells[column], str(error), "write P0 to P4") from None
