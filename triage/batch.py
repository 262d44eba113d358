"""Many rows through the desk: each becomes an assessment or keeps its id with an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from tickets import Assessment, Ticket, TicketFault, parse_ticket
from tickets.ticket import ALTERNATIVES, has_value, ticket_id
from triage.desk import Desk
from triage.flat import carried_names, flat_columns, flat_record
from triage.row_files import Record, Row, refuse_long_cells, renamed

CHUNK = 500
"""Rows worked through at once: enough for arrays to pay, few enough to stay small in memory."""
LONGEST_CHUNK = 4_000_000
"""Characters of a chunk from which on it takes no further row, so that long rows come singly."""
MOST_SHOWN = 20
"""Faulty rows named one by one in a report; the rest are counted."""


@dataclass(frozen=True)
class RowForm:
    """How rows are to be read: their column names, what stands in for missing values."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Their column name for each of ours that differs."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    timezone: ZoneInfo | None = None

    def parse(self, row: Row) -> Ticket | TicketFault:
        """Return the ticket of a row, or what is wrong with the row."""
        if row.fault:
            return row.fault
        cells = renamed(row.cells, self.columns)
        for name, value in self.defaults.items():
            if not any(has_value(cells, given) for given in ALTERNATIVES.get(name, (name,))):
                cells[name] = value
        try:
            refuse_long_cells(row.cells)
            return parse_ticket(cells, default_id=str(row.number), timezone=self.timezone)
        except TicketFault as fault:
            return fault

    def row_id(self, row: Row) -> str:
        """Return the id under which a row is reported, whatever is wrong with it."""
        cells = renamed(row.cells, self.columns)
        try:
            return ticket_id(cells, default=str(row.number))
        except TicketFault:  # the id itself is what is wrong; it is kept all the same
            return str(cells["id"])


@dataclass
class Report:
    """What became of the rows of a batch."""

    done: int = 0
    failed: int = 0
    shown: list[str] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)

    @property
    def doubled_ids(self) -> list[str]:
        """Ids that stand in more than one row."""
        return [row_id for row_id, count in self.ids.items() if count > 1]

    def lines(self) -> Iterator[str]:
        """Yield what to tell the user beside the results."""
        yield from self.shown
        if self.failed > len(self.shown):
            yield f"{self.failed - len(self.shown):,} more rows failed"
        if doubled := self.doubled_ids:
            named = ", ".join(doubled[:MOST_SHOWN])
            yield f"{len(doubled):,} ids stand in more than one row (kept): {named}"
        if self.failed:
            yield f"{self.done:,} tickets assessed, {self.failed:,} rows failed"

    def count(self, row: Row, assessment: Assessment) -> None:
        """Take note of one row."""
        self.ids[assessment.id] += 1
        if assessment.error is None:
            self.done += 1
            return
        self.failed += 1
        if len(self.shown) < MOST_SHOWN:
            error = assessment.error
            self.shown.append(
                f"row {row.number} (id {assessment.id}): {error['field']}: {error['problem']}"
                f" ({error['remedy']})"
            )


@dataclass(frozen=True)
class Portion:
    """Rows worked through at once, and the ticket of each or what is wrong with it."""

    rows: Sequence[Row]
    parsed: Sequence[Ticket | TicketFault]

    @property
    def tickets(self) -> list[Ticket]:
        """The tickets of the rows that hold one."""
        return [ticket for ticket in self.parsed if isinstance(ticket, Ticket)]


class Assessor(Protocol):
    """Whoever assesses the tickets of a batch: this process, or a cluster."""

    def assess(self, portions: Iterable[Portion]) -> Iterator[tuple[Portion, list[Assessment]]]:
        """Yield each portion, in order, with the assessments of its tickets."""
        ...


@dataclass(frozen=True)
class LocalAssessor:
    """This process itself."""

    desk: Desk

    def assess(self, portions: Iterable[Portion]) -> Iterator[tuple[Portion, list[Assessment]]]:
        """Yield each portion with the assessments of its tickets."""
        for portion in portions:
            yield portion, self.desk.assess_many(portion.tickets)


def assess_rows(
    rows: Iterable[Row], desk: Desk, form: RowForm, assessor: Assessor | None = None
) -> Iterator[tuple[Row, Assessment]]:
    """Yield each row with its assessment, in order; by default, by this process itself."""
    assessor = assessor or LocalAssessor(desk)
    for portion, assessments in assessor.assess(_portions(rows, form)):
        sound = iter(assessments)
        for row, ticket in zip(portion.rows, portion.parsed, strict=True):
            if isinstance(ticket, Ticket):
                yield row, next(sound)
            else:
                yield row, failed(form.row_id(row), ticket, desk)


def _portions(rows: Iterable[Row], form: RowForm) -> Iterator[Portion]:
    for chunk in chunks(rows):
        yield Portion(chunk, [form.parse(row) for row in chunk])


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows in the portions that are worked through at once."""
    chunk: list[Row] = []
    length = 0
    for row in rows:
        chunk.append(row)
        length += sum(len(cell) for cell in row.cells.values() if isinstance(cell, str))
        if len(chunk) == CHUNK or length >= LONGEST_CHUNK:
            yield chunk
            chunk, length = [], 0
    if chunk:
        yield chunk


def failed(row_id: str, fault: TicketFault, desk: Desk) -> Assessment:
    """Return what stands in the place of an assessment for a row that is no ticket."""
    return Assessment(
        id=row_id,
        suggestion=None,
        entitlement=None,
        response=None,
        versions=desk.rooms.versions,
        error=fault.as_record(),
    )


@dataclass(frozen=True)
class Shape:
    """How an assessment and the columns that travel along become one output record."""

    columns: tuple[str, ...]
    """Of the flat form: first those of the assessment, then those that travel along."""
    own: tuple[str, ...]
    carried: Mapping[str, str]
    """Output name of each input column that travels along."""

    @classmethod
    def of(
        cls, input_columns: Sequence[str], desk: Desk, *, is_flat: bool, id_column: str = "id"
    ) -> Shape:
        """Return the shape for an input; nested records have fewer names to collide with."""
        own = flat_columns(desk.rooms.ruleset.schema)
        taken = own if is_flat else tuple(dict.fromkeys(name.split(".")[0] for name in own))
        carried = carried_names(input_columns, taken, id_column)
        return cls((*own, *carried.values()), own, carried)

    def flat(self, row: Row, assessment: Assessment) -> dict[str, Any]:
        """Return one record of the CSV and Parquet forms."""
        return {**flat_record(assessment, self.own), **self._carry(row)}

    def nested(self, row: Row, assessment: Assessment) -> dict[str, Any]:
        """Return one record of the JSON Lines form."""
        return {**assessment.as_record(), **self._carry(row)}

    def _carry(self, row: Row) -> Record:
        return {name: row.cells.get(column) for column, name in self.carried.items()}


def run_batch(
    results: Iterator[tuple[Row, Assessment]],
    write: Callable[[Sequence[Record]], None],
    make: Callable[[Row, Assessment], Record],
    advance: Callable[[int], None],
) -> Report:
    """Write the records that `make` makes of results, and return what became of the rows.

    `advance` is told how many more rows are done.
    """
    report = Report()
    while chunk := list(islice(results, CHUNK)):
        for row, assessment in chunk:
            report.count(row, assessment)
        write([make(row, assessment) for row, assessment in chunk])
        advance(len(chunk))
    return report
