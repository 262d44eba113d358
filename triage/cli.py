"""The command line. Heavy rooms are entered only by the command that needs them."""

from __future__ import annotations

import json
import os
import sys
import warnings
from datetime import datetime
from typing import Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands import (
    backfill,
    consume,
    data,
    doctor,
    drift,
    feedback,
    inbox,
    keys,
    models,
    outbox,
    registry,
    report,
    rules,
    serve,
    shadow,
    sla,
    thresholds,
    users,
)
from triage.commands.options import (
    READERS,
    SOME_ROWS_FAILED,
    choice,
    pairs,
    ticket_defaults,
    zone,
)

WRONG_CALL = 2

app = typer.Typer(
    help="Read facts from support tickets, decide P0-P4 by written rules, attach the deadline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(sla.app, name="sla")
app.add_typer(rules.app, name="rules")
app.add_typer(data.app, name="data")
app.add_typer(feedback.app, name="feedback")
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")
models.register(app)
backfill.register(app)
consume.register(app)
doctor.register(app)
registry.register(app)
report.register(app)
drift.register(app)
shadow.register(app)
serve.register(app)
thresholds.register(app)
inbox.register(app)
outbox.register(app)


def main() -> None:
    """Run the command line; faults of the user's input end with one line each and exit status 2."""
    warnings.showwarning = _show_warning
    try:
        sys.exit(_run())
    except InputFaults as faults:
        for fault in faults.faults:
            print(f"triage: {fault}", file=sys.stderr)
        sys.exit(WRONG_CALL)
    except OSError as error:  # files of the user are opened elsewhere: this is a full disk
        print(f"triage: standard output: cannot be written: {error.strerror}", file=sys.stderr)
        os._exit(
            WRONG_CALL
        )  # the interpreter would try to write the rest, and fail in its own words


def _run() -> int | str | None:
    """Return the exit status: of the command itself, 2 on a wrong option, 130 on Ctrl-C."""
    if sys.stdout is None:
        raise InputFaults(Fault("standard output", "is closed", "send it to /dev/null instead"))
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except SystemExit as ending:
        if not sys.stdout.closed:
            sys.stdout.flush()  # a full disk shows only now
        return ending.code
    return None


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Show a warning as one line for the user, not as a line of our source."""
    print(f"triage: warning: {message}", file=sys.stderr)


@app.command()
def suggest(
    text: Annotated[
        str | None, typer.Argument(help="What the customer wrote; - reads standard input.")
    ] = None,
    subject: Annotated[str, typer.Option(help="Subject line.")] = "",
    tier: Annotated[str, typer.Option(help="standard or premium; needed for a deadline.")] = "",
    received_at: Annotated[
        str, typer.Option(help="ISO 8601 with offset; by default, now.", show_default=False)
    ] = "",
    timezone: Annotated[
        str, typer.Option(help="Zone of a receipt time without offset.", show_default=False)
    ] = "",
    channel: Annotated[str, typer.Option(help="web, email, phone, chat or api.")] = "",
    environment: Annotated[str, typer.Option(help="What the form said of it.")] = "",
    ticket_id: Annotated[str, typer.Option("--id", help="Repeated in the answer.")] = "1",
    as_json: Annotated[bool, typer.Option("--json", help="Print the assessment as JSON.")] = False,
) -> None:
    """Suggest a priority for one ticket, with its reasons and response deadline."""
    from tickets import parse_ticket

    body = _standard_input() if text == "-" else text
    ticket = parse_ticket(
        {
            "id": ticket_id,
            "subject": subject,
            "body": body,
            "tier": tier,
            "channel": channel,
            "environment": environment,
            "received_at": received_at or datetime.now().astimezone(),
        },
        default_id="1",
        timezone=zone(timezone),
    )
    from triage.desk import Desk

    assessment = Desk.load().assess(ticket)
    if as_json:
        print(json.dumps(assessment.as_record(), ensure_ascii=False, indent=2))
    else:
        from triage.commands.printed import print_assessment

        print_assessment(ticket, assessment)


def _standard_input() -> str:
    if sys.stdin is None:
        raise InputFaults(Fault("standard input", "is closed", "pipe the text into it"))
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


@app.command()
def batch(
    path: Annotated[str, typer.Argument(metavar="INPUT", help="CSV, JSON Lines, Parquet, or -.")],
    output: Annotated[
        str, typer.Option("--output", "-o", help="CSV, JSON Lines, Parquet, or -.")
    ] = "",
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS: the file's name for a column of ours.")
    ] = None,
    default: Annotated[
        list[str] | None, typer.Option(help="COLUMN=VALUE where a row has none.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Zone of receipt times without offset, as America/Los_Angeles.")
    ] = "",
    reader: Annotated[
        str, typer.Option(help="full (understands), or light (words and cues): faster, less right.")
    ] = READERS[0],
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask cluster that does the work, as tcp://HOST:8786.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, not a table.")] = False,
) -> None:
    """Suggest priorities for a file of tickets; rows that fail keep their id with an error."""
    choice("--reader", reader, READERS)
    from classifier import Reader
    from tickets.ticket import FIELDS
    from triage.batch import RowForm
    from triage.batch_files import batch_to_file, batch_to_table
    from triage.row_files import file_kind

    in_zone = zone(timezone)
    form = RowForm(
        columns=pairs("--column", column, keys=FIELDS),
        defaults=ticket_defaults(default, in_zone),
        timezone=in_zone,
    )
    target = output or ("-" if as_json else "")
    if as_json and file_kind(target) != "jsonl":
        remedy = "leave --json out, or write .jsonl"
        raise InputFaults(Fault("--json", f"{target} is no JSON Lines file", remedy))
    read_by = Reader(reader)
    if target:
        report = batch_to_file(path, target, form, read_by, scheduler)
    else:
        report = batch_to_table(path, form, read_by, scheduler)
    for line in report.lines():
        print(f"triage: {line}", file=sys.stderr)
    raise typer.Exit(SOME_ROWS_FAILED if report.failed else 0)
