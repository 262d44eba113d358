"""What an evaluation found, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from tickets import PRIORITIES
from triage.commands.printed import table_console

Report = Mapping[str, Any]

INTERVALS = {"accuracy": "accuracy", "macro_f1": "macro-F1", "qwk": "QWK"}


def print_metrics(report: Report) -> None:
    """Print the metrics that matter, those of each class, of each fact and of each group."""
    console = table_console()
    for part in _parts(report):
        console.print(part)


def _parts(report: Report) -> Iterator[Table | str]:
    yield f"{report['measured']}: {report['split']}" if "split" in report else report["measured"]
    shares = (f"{said} {_written(report, name)}" for name, said in INTERVALS.items())
    yield f"{report['n']:,} tickets   {'   '.join(shares)}"
    majority = report["majority"]
    yield (
        f"always {majority['priority']}: accuracy {majority['accuracy']:.3f}"
        f"   macro-F1 {majority['macro_f1']:.3f}"
    )
    if report["undertriage"] is not None:
        yield f"of the {PRIORITIES[0]} tickets, {report['undertriage']:.3f} suggested as P3 or P4"
    yield from _of_model(report)
    yield _class_table(report["per_class"])
    if report["excluded"]:
        yield f"left out, as too few: {_counted(report['excluded'])}"
    if report["groups"]:
        yield _group_table(report["groups"])


def _written(report: Report, name: str) -> str:
    low, high = report["intervals"][name]
    return f"{report[name]:.3f} ({low:.3f} to {high:.3f})"


def _of_model(report: Report) -> Iterator[str]:
    """Yield what only a whole model has: confidence, actions, facts."""
    if "calibration_error" in report:
        yield f"calibration error {report['calibration_error']:.3f}"
    for action, figures in report.get("actions", {}).items():
        yield f"{action}: {figures['share']:.3f} of tickets, {figures['accuracy']:.3f} right"
    for fact, share in report.get("facts", {}).items():
        yield f"fact {fact}: {share:.3f} read right"


def _class_table(per_class: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("priority", "precision", "recall", "F1", "tickets", box=None, pad_edge=False)
    for name, figures in per_class.items():
        shares = (f"{figures[key]:.3f}" for key in ("precision", "recall", "f1"))
        table.add_row(name, *shares, str(figures["support"]))
    return table


def _group_table(groups: Mapping[str, Report]) -> Table:
    names = [str(priority) for priority in PRIORITIES]
    table = Table("group", box=None, pad_edge=False)
    for heading in ("tickets", "accuracy", "macro-F1", "QWK", *(f"F1 {name}" for name in names)):
        table.add_column(heading, justify="right")
    table.add_column("left out")
    for name, report in groups.items():
        of_classes = [report["per_class"].get(priority, {}).get("f1") for priority in names]
        figures = (report["accuracy"], report["macro_f1"], report["qwk"], *of_classes)
        shown = ("-" if figure is None else f"{figure:.3f}" for figure in figures)
        table.add_row(name, f"{report['n']:,}", *shown, _counted(report["excluded"]))
    return table


def _counted(excluded: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in excluded.items())
