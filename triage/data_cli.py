"""Commands about labelled data."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from triage.options import label_names, pairs

SOME_ROWS_FAILED = 3

app = typer.Typer(help="Labelled data: what is in it, what is wrong with it, who agrees on it.")


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
    from triage.data_check import check_file

    report = check_file(path, pairs("--column", column), label_names(map_))
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        from triage.data_printed import print_check

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
    from triage.second_labels import agreement_report

    report = agreement_report(second, first)
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        from triage.agreement_printed import print_agreement

        print_agreement(report)
