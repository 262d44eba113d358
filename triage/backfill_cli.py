"""The command that takes a desk's history into the store."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from triage.options import READERS, DatabaseUrl, choice, label_names, pairs, zone

SOME_ROWS_FAILED = 3


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(backfill)


def backfill(
    path: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON Lines, Parquet, or -.")],
    endpoint: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The desk's entry in endpoints.yaml: its webhooks then know the tickets again.",
            show_default=False,
        ),
    ] = "",
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS: the file's name for a column of ours.")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="THEIRS=P0: what a past priority stands for.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Zone of receipt times without offset.", show_default=False)
    ] = "",
    reader: Annotated[str, typer.Option(help="full, or light: faster, less right.")] = READERS[0],
    database_url: DatabaseUrl = "",
) -> None:
    """Store a desk's past tickets, with the priorities that people gave them as decisions."""
    choice("--reader", reader, READERS)
    from datetime import UTC, datetime

    from classifier import Reader
    from triage.backfill import COLUMNS, Backfill, HistoryRows, Origin, Report
    from triage.batch import RowForm
    from triage.progress import progress_bar
    from triage.service.installation import Terms, load_installation
    from triage.settings import Settings
    from triage.stored import opened_store
    from triage.ticket_file import TicketFile

    form = RowForm(columns=pairs("--column", column, keys=COLUMNS), timezone=zone(timezone))
    names, report = label_names(map_), Report()
    rows = TicketFile(path, form).open()
    home = Settings.from_environment().home
    with opened_store(database_url) as store:
        furnished = load_installation(home, store, Terms(Reader(reader)))
        origin = Origin.named(endpoint, furnished.endpoints)
        history = HistoryRows(form, origin, furnished.customers, names, report)
        taking_in = Backfill(store, furnished.desk, lambda: datetime.now(UTC))
        with progress_bar("tickets", len(rows) or None) as bar:
            taking_in.run(rows, history, bar.advance)
    for line in report.lines():
        print(f"triage: {line}", file=sys.stderr)
    raise typer.Exit(SOME_ROWS_FAILED if report.failed else 0)
