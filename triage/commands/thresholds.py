"""The command about thresholds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated

import typer

from tickets import PRIORITIES, Fault, InputFaults, Priority
from tickets.faults import did_you_mean
from triage.commands.options import READERS, SOME_ROWS_FAILED, choice, label_names, pairs
from triage.commands.registry import AsJson, Column, Data, Map, OfReader

ALL = "all"
"""Stands for every priority that is not named."""
NAMES = (*map(str, PRIORITIES), ALL)
PRECISION, NEVER_AUTO, ALWAYS_REVIEW = "--target-precision", "--never-auto", "--always-review"


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(thresholds)


def thresholds(
    version: Annotated[
        str,
        typer.Argument(help="Model; by default, the reader's current one.", show_default=False),
    ] = "",
    target_precision: Annotated[
        list[str] | None,
        typer.Option(
            PRECISION,
            metavar="P1=0.9",
            help="Of P1 applied unseen, the share that must be right; all=0.95 for the rest.",
        ),
    ] = None,
    min_recall: Annotated[
        list[str] | None,
        typer.Option(
            "--min-recall", metavar="P0=0.98", help="Of P0 tickets, the share suggested as P0."
        ),
    ] = None,
    never_auto: Annotated[
        list[str] | None,
        typer.Option(NEVER_AUTO, metavar="P0,P1", help="Never applied unseen."),
    ] = None,
    always_review: Annotated[
        list[str] | None,
        typer.Option(ALWAYS_REVIEW, metavar="P4", help="Always looked at by a person."),
    ] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="First go back to the thresholds as trained.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would be, and store nothing.")
    ] = False,
    data: Data = "",
    column: Column = None,
    map_: Map = None,
    reader: OfReader = READERS[0],
    as_json: AsJson = False,
) -> None:
    """Show precision and coverage of each priority, and choose thresholds that reach targets."""
    choice("--reader", reader, READERS)
    precision = _shares(PRECISION, target_precision, NAMES)
    recall = _shares("--min-recall", min_recall, NAMES[:-1])
    switches = {NEVER_AUTO: never_auto, ALWAYS_REVIEW: always_review}
    named = {PRECISION: list(precision)}
    named |= {option: _names(option, given) for option, given in switches.items()}
    of_class = _by_class(named)
    from classifier import Reader
    from triage.commands.thresholds_printed import change_record, inspection_record, print_all
    from triage.progress import progress_bar
    from triage.retraining.source import Source
    from triage.thresholds.choice import choose, inspect, settle
    from triage.thresholds.targets import Wish

    rest = precision.get(ALL, 0.0)
    wish = Wish(
        precision={p: precision.get(str(p), rest) for p in of_class[PRECISION]},
        recall={Priority.parse(name): share for name, share in recall.items()},
        never_auto=frozenset(of_class[NEVER_AUTO]),
        always_review=frozenset(of_class[ALWAYS_REVIEW]),
        from_trained=clear,
    )
    source = Source.named(data, pairs("--column", column), label_names(map_)) if data else None
    with progress_bar("reading") as bar:
        found = inspect(version, Reader(reader), source, wish, bar.reach)
    change = choose(found, wish) if wish else None
    outcome = settle(found, change) if change and not dry_run else None
    if as_json:
        record = {**inspection_record(found), "change": change_record(found, change, outcome)}
        print(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print_all(found, change, outcome)
    if outcome and outcome.refused:
        place = f"model {outcome.version}"
        remedy = f'triage promote {outcome.version} --force --why "TEXT" overrules the gate'
        raise InputFaults(*(Fault(place, f"refused: {one}", remedy) for one in outcome.refused))
    if source and source.left_out:
        raise typer.Exit(SOME_ROWS_FAILED)


def _shares(option: str, given: Iterable[str] | None, names: tuple[str, ...]) -> dict[str, float]:
    """Return `P1=0.9` options as numbers; `InputFaults` for what is no share above 0."""
    shares: dict[str, float] = {}
    faults = []
    for name, text in pairs(option, given, keys=names).items():
        try:
            shares[name] = float(text)
        except ValueError:
            shares[name] = 0.0
        if not 0 < shares[name] <= 1:
            problem = f'"{name}={text}" is no share above 0 and up to 1'
            faults.append(Fault(option, problem, f"as in {name}=0.9"))
    if faults:
        raise InputFaults(*faults)
    return shares


def _names(option: str, given: Iterable[str] | None) -> list[str]:
    """Return `P0,P1` options as names; they may be repeated. `InputFaults` for unknown ones."""
    names = [part.strip() for text in given or () for part in text.split(",")]
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        found = (Fault(option, f'unknown "{name}"', did_you_mean(name, NAMES)) for name in unknown)
        raise InputFaults(*found)
    return names


def _by_class(named: Mapping[str, Iterable[str]]) -> dict[str, list[Priority]]:
    """Return which priorities each option is about; `InputFaults` when two name the same."""
    options: dict[str, str] = {}
    faults = []
    for option, names in named.items():
        for name in names:
            if name in options:
                other = "twice" if options[name] == option else f"in {options[name]} too"
                faults.append(Fault(option, f"{name} is named {other}", "keep one"))
            options[name] = option
    if faults:
        raise InputFaults(*faults)
    rest = options.get(ALL)
    return {
        option: [p for p in PRIORITIES if options.get(str(p), rest) == option] for option in named
    }
