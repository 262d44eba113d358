"""The headline: how right the suggestions are, what mistakes cost, what a bot may do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classifier.evaluation import MISSED
from classifier.intervals import MEASURES, Counts, Measure, intervals_of
from tickets import PRIORITIES, Action, Priority
from triage.report.shares import Share
from triage.report.trial import Answers, Labels, Trial
from triage.retraining.comparison import Difference, Floats, differences, expected_cost

URGENT = PRIORITIES[0]
NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "qwk": "quadratic weighted kappa",
    "p0_recall": f"{URGENT} recall",
    "p0_precision": f"{URGENT} precision",
    "missed": f"{URGENT} suggested as {' or '.join(map(str, MISSED))}",
    "expected_cost": "mean cost of a suggestion",
}
MOST_NAMED = 3
"""Kinds of mistakes that are named."""
LESS_IS_BETTER = ("missed", "expected_cost")


@dataclass(frozen=True)
class Figure:
    """A measure of a model, how far it may be off by chance, and the current model's beside it."""

    name: str
    value: float | None
    """None where it has no meaning, as P0 recall without a P0."""
    interval: tuple[float, float] | None
    """None where there is no value, or nothing to estimate it from."""
    difference: Difference | None
    """From the current model, where there is one and the measure has a meaning for both."""
    less_is_better: bool

    @property
    def verdict(self) -> str:
        """In words, whether the model does better than the current one; empty without one."""
        if self.difference is None:
            return ""
        return self.difference.verdict(less_is_better=self.less_is_better)


def headline(trial: Trial) -> dict[str, Figure]:
    """Return the figures that sum up a trial, by their short names."""
    measures = _measures(trial.costs)
    counts = _counts(trial.labels, trial.answers.suggested)
    intervals = _intervals(trial, measures)
    beside = _beside(trial, measures)
    found = {}
    for key, measure in measures.items():
        value = float(measure(counts))
        found[key] = Figure(
            name=NAMES[key],
            value=None if np.isnan(value) else value,
            interval=None if np.isnan(value) else intervals.get(key),
            difference=beside.get(key),
            less_is_better=key in LESS_IS_BETTER,
        )
    return found


def _measures(costs: Floats) -> dict[str, Measure]:
    added = {"qwk": _kappa, "missed": _missed, "expected_cost": expected_cost(costs)}
    return {**MEASURES, **added}


def _kappa(counts: Counts) -> Floats:
    """Return the quadratic weighted kappa, which has no meaning where all labels are alike."""
    is_alike = (counts.sum(axis=-1) > 0).sum(axis=-1) < 2
    return np.where(is_alike, np.nan, MEASURES["qwk"](counts))


def _missed(counts: Counts) -> Floats:
    """Return the share of the P0 tickets suggested as something that waits for days."""
    urgent = counts[..., URGENT, :]
    total = urgent.sum(axis=-1).astype(float)
    missed = urgent[..., list(MISSED)].sum(axis=-1)
    return np.asarray(np.divide(missed, total, out=np.full_like(total, np.nan), where=total > 0))


def _counts(labels: Labels, suggested: Labels) -> Counts:
    size = len(PRIORITIES)
    return np.bincount(labels * size + suggested, minlength=size**2).reshape(size, size)


def _intervals(trial: Trial, measures: Mapping[str, Measure]) -> dict[str, tuple[float, float]]:
    """Return the interval of each measure; none where drawing tickets anew changes nothing.

    Measures that are shares have Wilson's: of ten right suggestions, any draw has ten.
    """
    labels, suggested = trial.labels, trial.answers.suggested
    urgent, called_urgent = labels == URGENT, suggested == URGENT
    shares = {
        "accuracy": Share.among(trial.is_right, np.ones_like(trial.is_right)),
        "p0_recall": Share.among(called_urgent, urgent),
        "p0_precision": Share.among(urgent, called_urgent),
        "missed": Share.among(np.isin(suggested, MISSED), urgent),
    }
    drawn = intervals_of(measures, labels, suggested)
    varying = {key: bounds for key, bounds in drawn.items() if bounds and bounds[0] < bounds[1]}
    return varying | {key: (share.low, share.high) for key, share in shares.items()}


def _beside(trial: Trial, measures: Mapping[str, Measure]) -> dict[str, Difference]:
    if trial.current is None:
        return {}
    sides = trial.answers.suggested, trial.current.suggested
    return differences(measures, trial.labels, *sides)


@dataclass(frozen=True)
class Acted:
    """How many tickets get one action, and how many of those suggestions are right."""

    action: Action
    share: Share
    right: Share


def acted(trial: Trial, answers: Answers) -> list[Acted]:
    """Return what may be done with a model's suggestions, applied unseen first."""
    is_right = trial.labels == answers.suggested
    took = {action: answers.took(action) for action in Action}
    return [
        Acted(action, Share(int(claims.sum()), len(claims)), Share.among(is_right, claims))
        for action, claims in took.items()
    ]


@dataclass(frozen=True)
class Cell:
    """Tickets of one label that got one suggestion."""

    tickets: int
    cost: float
    """Of all of them together."""
    cost_share: float
    """Of the cost of all mistakes, 0 to 1."""


@dataclass(frozen=True)
class Confusion:
    """All tickets by label and suggestion."""

    cells: tuple[tuple[Cell, ...], ...]
    """A row for each label, a column for each suggestion."""
    cost: float
    """Of all mistakes together."""

    @property
    def highest(self) -> float:
        """The largest share of the cost that one kind of mistake has."""
        return max(cell.cost_share for row in self.cells for cell in row)

    def costliest(self) -> list[Mix]:
        """Return the mistakes that cost most in all."""
        found = [
            Mix(label, suggested, cell)
            for label, row in zip(PRIORITIES, self.cells, strict=True)
            for suggested, cell in zip(PRIORITIES, row, strict=True)
            if cell.cost
        ]
        return sorted(found, key=lambda mix: -mix.cell.cost)[:MOST_NAMED]


@dataclass(frozen=True)
class Mix:
    """One kind of mistake."""

    label: Priority
    suggested: Priority
    cell: Cell


def confusion(trial: Trial) -> Confusion:
    """Return how tickets were mistaken for what, and what it costs."""
    counts = _counts(trial.labels, trial.answers.suggested)
    costs = counts * trial.costs
    total = float(costs.sum())
    shares = costs / total if total else costs
    cells = tuple(
        tuple(map(Cell, *(table[label].tolist() for table in (counts, costs, shares))))
        for label in PRIORITIES
    )
    return Confusion(cells, total)
