"""Stored models, comparisons and outcomes as people and machines read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from triage.commands.printed import table_console
from triage.commands.thresholds_printed import threshold_lines

if TYPE_CHECKING:
    from classifier import Reader
    from classifier.history import Event
    from classifier.registry import StoredModel
    from triage.retraining.comparison import Comparison, Difference
    from triage.retraining.models import Outcome
    from triage.retraining.promotion import Dossier, Match

NAMES = {
    "macro_f1": "macro-F1",
    "p0_recall": "P0 recall",
    "expected_cost": "expected cost (less is better)",
}


def print_outcome(reader: Reader, outcome: Outcome, home: Path) -> None:
    """Print what became of a trained reader, and what a person may do next."""
    version = outcome.model.version
    learnt = f"learnt from {outcome.model.description['tickets']} tickets"
    if outcome.comparison:
        _print_comparison(outcome.comparison)
    if outcome.is_current:
        print(f"model {version}, {learnt}, is now current for the {reader} reader in {home}")
        return
    print(f"model {version}, {learnt}, is a candidate for the {reader} reader in {home}")
    for one in outcome.why:
        print(f"  it did not become current: {one}")
    print(f"  compare it: triage compare {version} [--data FILE]")
    print(f'  promote it: triage promote {version} [--data FILE], or --force --why "TEXT"')


def models_record(models: Sequence[StoredModel]) -> list[dict[str, Any]]:
    """Return the stored models for machines."""
    return [
        {
            "version": model.version,
            "reader": model.reader and str(model.reader),
            "current": model.is_current,
            "stored_at": model.stored_at and model.stored_at.isoformat(),
            "description": dict(model.description),
            "fault": model.fault or None,
        }
        for model in models
    ]


def print_models(models: Sequence[StoredModel]) -> None:
    """Print a line for each stored model."""
    if not models:
        print("no models are stored; run `triage train`")
        return
    table = Table(box=None, pad_edge=False)
    for heading in (
        "",
        "version",
        "reader",
        "stored",
        "tickets",
        "data window",
        "measured",
        "from",
    ):
        table.add_column(heading, no_wrap=heading != "from")
    for model in models:
        table.add_row("*" if model.is_current else "", model.version, *_cells(model))
    table_console().print(table)
    print("* current")


def _cells(model: StoredModel) -> list[str]:
    stored = f"{model.stored_at:%Y-%m-%d %H:%M} UTC" if model.stored_at else "-"
    if model.fault:
        return ["-", stored, "-", "-", "-", model.fault]
    about = model.description
    return [
        str(model.reader),
        stored,
        f"{about['tickets']:,}",
        window(about),
        ", ".join(_measured(about)) or "-",
        Path(_from(about)).name,
    ]


def window(description: Mapping[str, Any]) -> str:
    """Return between which days the tickets were received that a model learnt from."""
    days = [description[key] for key in ("first_received_at", "last_received_at")]
    return "-" if None in days else " to ".join(day[:10] for day in days)


def _measured(description: Mapping[str, Any]) -> Iterator[str]:
    for name, value in description.get("metrics", {}).items():
        short = NAMES[name].split(" (")[0]
        yield f"{short} {'-' if value is None else format(value, '.3f')}"


def _from(description: Mapping[str, Any]) -> str:
    return description["source"]["file"] if "source" in description else "our corpus"


def dossier_record(dossier: Dossier) -> dict[str, Any]:
    """Return all that is known of a model for machines."""
    return {
        "version": dossier.model.version,
        "reader": str(dossier.model.reader),
        "current": dossier.is_current,
        "folder": str(dossier.folder),
        "description": dict(dossier.model.description),
        "thresholds": asdict(dossier.model.thresholds),
        "history": [event.as_record() for event in dossier.events],
    }


def print_dossier(dossier: Dossier) -> None:
    """Print all that is known of a model."""
    about = dossier.model.description
    state = "current" if dossier.is_current else "not current"
    print(f"model {dossier.model.version}: {dossier.model.reader} reader, {state}")
    labels = ", ".join(f"{name} {count:,}" for name, count in about["labels"].items())
    print(
        f"learnt from  {about['tickets']:,} tickets ({labels}), {about['with_facts']:,} with facts"
    )
    print(f"data         {_from(about)}, received {window(about)}, digest {about['data']}")
    if held_out := about.get("held_out"):
        print(f"held out     {held_out_as_text(held_out)}")
    if measured := ", ".join(_measured(about)):
        print(f"measured     {measured}")
    for line in threshold_lines(dossier.model):
        print(line)
    print(f"rules        {about['rules']}")
    libraries = ", ".join(f"{name} {version}" for name, version in about["libraries"].items())
    print(f"made with    {libraries}")
    print(f"folder       {dossier.folder}")
    for event in dossier.events:
        print(f"{event.at:%Y-%m-%d %H:%M} UTC  {_told(event)}")


def held_out_as_text(record: Mapping[str, Any]) -> str:
    """Return how many tickets were held out, how, and how many could not be."""
    dropped = record.get("dropped", 0)  # models of an older program do not know it
    less = f"; {dropped:,} more repeat tickets learnt from or are of their group" if dropped else ""
    return f"{record['tickets']:,} tickets, {record['how']}{less}"


def _told(event: Event) -> str:
    instead = f" instead of {event.previous}" if event.previous else ""
    why = f": {event.why}" if event.why else ""
    forced = ", overruling the gate" if event.forced else ""
    return f"{event.kind}{instead}{forced}{why}"


def match_record(match: Match) -> dict[str, Any]:
    """Return a comparison for machines."""
    return {
        "candidate": match.candidate.version,
        "current": match.current.version,
        **match.comparison.as_record(),
        "objections": list(match.objections),
        "passes": not match.objections,
    }


def print_match(match: Match) -> None:
    """Print two models beside each other, and what the gate says."""
    print(f"candidate {match.candidate.version} ({match.candidate.reader})", end="   ")
    print(f"current {match.current.version} ({match.current.reader})")
    _print_comparison(match.comparison)
    if match.objections:
        for one in match.objections:
            print(f"the gate would refuse the candidate: {one}")
    else:
        print("the candidate passes the gate")


def _print_comparison(comparison: Comparison) -> None:
    table_console().print(comparison_table(comparison))


def comparison_table(comparison: Comparison, other: str = "current") -> Table:
    """Return a candidate beside another model as a table."""
    table = Table(box=None, pad_edge=False)
    table.add_column(f"{comparison.tickets:,} tickets, {comparison.p0_tickets:,} of them P0")
    for heading in ("candidate", other, "difference", "95 % interval"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for name, shown in NAMES.items():
        difference = getattr(comparison, name)
        verdict = difference.verdict(less_is_better=name == "expected_cost")
        table.add_row(shown, *_figures(difference), verdict)
    return table


def _figures(difference: Difference) -> list[str]:
    figures = difference.as_record()
    if figures["difference"] is None:
        return ["-"] * 4
    interval = f"{difference.low:+.3f} to {difference.high:+.3f}"
    sides = (f"{side:.3f}" for side in (difference.candidate, difference.current))
    return [*sides, f"{difference.value:+.3f}", interval]
