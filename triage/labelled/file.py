"""A labelled file with everything that stands in its rows, ours or a customer's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket
from classifier.features import ticket_text
from classifier.form_fields import is_missing
from classifier.labelled import parse_label
from tickets import FactSchema, Fault, InputFaults, Priority, TicketFault
from triage.labelled.corpus import parse_row, refuse_absent_columns
from triage.row_files import Record, RowFile, open_rows, renamed, require_rows

Numbers = npt.NDArray[np.int64]

TEXT = ("subject", "body")
LABELS = ("priority", "label")
FEWEST_WRITERS = 5
"""With fewer, holding out writers leaves too little to learn from."""
FIRST_LABEL = "first_priority"
"""Where a label was changed on review, the one that the ticket had before."""
OF_DECISIONS = ("decision", "suggested", "is_blind", "decided_at", "decided_by", "weight")
"""What `triage feedback labels` tells of how a label came about."""
ANNOTATIONS = ("facts", "evidence", "writer", "split", "difficulty", FIRST_LABEL, *OF_DECISIONS)
"""Made with the label, not by the customer or the desk."""


@dataclass(frozen=True)
class LabelledRow:
    """One usable row: its number in the file, its cells under our names, and what they mean."""

    number: int
    cells: Record
    labelled: LabelledTicket

    def place(self) -> dict[str, Any]:
        """Return where the row is found again."""
        return {"row": self.number, "id": self.labelled.ticket.id}

    @property
    def first_priority(self) -> Priority:
        """The label before any review."""
        if is_missing(self.cells.get(FIRST_LABEL)):
            return self.labelled.priority
        return parse_label({"priority": self.cells[FIRST_LABEL]})

    @property
    def text(self) -> str:
        """Subject and body as received."""
        ticket = self.labelled.ticket
        return f"{ticket.subject}\n{ticket.body}"


@dataclass(frozen=True)
class LabelledFile:
    """The usable rows of a file, and why the others are not."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[LabelledRow, ...]
    faults: tuple[tuple[int, TicketFault], ...]
    schema: FactSchema

    @property
    def tickets(self) -> list[LabelledTicket]:
        """The labelled tickets."""
        return [row.labelled for row in self.rows]

    @cached_property
    def said(self) -> list[str]:
        """What the customers say, without markup, threads and signatures."""
        return [ticket_text(labelled.ticket).clean.text for labelled in self.tickets]

    @property
    def form_fields(self) -> tuple[str, ...]:
        """The columns that are neither text nor label nor made with the label."""
        apart = {*TEXT, *LABELS, *ANNOTATIONS}
        return tuple(column for column in self.columns if column not in apart)

    def cells(self, column: str) -> list[Any]:
        """Return one column of the usable rows."""
        return [row.cells.get(column) for row in self.rows]


def read_labelled_file(
    path: str,
    schema: FactSchema,
    columns: Mapping[str, str],
    label_names: Mapping[str, Priority],
) -> LabelledFile:
    """Read a labelled file; `InputFaults` when it cannot be used, or no row of it can."""
    source = open_rows(path)
    require_rows(source)
    refuse_absent_columns(source.name, source.columns, columns)
    rows: list[LabelledRow] = []
    faults: list[tuple[int, TicketFault]] = []
    for row in source:
        try:
            labelled = parse_row(row, schema, columns, label_names)
        except TicketFault as fault:
            faults.append((row.number, fault))
        else:
            rows.append(LabelledRow(row.number, renamed(row.cells, columns), labelled))
    if not rows:
        number, first = faults[0]
        raise InputFaults(Fault(source.name, f"holds no labelled ticket: row {number}: {first}"))
    names = tuple(_our_names(source, columns))
    return LabelledFile(source.name, names, tuple(rows), tuple(faults), schema)


def _our_names(source: RowFile, columns: Mapping[str, str]) -> Iterator[str]:
    ours = {theirs: ours for ours, theirs in columns.items()}
    return (ours.get(column, column) for column in source.columns)


def groups(file: LabelledFile, families: Numbers) -> Numbers:
    """Return what must stay together when some tickets are held out: a writer, or near copies."""
    writers = [row.labelled.writer for row in file.rows]
    numbers = {writer: number for number, writer in enumerate(dict.fromkeys(writers))}
    if len(numbers) >= FEWEST_WRITERS:
        return np.array([numbers[writer] for writer in writers])
    return families
