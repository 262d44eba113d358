"""The corpus that comes with the product, and labelled files of others."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files

from classifier import LabelledTicket, parse_labelled
from classifier.form_fields import is_missing
from tickets import FactSchema, Fault, InputFaults, Priority, TicketFault
from tickets.faults import did_you_mean
from triage.row_files import Row, open_rows, renamed

SHIPPED = str(files("data") / "tickets.jsonl")
"""Tickets as they come in, which everything is measured on."""
PRACTICE = str(files("data") / "practice.jsonl")
"""Tickets written to learn from beside the others, many in groups that differ in what matters."""

MOST_SHOWN = 20
"""Unusable rows named one by one; the rest are counted."""


def load_labelled(
    path: str,
    schema: FactSchema,
    *,
    columns: Mapping[str, str] | None = None,
    label_names: Mapping[str, Priority] | None = None,
    group: str = "",
) -> tuple[list[LabelledTicket], list[str]]:
    """Return the labelled tickets of a row file, and a line for each row that is not one.

    `group` is the column that says which tickets must stay together. `InputFaults` when the file
    cannot be used, or when no row of it can.
    """
    rows = open_rows(path)
    refuse_absent_columns(rows.name, rows.columns, columns or {})
    _refuse_without_labels(rows.name, rows.columns, columns or {})
    _refuse_without_group(rows.name, rows.columns, group)
    tickets: list[LabelledTicket] = []
    faults: list[str] = []
    for row in rows:
        try:
            labelled = parse_row(row, schema, columns or {}, label_names)
        except TicketFault as fault:
            faults.append(f"row {row.number}: {fault}")
        else:
            tickets.append(_grouped(labelled, row.cells.get(group)) if group else labelled)
    if not tickets:
        first = faults[0] if faults else "it has no rows"
        raise InputFaults(Fault(rows.name, f"holds no labelled ticket: {first}"))
    return tickets, faults


def _grouped(labelled: LabelledTicket, value: object) -> LabelledTicket:
    return replace(labelled, group="" if is_missing(value) else str(value).strip())


def name_left_out(faults: Sequence[str]) -> None:
    """Name on standard error the rows that are no labelled ticket."""
    for line in faults[:MOST_SHOWN]:
        print(f"triage: left out {line}", file=sys.stderr)
    if len(faults) > MOST_SHOWN:
        print(f"triage: left out {len(faults) - MOST_SHOWN:,} more rows", file=sys.stderr)


def load_corpus(schema: FactSchema) -> list[LabelledTicket]:
    """Return the tickets that come with the product, all of them sound."""
    return [labelled for path in (SHIPPED, PRACTICE) for labelled in load_labelled(path, schema)[0]]


def parse_row(
    row: Row,
    schema: FactSchema,
    columns: Mapping[str, str],
    label_names: Mapping[str, Priority] | None,
) -> LabelledTicket:
    """Return the labelled ticket of a row; `TicketFault` says why it is none."""
    if row.fault:
        raise row.fault
    cells = renamed(row.cells, columns)
    return parse_labelled(cells, schema, default_id=str(row.number), label_names=label_names)


def _refuse_without_labels(name: str, present: Iterable[str], columns: Mapping[str, str]) -> None:
    """Raise `InputFaults` for a file that has no column of labels."""
    known = list(present)
    if not any(columns.get(ours, ours) in known for ours in ("priority", "label")):
        remedy = f"name it with --column priority=THEIRS; its columns are {', '.join(known)}"
        raise InputFaults(Fault(name, 'has no column "priority" or "label"', remedy))


def _refuse_without_group(name: str, present: Sequence[str], group: str) -> None:
    """Raise `InputFaults` when a file lacks the column to keep tickets together by."""
    if group and group not in present:
        problem = f'{name} has no column "{group}"'
        raise InputFaults(Fault("--group", problem, did_you_mean(group, present)))


def refuse_absent_columns(name: str, present: Iterable[str], columns: Mapping[str, str]) -> None:
    """Raise `InputFaults` for each renamed column that a file lacks, and when it has no text."""
    known = list(present)
    faults = [
        Fault(name, f'has no column "{theirs}"', f"its columns are {', '.join(known)}")
        for theirs in columns.values()
        if theirs not in known
    ]
    has_text = any(columns.get(ours, ours) in known for ours in ("subject", "body"))
    if not has_text and not faults:
        remedy = f"name it with --column body=THEIRS; its columns are {', '.join(known)}"
        faults.append(Fault(name, 'has no column "subject" or "body"', remedy))
    if faults:
        raise InputFaults(*faults)
