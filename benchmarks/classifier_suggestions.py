"""How good suggestions are for each class, fact, writer, difficulty and language, give or take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.classifier_trials import (
    Labels,
    Row,
    Sources,
    Views,
    Workbench,
    joined,
    say,
    views,
)
from classifier import LabelledTicket, Reader, cheapest
from classifier.evaluation import agreement
from classifier.intervals import COVERAGE, RESAMPLES, intervals
from tickets import PRIORITIES, FactSchema

SEED = 20261122
GROUPS: dict[str, Callable[[LabelledTicket], str]] = {
    "writer": lambda labelled: labelled.writer,
    "difficulty": lambda labelled: labelled.difficulty,
    "language": lambda labelled: "en" if labelled.language == "en" else "other than en",
}
"""Other languages are too few to be told apart."""


def suggestions(sources: Sources, workbench: Workbench, split: str) -> list[Row]:
    """Return a row for each reader and group; `95` columns hold bootstrap intervals.

    The accuracy of a label is its recall, that of what was suggested its precision.
    """
    rows: list[Row] = []
    for reader in Reader:
        parts: list[Views] = []
        tickets: list[LabelledTicket] = []
        for trial in sources.trials(split):
            say(f"{reader}: learning from {len(trial.learnt):,} tickets")
            model = workbench.model(workbench.material(trial.learnt), reader)
            parts.append(views(model, workbench.rules, trial.judged))
            tickets += trial.judged
        read = joined(parts)
        suggested = cheapest(read.pooled, workbench.rules.costs)
        rows += [
            {"name": f"{reader}, {row['name']}", **{k: v for k, v in row.items() if k != "name"}}
            for row in _rows(tickets, read, suggested, workbench.rules.schema)
        ]
    return rows


def _rows(
    tickets: Sequence[LabelledTicket], read: Views, suggested: Labels, schema: FactSchema
) -> Iterator[Row]:
    is_right = read.labels == suggested
    yield {"name": "all", **_agreement(read.labels, suggested)}
    for priority in PRIORITIES:
        for name, given in (("labelled", read.labels), ("suggested", suggested)):
            if (given == priority).any():
                yield {"name": f"{name} {priority}", **_share(is_right[given == priority])}
    for fact in schema:
        values = np.array(list(fact.values))[read.facts[fact.name].argmax(axis=1)]
        told = [(one.facts.get(fact.name), v) for one, v in zip(tickets, values, strict=True)]
        known = np.array([label == value for label, value in told if label is not None])
        if len(known):
            yield {"name": f"fact {fact.name}", **_share(known)}
    for group, of in GROUPS.items():
        names = np.array([of(labelled) for labelled in tickets])
        for name in np.unique(names):
            own = names == name
            yield {"name": f"{group} {name}", **_agreement(read.labels[own], suggested[own])}


def _share(is_right: npt.NDArray[np.bool_]) -> Row:
    """Return a share with its interval, by drawing as many tickets anew."""
    share = float(is_right.mean())
    drawn = np.random.default_rng(SEED).binomial(len(is_right), share, RESAMPLES) / len(is_right)
    low, high = np.percentile(drawn, COVERAGE)
    return {"n": len(is_right), "accuracy": share, "accuracy_95": (float(low), float(high))}


def _agreement(labels: Labels, suggested: Labels) -> Row:
    figures, bounds = agreement(labels, suggested), intervals(labels, suggested)
    row: Row = {"n": len(labels)}
    for name in ("accuracy", "macro_f1", "qwk"):
        row |= {name: figures[name], f"{name}_95": bounds[name]}
    return row
