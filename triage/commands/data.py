"""Commands about labelled data."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands.options import DatabaseUrl, label_names, pairs

if TYPE_CHECKING:
    from triage.erasure import Choice

SOME_ROWS_FAILED = 3

app = typer.Typer(help="Labelled data: check it, compare it. Stored data: erase it, export it.")


@app.command()
def check(
    path: Annotated[str, typer.Argument(metavar="FILE", help="Labelled row file.")],
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS: the file's name for a column of ours.")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="THEIRS=P0: what a label stands for.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Look through a labelled file: counts, gaps, copies, leaks, suspicious labels."""
    from triage.labelled.check import check_file

    report = check_file(path, pairs("--column", column), label_names(map_))
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        from triage.commands.data_printed import print_check

        print_check(report)
    raise typer.Exit(SOME_ROWS_FAILED if report["unusable"] else 0)


@app.command()
def agreement(
    second: Annotated[
        str, typer.Argument(metavar="SECOND", help="Second labelling: id, priority, facts.")
    ],
    first: Annotated[
        str, typer.Argument(metavar="[FIRST]", help="Labelled row file; by default, our corpus.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare a second, blind labelling with the first, and labels with facts put through rules."""
    from triage.labelled.second_labels import agreement_report

    report = agreement_report(second, first)
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        from triage.commands.agreement_printed import print_agreement

        print_agreement(report)


@app.command()
def erase(
    ticket: Annotated[
        str, typer.Option(metavar="SOURCE/ID", help="One ticket.", show_default=False)
    ] = "",
    requester: Annotated[
        str, typer.Option(metavar="ADDRESS", help="All tickets of a person.", show_default=False)
    ] = "",
    before: Annotated[
        str,
        typer.Option(metavar="DATE", help="All tickets stored before a day.", show_default=False),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database_url: DatabaseUrl = "",
) -> None:
    """Erase the texts and people of stored tickets for good; what was decided, and when, stays."""
    from triage.erasure import Choice, erase_chosen
    from triage.stored import opened_store

    choice = Choice.of(ticket, requester, before)
    if not yes:
        _ask(choice)
    with opened_store(database_url) as store:
        count = erase_chosen(store, choice)
    print(f"{count:,} tickets were erased")


def _ask(choice: Choice) -> None:
    """Raise `InputFaults` unless somebody says yes, at a terminal or through a pipe."""
    if sys.stdin and sys.stdin.isatty():
        print(f"Erase {choice}? It cannot be brought back. [y/N]", file=sys.stderr)
    answer = sys.stdin.readline() if sys.stdin else ""
    if answer.strip().lower() not in ("y", "yes"):
        problem, remedy = f"{choice} not erased", "answer y, or call it with --yes"
        raise InputFaults(Fault("triage data erase", problem, remedy))


@app.command()
def export(
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="JSON Lines file, or -.")] = "-",
    since: Annotated[str, typer.Option(help="First day.", show_default=False)] = "",
    until: Annotated[str, typer.Option(help="Last day.", show_default=False)] = "",
    database_url: DatabaseUrl = "",
) -> None:
    """Write the audit trail: every decision and undo, every change of keys, models and data."""
    from triage.audit_trail import write_trail
    from triage.period import Period
    from triage.stored import opened_store

    with opened_store(database_url) as store:
        count = write_trail(store, Period.named(since, until), output)
    print(f"triage: {count:,} entries written", file=sys.stderr)
