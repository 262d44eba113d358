"""Batches from file to file, or to a table on the screen."""

from __future__ import annotations

from classifier import Reader
from tickets import Assessment
from triage.batch import Report, RowForm, Shape, assess_rows, run_batch
from triage.corpus import refuse_absent_columns
from triage.desk import Desk
from triage.printed import assessment_table, table_console
from triage.progress import progress_bar
from triage.row_files import Row, RowFile, file_kind, open_rows, require_rows
from triage.row_output import refuse_same_file, row_writer


def batch_to_file(source: str, target: str, form: RowForm, reader: Reader) -> Report:
    """Assess a row file into another; `InputFaults` before anything is written or when it fails."""
    kind = file_kind(target)
    refuse_same_file(source, target)
    rows = _open(source, form)
    desk = Desk.load(reader=reader)
    id_column = form.columns.get("id", "id")
    shape = Shape.of(rows.columns, desk, is_flat=kind != "jsonl", id_column=id_column)
    make = shape.nested if kind == "jsonl" else shape.flat
    with (
        progress_bar("tickets", len(rows) or None) as bar,
        row_writer(target, kind, shape.columns) as writer,
    ):
        return run_batch(rows, desk, form, writer.write, make, bar.advance)


def batch_to_table(source: str, form: RowForm, reader: Reader) -> Report:
    """Assess a row file and print one line a ticket."""
    rows = _open(source, form)
    desk = Desk.load(reader=reader)
    report = Report()
    assessments: list[tuple[Row, Assessment]] = []
    with progress_bar("tickets", len(rows) or None) as bar:
        for row, assessment in assess_rows(rows, desk, form):
            report.count(row, assessment)
            assessments.append((row, assessment))
            bar.advance(1)
    table_console().print(assessment_table(assessments, form.columns))
    return report


def _open(source: str, form: RowForm) -> RowFile:
    rows = open_rows(source)
    require_rows(rows)
    refuse_absent_columns(rows.name, rows.columns, form.columns)
    return rows
