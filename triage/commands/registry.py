"""Commands about stored models: list, show, compare, promote, roll back."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands.options import READERS, SOME_ROWS_FAILED, choice, label_names, pairs

OfReader = Annotated[str, typer.Option("--reader", help="full or light.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="FILE",
        help="Labelled tickets to judge by; by default, what training held out.",
        show_default=False,
    ),
]
Column = Annotated[
    list[str] | None, typer.Option(help="OURS=THEIRS: FILE's name for a column of ours.")
]
Map = Annotated[
    list[str] | None, typer.Option("--map", help="THEIRS=P0: what a label of FILE stands for.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the root app."""
    for command in (models, show, compare, promote, rollback):
        app.command()(command)


def models(as_json: AsJson = False) -> None:
    """List the stored models, oldest first."""
    from triage.commands.registry_printed import models_record, print_models
    from triage.retraining.promotion import stored_models

    stored = stored_models()
    if as_json:
        print(json.dumps(models_record(stored), indent=2, ensure_ascii=False))
    else:
        print_models(stored)


def show(
    version: Annotated[str, typer.Argument(help="As `triage models` lists it.")],
    as_json: AsJson = False,
) -> None:
    """Show what a model was trained on, how it measured, and when it was current."""
    from triage.commands.registry_printed import dossier_record, print_dossier
    from triage.retraining.promotion import dossier

    found = dossier(version)
    if as_json:
        print(json.dumps(dossier_record(found), indent=2, ensure_ascii=False))
    else:
        print_dossier(found)


def compare(
    candidate: Annotated[
        str, typer.Argument(help="Version; by default, the newest stored.", show_default=False)
    ] = "",
    current: Annotated[
        str, typer.Argument(help="Version; by default, the current one.", show_default=False)
    ] = "",
    data: Data = "",
    column: Column = None,
    map_: Map = None,
    reader: OfReader = READERS[0],
    as_json: AsJson = False,
) -> None:
    """Compare two models on held-out tickets, with what the gate says of the first."""
    choice("--reader", reader, READERS)
    from classifier import Reader
    from triage.commands.registry_printed import match_record, print_match
    from triage.progress import progress_bar
    from triage.retraining.promotion import compare_versions
    from triage.retraining.source import Source

    source = Source.named(data, pairs("--column", column), label_names(map_)) if data else None
    with progress_bar("comparing") as bar:
        match = compare_versions(candidate, current, Reader(reader), source, bar.reach)
    if as_json:
        print(json.dumps(match_record(match), indent=2, ensure_ascii=False))
    else:
        print_match(match)
    if source and source.left_out:
        raise typer.Exit(SOME_ROWS_FAILED)


def promote(
    version: Annotated[str, typer.Argument(help="As `triage models` lists it.")],
    data: Data = "",
    column: Column = None,
    map_: Map = None,
    force: Annotated[
        bool, typer.Option("--force", help="Whatever the gate says; takes --why.")
    ] = False,
    why: Annotated[str, typer.Option(help="Noted in the history.", show_default=False)] = "",
) -> None:
    """Make a model its reader's current one, if it passes the gate."""
    if force and not why.strip():
        raise InputFaults(Fault("--force", "comes without a reason", 'add --why "TEXT"'))
    from triage.progress import progress_bar
    from triage.retraining.promotion import promote_version
    from triage.retraining.source import Source

    source = Source.named(data, pairs("--column", column), label_names(map_)) if data else None
    with progress_bar("comparing") as bar:
        line = promote_version(version, source, bar.reach, force=force, why=why.strip())
    print(line)
    if source and source.left_out:
        raise typer.Exit(SOME_ROWS_FAILED)


def rollback(reader: OfReader = READERS[0]) -> None:
    """Make the model current again that was so before."""
    choice("--reader", reader, READERS)
    from classifier import Reader
    from triage.retraining.promotion import roll_back

    print(roll_back(Reader(reader)))
