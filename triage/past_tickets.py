"""Past tickets from a file: their facts as decided then, or as the current model reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from rules import Ruleset
from rules.facts import parse_facts
from tickets import Fault, InputFaults, Priority, Ticket, TicketFault, parse_ticket
from tickets.faults import did_you_mean
from tickets.ticket import TIERS, parse_instant, text_of
from triage.row_files import Row, RowFile, open_rows, require_rows

Facts = Mapping[str, object]
Given = TypeVar("Given")
Parsed = TypeVar("Parsed")

FACT_COLUMNS = ("facts.{}.value", "facts.{}", "{}")
"""How a flat file may call its facts; the first is how `triage batch` writes them."""
MOST_SHOWN = 20
"""Faulty rows named one by one; the rest are counted."""


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


@dataclass(frozen=True)
class PastTickets:
    """The past tickets of a file, and why its other rows are none."""

    tickets: tuple[PastTicket, ...]
    faults: tuple[tuple[int, InputFaults], ...]
    """What is wrong with rows, by their numbers."""
    unassessed: int
    """Rows that `triage batch` could not assess, and wrote with their error."""

    @property
    def is_whole(self) -> bool:
        """Tell whether no row was left out."""
        return not self.faults and not self.unassessed

    def lines(self) -> Iterator[str]:
        """Yield a line for each fault of a row that was left out, or a number where many were."""
        for number, wrong in self.faults[:MOST_SHOWN]:
            yield from (f"left out row {number}: {fault}" for fault in wrong.faults)
        if len(self.faults) > MOST_SHOWN:
            yield f"left out {len(self.faults) - MOST_SHOWN:,} more rows"
        if self.unassessed:
            yield f"left out {self.unassessed:,} rows that `triage batch` could not assess"


def read_past_tickets(
    path: str, rulesets: Sequence[Ruleset], timezone: ZoneInfo | None = None
) -> PastTickets:
    """Read a file of past tickets; rows whose facts a ruleset cannot use are left out as well.

    Facts stand in columns `facts.NAME.value`, `facts.NAME` or `NAME`, or nested under `facts`.
    Where there are none, the current model reads them from the text. `InputFaults` when the file
    cannot be used, or no row of it can.
    """
    file = open_rows(path)
    require_rows(file)
    reading = _Reading(file, rulesets, timezone)
    rows = list(file)
    assessed = [row for row in rows if not (row.cells.get("error.field") or row.cells.get("error"))]
    tickets = reading.tickets(assessed)
    past = PastTickets(tuple(tickets), tuple(reading.faults), len(rows) - len(assessed))
    if not tickets:
        first = next(past.lines())
        raise InputFaults(Fault(file.name, f"holds no past ticket: {first}"))
    return past


@dataclass
class _Reading:
    """A file being read, and what was found wrong with its rows."""

    file: RowFile
    rulesets: Sequence[Ruleset]
    timezone: ZoneInfo | None
    faults: list[tuple[int, InputFaults]] = field(default_factory=list)

    def tickets(self, rows: Sequence[Row]) -> list[PastTicket]:
        """Return the past tickets of the rows that hold one."""
        found = self._each(self._facts_of(rows), self._past_ticket)
        self.faults.sort(key=lambda numbered: numbered[0])
        return [ticket for _, ticket in found]

    def _facts_of(self, rows: Sequence[Row]) -> list[tuple[Row, Facts]]:
        names = tuple(dict.fromkeys(n for ruleset in self.rulesets for n in ruleset.schema.names))
        columns = set(self.file.columns)
        if "facts" in columns:
            return [(row, _nested_facts(row.cells, names)) for row in rows]
        for column in FACT_COLUMNS:  # a ticket has an `environment` of its own: all must be there
            if all(column.format(name) in columns for name in names):
                return [(row, {n: row.cells.get(column.format(n)) for n in names}) for row in rows]
        if {"subject", "body"} & columns:
            return self._facts_by_model(rows)
        remedy = "give columns facts.NAME.value, as `triage batch` writes them, or subject and body"
        raise InputFaults(Fault(self.file.name, "has neither facts nor texts", remedy))

    def _facts_by_model(self, rows: Sequence[Row]) -> list[tuple[Row, Facts]]:
        """Return the likeliest value of each fact, as the current model reads the texts."""
        from triage.desk import Desk

        sound = self._each(((row, None) for row in rows), self._ticket)
        if not sound:
            return []
        readings = Desk.load().rooms.model.read([ticket for _, ticket in sound])
        return [
            (row, {name: fact.value for name, fact in reading.facts.items()})
            for (row, _), reading in zip(sound, readings, strict=True)
        ]

    def _each(
        self, pairs: Iterable[tuple[Row, Given]], parse: Callable[[Row, Given], Parsed]
    ) -> list[tuple[Row, Parsed]]:
        """Parse what is given of each row; leave out, with its faults noted, what is wrong."""
        parsed = []
        for row, given in pairs:
            try:
                if row.fault is not None:
                    raise row.fault
                parsed.append((row, parse(row, given)))
            except InputFaults as wrong:
                self.faults.append((row.number, wrong))
        return parsed

    def _ticket(self, row: Row, _: None) -> Ticket:
        return parse_ticket(row.cells, default_id=str(row.number), timezone=self.timezone)

    def _past_ticket(self, row: Row, facts: Facts) -> PastTicket:
        cells = row.cells
        ticket = PastTicket(
            id=str(cells.get("id") or row.number),
            place=f"{self.file.name}, row {row.number}",
            facts=facts,
            tier=_tier(cells),
            received_at=_instant(cells, self.timezone, "received_at", "created_at"),
            final=_final(cells),
            decided_at=_instant(cells, self.timezone, "decided_at", "received_at", "created_at"),
        )
        for ruleset in self.rulesets:
            parse_facts(ruleset, facts)
        return ticket


def _nested_facts(cells: Mapping[str, Any], names: Sequence[str]) -> Facts:
    nested = cells.get("facts")
    given = nested if isinstance(nested, Mapping) else {}
    values = {name: given.get(name) for name in names}
    return {name: v.get("value") if isinstance(v, Mapping) else v for name, v in values.items()}


def _tier(cells: Mapping[str, Any]) -> str | None:
    tier = text_of(cells, "tier").strip().lower()
    if tier and tier not in TIERS:
        raise TicketFault("tier", tier, f'unknown tier "{tier:.40}"', did_you_mean(tier, TIERS))
    return tier or None


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
