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
    no_promote: Annotated[
        bool, typer.Option("--no-promote", help="Store the models only; promote them later.")
    ] = False,
) -> None:
    """Train both readers on labelled tickets; they become current if they pass the gate."""
    from triage.settings import Settings

    home = Settings.from_environment().home
    if if_missing and (current := _usable_version(home)):
        print(f"models {current} are ready in {home}")
        return
    from triage.corpus import load_labelled_or_shipped
    from triage.progress import progress_bar
    from triage.registry_printed import print_outcome
    from triage.retraining import train_models
    from triage.source import Source

    columns, labels = pairs("--column", column), label_names(map_)
    tickets = load_labelled_or_shipped(path, columns, labels)
    source = Source.named(path, columns, labels) if path else None
    with progress_bar("training") as bar:
        outcomes = train_models(tickets, home, bar.reach, source=source, promote=not no_promote)
    for reader, outcome in outcomes.items():
        print_outcome(reader, outcome, home)


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
    cross_validate: Annotated[
        int | None,
        typer.Option(metavar="K", help="Measure the training recipe, on K parts held out in turn."),
    ] = None,
    time_ordered: Annotated[
        bool,
        typer.Option(
            "--time-ordered", help="Measure the recipe: learn the earliest 80 %, judge the rest."
        ),
    ] = False,
    group_by: Annotated[
        str, typer.Option(metavar="COLUMN", help="Also each group; a recipe learns each by itself.")
    ] = "",
    reader: Annotated[str, typer.Option(help="Whose model or recipe: full or light.")] = READERS[0],
    as_json: Annotated[bool, typer.Option("--json", help="Print all metrics as JSON.")] = False,
) -> None:
    """Measure the current model, or the training recipe, on labelled tickets not learnt from."""
    choice("--reader", reader, READERS)
    from classifier import Reader

    if challenge:
        options = {
            "--column": column,
            "--map": map_,
            "--cross-validate": cross_validate is not None,
            "--time-ordered": time_ordered,
            "--group-by": group_by,
        }
        _refuse_with_challenge(options)
        from triage.challenge import print_challenge, run_suites

        _show(run_suites(path, Reader(reader)), as_json, print_challenge)
        return
    from triage.evaluation import LabelledData, evaluate_file
    from triage.evaluation_printed import print_metrics

    data = LabelledData(path, pairs("--column", column), label_names(map_), group_by)
    if cross_validate is None and not time_ordered:
        metrics = evaluate_file(data, Reader(reader))
    else:
        from triage.recipe_evaluation import Plan, evaluate_recipe

        metrics = evaluate_recipe(data, Plan(cross_validate, time_ordered), Reader(reader))
    _show(metrics, as_json, print_metrics)


def _refuse_with_challenge(options: Mapping[str, object]) -> None:
    for option, given in options.items():
        if given:
            remedy = "leave it out: suites have our columns, labels and pairs"
            raise InputFaults(Fault(option, "does not go with --challenge", remedy))


def _show(
    report: Mapping[str, Any], as_json: bool, print_report: Callable[[Mapping[str, Any]], None]
) -> None:
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print_report(report)
