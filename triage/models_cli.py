"""Commands about models: train and evaluate."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tickets import Fault, InputFaults
from triage.options import READERS, choice, label_names, pairs


def register(app: typer.Typer) -> None:
    """Add the commands to the root app."""
    app.command()(train)
    app.command()(evaluate)


def train(
    path: Annotated[
        str, typer.Argument(metavar="[DATA]", help="Labelled row file; by default, our corpus.")
    ] = "",
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS: the file's name for a column of ours.")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="THEIRS=P0: what a label stands for.")
    ] = None,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Do nothing when models are there.")
    ] = False,
) -> None:
    """Train both readers on labelled tickets and make them current."""
    from triage.settings import Settings

    home = Settings.from_environment().home
    if if_missing and (current := _usable_version(home)):
        print(f"models {current} are ready in {home}")
        return
    from triage.corpus import load_labelled_or_shipped
    from triage.progress import progress_bar
    from triage.training import train_models

    tickets = load_labelled_or_shipped(path, pairs("--column", column), label_names(map_))
    with progress_bar("training") as bar:
        models = train_models(tickets, home, bar.reach)
    for reader, model in models.items():
        learnt = f"learnt from {model.description['tickets']} tickets"
        print(f"model {model.version}, {learnt}, is now current for the {reader} reader in {home}")


def _usable_version(home: Path) -> str | None:
    """Return the versions of the current models, or None unless a desk can use both."""
    from classifier import Reader, Registry
    from triage.desk import Desk

    if any(Registry(home).current_version(reader) is None for reader in Reader):
        return None
    try:
        versions = [Desk.load(home, reader).rooms.model.version for reader in Reader]
        return " and ".join(versions)
    except InputFaults as faults:
        print(f"triage: {faults}; training anew", file=sys.stderr)
        return None


def evaluate(
    path: Annotated[
        str, typer.Argument(metavar="[DATA]", help="Labelled row file; by default, our test split.")
    ] = "",
    challenge: Annotated[
        bool, typer.Option("--challenge", help="DATA is a folder of suites; by default, ours.")
    ] = False,
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS: the file's name for a column of ours.")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="THEIRS=P0: what a label stands for.")
    ] = None,
    reader: Annotated[str, typer.Option(help="Whose current model: full or light.")] = READERS[0],
    as_json: Annotated[bool, typer.Option("--json", help="Print all metrics as JSON.")] = False,
) -> None:
    """Measure the current model on labelled tickets it has not learnt from, or on pairs of them."""
    choice("--reader", reader, READERS)
    from classifier import Reader

    if challenge:
        _refuse_with_challenge(column, map_)
        from triage.challenge import print_challenge, run_suites

        _show(run_suites(path, Reader(reader)), as_json, print_challenge)
    else:
        from triage.evaluation import evaluate_file, print_metrics

        columns, labels = pairs("--column", column), label_names(map_)
        metrics = evaluate_file(path, columns, labels, Reader(reader))
        _show(metrics, as_json, print_metrics)


def _refuse_with_challenge(column: list[str] | None, map_: list[str] | None) -> None:
    for option, given in (("--column", column), ("--map", map_)):
        if given:
            remedy = "leave it out: suites have our columns and labels"
            raise InputFaults(Fault(option, "does not go with --challenge", remedy))


def _show(
    report: Mapping[str, Any], as_json: bool, print_report: Callable[[Mapping[str, Any]], None]
) -> None:
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print_report(report)
