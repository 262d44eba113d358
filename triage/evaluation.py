"""The current model, measured on labelled tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from classifier import LabelledTicket, Reader
from classifier.evaluation import actions, agreement, calibration_error, fact_accuracy
from tickets import Assessment, Priority, Suggestion
from triage.corpus import load_labelled_or_shipped
from triage.desk import Desk
from triage.printed import table_console
from triage.training import HELD_OUT


def evaluate_file(
    path: str, columns: Mapping[str, str], label_names: Mapping[str, Priority], reader: Reader
) -> dict[str, Any]:
    """Return the metrics of a reader's current model on a labelled file.

    Of a file with splits only the held-out `test` split counts; `path` empty means our corpus.
    """
    tickets = load_labelled_or_shipped(path, columns, label_names)
    held_out = [labelled for labelled in tickets if labelled.split in (HELD_OUT, "")]
    return evaluate(held_out or tickets, Desk.load(reader=reader))


def evaluate(tickets: Sequence[LabelledTicket], desk: Desk) -> dict[str, Any]:
    """Return the metrics of a desk's suggestions on labelled tickets."""
    suggestions = [
        _suggestion(assessment)
        for assessment in desk.assess_many([labelled.ticket for labelled in tickets])
    ]
    labels = np.array([int(labelled.priority) for labelled in tickets])
    suggested = np.array([int(suggestion.priority) for suggestion in suggestions])
    is_right = labels == suggested
    confidence = np.array([suggestion.confidence for suggestion in suggestions])
    read = [{n: fact.value for n, fact in s.facts.items()} for s in suggestions]
    by_rules = [desk.rooms.engine.verdict(facts).priority for facts in read]
    return {
        **agreement(labels, suggested),
        "calibration_error": calibration_error(confidence, is_right),
        "actions": actions([str(s.action) for s in suggestions], is_right),
        "facts": fact_accuracy([labelled.facts for labelled in tickets], read),
        "likeliest_facts_then_rules": agreement(labels, np.array(by_rules)),
        "excluded": {},
        "groups": {},
        "versions": {"model": desk.rooms.model.version, "rules": desk.rooms.ruleset.version},
    }


def _suggestion(assessment: Assessment) -> Suggestion:
    assert assessment.suggestion is not None  # every parsed ticket gets one
    return assessment.suggestion


def print_metrics(metrics: Mapping[str, Any]) -> None:
    """Print the metrics that matter, those of each class and of each fact."""
    console = table_console()
    console.print(
        f"{metrics['n']:,} tickets   accuracy {metrics['accuracy']:.3f}"
        f"   macro-F1 {metrics['macro_f1']:.3f}   QWK {metrics['qwk']:.3f}"
        f"   calibration error {metrics['calibration_error']:.3f}"
    )
    majority = metrics["majority"]
    console.print(
        f"always {majority['priority']}: accuracy {majority['accuracy']:.3f}"
        f"   macro-F1 {majority['macro_f1']:.3f}"
    )
    for action, figures in metrics["actions"].items():
        console.print(
            f"{action}: {figures['share']:.3f} of tickets, {figures['accuracy']:.3f} right"
        )
    console.print(_class_table(metrics["per_class"]))
    for fact, share in metrics["facts"].items():
        console.print(f"fact {fact}: {share:.3f} read right")


def _class_table(per_class: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("priority", "precision", "recall", "F1", "tickets", box=None, pad_edge=False)
    for name, figures in per_class.items():
        shares = (f"{figures[key]:.3f}" for key in ("precision", "recall", "f1"))
        table.add_row(name, *shares, str(figures["support"]))
    return table
