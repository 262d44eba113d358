"""A row file of tickets as a user names it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tickets import Fault, InputFaults, Ticket, TicketFault
from triage.batch import MOST_SHOWN, RowForm
from triage.labelled.corpus import refuse_absent_columns
from triage.row_files import Record, Row, RowFile, open_rows, renamed, require_rows


@dataclass
class TicketFile:
    """A file, how its columns are called, and the rows found so far that are no tickets."""

    path: str
    form: RowForm
    failed: list[tuple[int, TicketFault]] = field(default_factory=list)

    def open(self) -> RowFile:
        """Open the file; `InputFaults` when it cannot be used."""
        rows = open_rows(self.path)
        require_rows(rows)
        refuse_absent_columns(rows.name, rows.columns, self.form.columns)
        return rows

    def tickets(self, rows: RowFile) -> Iterator[tuple[Row, Ticket]]:
        """Yield the rows that are tickets; the others are noted."""
        for row in rows:
            parsed = self.form.parse(row)
            if isinstance(parsed, TicketFault):
                self.failed.append((row.number, parsed))
            else:
                yield row, parsed

    def cells(self, row: Row) -> Record:
        """Return the cells of a row under our names."""
        return renamed(row.cells, self.form.columns)

    def nothing_found(self) -> InputFaults:
        """Return what to say when no row was a ticket of the time asked for."""
        problem = "holds no ticket of this time"
        if not self.failed:
            remedy = "see --since and --until, and the column received_at"
            return InputFaults(Fault(self.path, problem, remedy))
        number, first = self.failed[0]
        return InputFaults(Fault(self.path, f"{problem}: row {number}: {first}"))

    def faults(self) -> Iterator[str]:
        """Yield a line for each row that is no ticket, or a number where they are many."""
        yield from (f"left out row {number}: {fault}" for number, fault in self.failed[:MOST_SHOWN])
        if len(self.failed) > MOST_SHOWN:
            yield f"left out {len(self.failed) - MOST_SHOWN:,} more rows"
