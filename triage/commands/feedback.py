"""Commands about feedback: decisions as labels, labels to read again, tickets to label next."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from triage.commands.options import (
    READERS,
    SOME_ROWS_FAILED,
    choice,
    label_names,
    pairs,
    zone,
)

app = typer.Typer(help="Feedback: decisions as labels, labels to read again, what to label next.")

Output = Annotated[
    str, typer.Option("--output", "-o", help="CSV, JSON Lines, Parquet, or - (JSON Lines).")
]
DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database-url",
        help="The service's store; by default TRIAGE_DATABASE_URL, or a file in TRIAGE_HOME.",
        show_default=False,
    ),
]
Since = Annotated[str, typer.Option(help="From then on; ISO 8601.", show_default=False)]
Until = Annotated[str, typer.Option(help="Before then.", show_default=False)]
Column = Annotated[
    list[str] | None, typer.Option(help="OURS=THEIRS: the file's name for a column of ours.")
]
OfReader = Annotated[str, typer.Option("--reader", help="Whose model: full or light.")]


@app.command()
def labels(
    output: Output,
    since: Since = "",
    until: Until = "",
    database_url: DatabaseUrl = "",
) -> None:
    """Write what people decided as labels, for `triage train` and `triage evaluate`."""
    from triage.feedback.labels import COLUMNS, feedback_labels
    from triage.period import Period
    from triage.row_files import file_kind
    from triage.stored import opened_store

    file_kind(output)
    with opened_store(database_url) as store:
        feedback = feedback_labels(store, Period.named(since, until))
    _write(output, COLUMNS, feedback.labels)
    for line in feedback.lines():
        print(f"triage: {line}", file=sys.stderr)


@app.command()
def suspects(
    path: Annotated[str, typer.Argument(metavar="DATA", help="Labelled row file.")],
    output: Output = "-",
    column: Column = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="THEIRS=P0: what a label stands for.")
    ] = None,
    reader: OfReader = READERS[0],
) -> None:
    """Write the labels that are probably wrong, with what the model reads, as a work list."""
    choice("--reader", reader, READERS)
    from classifier import Reader
    from triage.feedback.suspects import COLUMNS, review_list
    from triage.labelled.evaluation import LabelledData
    from triage.row_files import file_kind
    from triage.row_output import refuse_same_file

    file_kind(output)
    refuse_same_file(path, output)
    file = LabelledData(path, pairs("--column", column), label_names(map_)).read()
    found = review_list(file, Reader(reader))
    _write(output, COLUMNS, found)
    total = f"{len(found):,} of {len(file.rows):,} labels are suspicious"
    print(f"triage: {total}", file=sys.stderr)
    raise typer.Exit(SOME_ROWS_FAILED if file.faults else 0)


@app.command("next")
def next_(
    output: Output,
    path: Annotated[
        str, typer.Argument(metavar="[DATA]", help="Row file of tickets; by default, the store.")
    ] = "",
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many tickets.")] = 50,
    since: Since = "",
    until: Until = "",
    column: Column = None,
    timezone: Annotated[
        str, typer.Option(help="Zone of receipt times without offset.", show_default=False)
    ] = "",
    reader: OfReader = READERS[0],
    database_url: DatabaseUrl = "",
) -> None:
    """Write the tickets that are most worth labelling, without suggestions, to be filled in."""
    choice("--reader", reader, READERS)
    from classifier import Reader
    from triage.batch import RowForm
    from triage.feedback.next_to_label import COLUMNS, next_of_file, next_of_store
    from triage.period import Period
    from triage.row_files import file_kind
    from triage.row_output import refuse_same_file
    from triage.stored import opened_store
    from triage.ticket_file import TicketFile

    file_kind(output)
    period = Period.named(since, until)
    file = TicketFile(path, RowForm(columns=pairs("--column", column), timezone=zone(timezone)))
    if path:
        refuse_same_file(path, output)
        found = next_of_file(file, Reader(reader), period, count)
    else:
        with opened_store(database_url) as store:
            found = next_of_store(store, period, count)
    _write(output, COLUMNS, found)
    for line in (*file.faults(), f"{len(found):,} tickets to label: fill in the column priority"):
        print(f"triage: {line}", file=sys.stderr)
    raise typer.Exit(SOME_ROWS_FAILED if file.failed else 0)


def _write(output: str, columns: Sequence[str], records: Sequence[Mapping[str, Any]]) -> None:
    from triage.row_files import file_kind
    from triage.row_output import row_writer

    with row_writer(output, file_kind(output), columns) as writer:
        writer.write(records)
