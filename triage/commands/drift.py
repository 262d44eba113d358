"""The command about drift."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from triage.commands.options import READERS, SOME_ROWS_FAILED, choice, pairs, zone


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(drift)


def drift(
    path: Annotated[
        str,
        typer.Argument(
            metavar="[DATA]", help="Row file of tickets, assessed now; by default, the store."
        ),
    ] = "",
    since: Annotated[
        str, typer.Option(help="Tickets received from then on; ISO 8601.", show_default=False)
    ] = "",
    until: Annotated[
        str, typer.Option(help="Tickets received before then.", show_default=False)
    ] = "",
    reference: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Tickets of a usual time; by default, those held out in training.",
            show_default=False,
        ),
    ] = "",
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS: the file's name for a column of ours.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Zone of receipt times without offset.", show_default=False)
    ] = "",
    reader: Annotated[str, typer.Option(help="Whose model: full or light.")] = READERS[0],
    database_url: Annotated[
        str, typer.Option(help="The store, without DATA.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare tickets, week by week, with the training window: what has changed, what to do."""
    choice("--reader", reader, READERS)
    from classifier import Reader
    from triage.batch import RowForm
    from triage.drift.report import drift_of_file, drift_of_store
    from triage.period import Period
    from triage.stored import opened_store
    from triage.ticket_file import TicketFile

    form = RowForm(columns=pairs("--column", column), timezone=zone(timezone))
    period = Period.named(since, until)
    usual = TicketFile(reference, form) if reference else None
    file = TicketFile(path, form)
    if path:
        report = drift_of_file(file, Reader(reader), period, usual)
    else:
        with opened_store(database_url) as store:
            report = drift_of_store(store, Reader(reader), period, usual)
    for line in (*file.faults(), *(usual.faults() if usual else ())):
        print(f"triage: {line}", file=sys.stderr)
    if as_json:
        print(json.dumps(report.as_record(), indent=2, ensure_ascii=False))
    else:
        from triage.commands.drift_printed import print_drift

        print_drift(report)
    raise typer.Exit(SOME_ROWS_FAILED if file.failed else 0)
