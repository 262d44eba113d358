"""The command that takes a desk's history into the store: from a file, or from the desk itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands.options import READERS, DatabaseUrl, choice, label_names, pairs, zone

if TYPE_CHECKING:
    from triage.backfill import Backfill, HistoryRows, Report
    from triage.desk_history import DeskHistory
    from triage.row_files import RowFile

SOME_ROWS_FAILED = 3


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(backfill)


def backfill(
    path: Annotated[
        str,
        typer.Argument(metavar="FILE", help="CSV, JSON Lines, Parquet, or -.", show_default=False),
    ] = "",
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME",
            help="In place of a file: ask the desk of this entry in endpoints.yaml.",
            show_default=False,
        ),
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            help="With --from: what was made or changed from then on; ISO 8601.",
            show_default=False,
        ),
    ] = "",
    until: Annotated[
        str, typer.Option(help="With --from: before then; by default, now.", show_default=False)
    ] = "",
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
    of_file = {"--endpoint": endpoint, "--column": column, "--timezone": timezone}
    of_desk = {"--since": since, "--until": until}
    _refuse_what_does_not_fit(path, from_, of_file, of_desk)
    from datetime import UTC, datetime

    from classifier import Reader
    from triage.asked_desk import AskedDesk
    from triage.backfill import COLUMNS, Backfill, HistoryRows, Origin, Report
    from triage.batch import RowForm
    from triage.desk_history import DeskHistory
    from triage.period import Period
    from triage.service.installation import Terms, load_installation
    from triage.settings import Settings
    from triage.stored import opened_store
    from triage.ticket_file import TicketFile

    def now() -> datetime:
        return datetime.now(UTC)

    names, report, period = label_names(map_), Report(), Period.named(since, until)
    form = RowForm(columns=pairs("--column", column, keys=COLUMNS), timezone=zone(timezone))
    rows = TicketFile(path, form).open() if path else None
    home = Settings.from_environment().home
    with opened_store(database_url) as store:
        terms = Terms(Reader(reader), takes_deliveries=False)
        installed = load_installation(home, store, terms)
        taking_in = Backfill(store, installed.desk, now)
        if rows is not None:
            origin = Origin.named(endpoint, installed.endpoints)
            in_file = HistoryRows(form, origin, installed.customers, names, report)
            _read_file(rows, in_file, taking_in)
        else:
            desk = AskedDesk.named(from_, installed.endpoints, installed.targets)
            history = DeskHistory(desk, period, installed.customers, names, report, now)
            _ask_desk(history, taking_in)
    raise typer.Exit(SOME_ROWS_FAILED if report.failed else 0)


def _refuse_what_does_not_fit(
    path: str, from_: str, of_file: Mapping[str, object], of_desk: Mapping[str, object]
) -> None:
    """Refuse a call that is neither about a file nor about a desk, or a bit of both."""
    if bool(path) == bool(from_):
        problem = "names both a file and a desk" if path else "names neither a file nor a desk"
        remedy = "give FILE, or --from NAME --since TIME"
        raise InputFaults(Fault("triage backfill", problem, remedy))
    what, strays = ("a file", of_desk) if path else ("a desk", of_file)
    faults = [
        Fault(option, f"means nothing for {what}", "leave it out")
        for option, given in strays.items()
        if given
    ]
    if from_ and not of_desk["--since"]:
        faults.append(Fault("--since", "is missing", "say from when on, as in --since 2026-11-01"))
    if faults:
        raise InputFaults(*faults)


def _read_file(rows: RowFile, history: HistoryRows, taking_in: Backfill) -> None:
    from triage.progress import progress_bar

    with _reported(history.report), progress_bar("tickets", len(rows) or None) as bar:
        taking_in.run(rows, history, bar.advance)


def _ask_desk(history: DeskHistory, taking_in: Backfill) -> None:
    """Take in page after page, and say after each how far the history is stored."""
    from triage.asked_desk import Asking
    from triage.write_back import Line, open_client

    with _reported(history.report), open_client() as client:
        for page in history.pages(Asking(Line(history.desk.target, client), _tell)):
            taking_in.update(page.pasts, history.report)
            if page.reached is not None:
                _tell(f"{len(page.pasts):,} tickets read, up to {page.reached.isoformat()}")


@contextmanager
def _reported(report: Report) -> Iterator[None]:
    """Tell what was done, whatever ends it: that stays."""
    try:
        yield
    finally:
        for line in report.lines():
            _tell(line)


def _tell(line: str) -> None:
    print(f"triage: {line}", file=sys.stderr)
