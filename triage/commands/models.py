"""Commands about models: train and evaluate."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tickets import Fault, InputFaults
from triage.commands.options import READERS, SOME_ROWS_FAILED, choice, label_names, pairs

if TYPE_CHECKING:
    from classifier import LabelledTicket
    from triage.retraining.source import Source


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
    with_default_corpus: Annotated[
        bool, typer.Option("--with-default-corpus", help="Learn from our corpus too.")
    ] = False,
    group: Annotated[
        str,
        typer.Option(metavar="COLUMN", help="Tickets alike in it are never parted: a customer, …"),
    ] = "",
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**32 - 1, help="Of the folds; by default, training.yaml's."),
    ] = None,
    finetune: Annotated[
        bool, typer.Option("--finetune", help="The long way: fine-tune the encoder first.")
    ] = False,
) -> None:
    """Train both readers on labelled tickets; they become current if they pass the gate."""
    if not path:
        _refuse_without_data(
            {
                "--group": group,
                "--with-default-corpus": with_default_corpus,
                "--finetune": finetune,
            }
        )
    from triage.settings import Settings

    home = Settings.from_environment().home
    if if_missing and (current := _usable_version(home)):
        print(f"models {current} are ready in {home}")
        return
    if finetune:
        from triage.retraining.fine_tuning import refuse_without_extra

        refuse_without_extra()
    from triage.commands.registry_printed import held_out_as_text, print_outcome
    from triage.progress import progress_bar
    from triage.retraining.models import train_models
    from triage.retraining.source import Source

    columns, labels = pairs("--column", column), label_names(map_)
    source = Source.named(path, columns, labels, group, with_default_corpus) if path else None
    tickets = _looked_through(source)
    with progress_bar("training") as bar:
        outcomes = train_models(
            tickets,
            home,
            bar.reach,
            source=source,
            background=_background() if with_default_corpus else (),
            promote=not no_promote,
            seed=seed,
            finetune=finetune,
        )
    for reader, outcome in outcomes.items():
        print_outcome(reader, outcome, home)
    if source:
        held_out = next(iter(outcomes.values())).model.description["held_out"]
        print(f"held out: {held_out_as_text(held_out)}")
    raise typer.Exit(SOME_ROWS_FAILED if source and source.left_out else 0)


def _refuse_without_data(options: Mapping[str, object]) -> None:
    for option, given in options.items():
        if given:
            raise InputFaults(Fault(option, "goes with DATA", "name a labelled file"))


def _background() -> list[LabelledTicket]:
    """Return what our own models learn from."""
    from rules import load_ruleset
    from triage.labelled.corpus import load_corpus
    from triage.retraining.training import to_learn_from

    return to_learn_from(load_corpus(load_ruleset().schema))


def _looked_through(source: Source | None) -> list[LabelledTicket]:
    """Return the tickets to train on; say what is wrong with them."""
    from rules import load_ruleset
    from triage.labelled.corpus import load_corpus
    from triage.labelled.first_look import remarks

    if source is None:
        return load_corpus(load_ruleset().schema)
    tickets = source.tickets()
    found = remarks(tickets)
    for line in found:
        print(f"triage: {line}", file=sys.stderr)
    if found or source.left_out:
        print(f"triage: see triage data check {source.file}", file=sys.stderr)
    return tickets


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
        from triage.labelled.challenge import print_challenge, run_suites

        _show(run_suites(path, Reader(reader)), as_json, print_challenge)
        return
    from triage.commands.evaluation_printed import print_metrics
    from triage.labelled.evaluation import LabelledData, evaluate_file

    data = LabelledData(path, pairs("--column", column), label_names(map_), group_by)
    if cross_validate is None and not time_ordered:
        metrics = evaluate_file(data, Reader(reader))
    else:
        from triage.labelled.recipe_evaluation import Plan, evaluate_recipe
        from triage.settings import Settings

        plan = Plan(cross_validate, time_ordered)
        home = Settings.from_environment().home
        metrics = evaluate_recipe(data, plan, Reader(reader), home)
    _show(metrics, as_json, print_metrics)
    if metrics["left_out"]:
        raise typer.Exit(SOME_ROWS_FAILED)


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
