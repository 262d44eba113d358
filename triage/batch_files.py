"""Batches from file to file, or to a table on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from classifier import Reader
from tickets import Assessment, Fault, InputFaults
from triage.batch import (
    Assessor,
    LocalAssessor,
    Report,
    RowForm,
    Shape,
    assess_rows,
    run_batch,
)
from triage.commands.printed import assessment_table, table_console
from triage.desk import Desk
from triage.labelled.corpus import refuse_absent_columns
from triage.progress import progress_bar
from triage.row_files import Row, RowFile, file_kind, open_rows, require_rows
from triage.row_output import refuse_same_file, row_writer


def batch_to_file(
    source: str, target: str, form: RowForm, reader: Reader, scheduler: str = ""
) -> Report:
    """Assess a row file into another; `InputFaults` before anything is written or when it fails.

    `scheduler` is the address of a Dask cluster that does the assessing; by default, this process.
    """
    kind = file_kind(target)
    refuse_same_file(source, target)
    rows = _open(source, form)
    desk = Desk.load(reader=reader)
    id_column = form.columns.get("id", "id")
    shape = Shape.of(rows.columns, desk, is_flat=kind != "jsonl", id_column=id_column)
    make = shape.nested if kind == "jsonl" else shape.flat
    with (
        _assessor(desk, scheduler) as assessor,
        progress_bar("tickets", len(rows) or None) as bar,
        row_writer(target, kind, shape.columns) as writer,
    ):
        results = assess_rows(rows, desk, form, assessor)
        return run_batch(results, writer.write, make, bar.advance)


def batch_to_table(source: str, form: RowForm, reader: Reader, scheduler: str = "") -> Report:
    """Assess a row file and print one line a ticket."""
    rows = _open(source, form)
    desk = Desk.load(reader=reader)
    report = Report()
    assessments: list[tuple[Row, Assessment]] = []
    with (
        _assessor(desk, scheduler) as assessor,
        progress_bar("tickets", len(rows) or None) as bar,
    ):
        for row, assessment in assess_rows(rows, desk, form, assessor):
            report.count(row, assessment)
            assessments.append((row, assessment))
            bar.advance(1)
    table_console().print(assessment_table(assessments, form.columns))
    return report


@contextmanager
def _assessor(desk: Desk, scheduler: str) -> Iterator[Assessor]:
    if not scheduler:
        yield LocalAssessor(desk)
        return
    with _joining()(scheduler, desk) as assessor:
        yield assessor


def _joining() -> Callable[[str, Desk], AbstractContextManager[Assessor]]:
    """Import what needs Dask, which is an extra, and slow to load."""
    try:
        from triage.cluster import join_cluster
    except ModuleNotFoundError:
        remedy = 'pip install -e ".[cluster]"'
        raise InputFaults(Fault("--scheduler", "Dask is not installed", remedy)) from None
    return join_cluster


def _open(source: str, form: RowForm) -> RowFile:
    rows = open_rows(source)
    require_rows(rows)
    refuse_absent_columns(rows.name, rows.columns, form.columns)
    return rows
