"""Two models on the same tickets: what differs, and how much of it may be chance.

The interval is a paired bootstrap: tickets are drawn anew, with what both models suggested for
them. All measures depend only on how many tickets have which label and which two suggestions, so a
draw is one multinomial sample over these 125 cells, and a thousand take milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket
from classifier.intervals import COVERAGE, MEASURES, RESAMPLES, Counts
from classifier.progress import Progress
from tickets import PRIORITIES, Assessment
from triage.desk import Desk

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

SEED = 20261122
AT_ONCE = 200
"""Tickets that are assessed between two reports of progress."""

COMPARED = ("macro_f1", "p0_recall", "expected_cost")
COUNT = len(PRIORITIES)


@dataclass(frozen=True)
class Difference:
    """One measure of two models; `nan` where it has no meaning, as P0 recall without a P0."""

    candidate: float
    current: float
    low: float
    """Lower bound of the 95 % interval of candidate less current."""
    high: float

    @property
    def value(self) -> float:
        """Candidate less current."""
        return self.candidate - self.current

    def as_record(self) -> dict[str, float | None]:
        """Return the figures, None for those without meaning."""
        figures = {
            "candidate": self.candidate,
            "current": self.current,
            "difference": self.value,
            "low": self.low,
            "high": self.high,
        }
        return {name: None if np.isnan(value) else value for name, value in figures.items()}


@dataclass(frozen=True)
class Comparison:
    """What two models made of the same labelled tickets."""

    tickets: int
    p0_tickets: int
    macro_f1: Difference
    p0_recall: Difference
    expected_cost: Difference
    """Mean cost of the suggestions, by the cost matrix of the rules; less is better."""

    def as_record(self) -> dict[str, Any]:
        """Return all figures."""
        differences = {name: getattr(self, name).as_record() for name in COMPARED}
        return {"tickets": self.tickets, "p0_tickets": self.p0_tickets, **differences}


def suggested_priorities(
    desk: Desk, tickets: Sequence[LabelledTicket], progress: Progress
) -> Labels:
    """Return what a desk suggests for each of n tickets, 0 (P0) to 4, shape (n,)."""
    suggested: list[int] = []
    for start in range(0, len(tickets), AT_ONCE):
        asked = [labelled.ticket for labelled in tickets[start : start + AT_ONCE]]
        suggested.extend(_priority(assessment) for assessment in desk.assess_many(asked))
        progress(len(suggested), len(tickets))
    return np.array(suggested, np.int64)


def _priority(assessment: Assessment) -> int:
    assert assessment.suggestion is not None  # every parsed ticket gets one
    return int(assessment.suggestion.priority)


def labels_of(tickets: Sequence[LabelledTicket]) -> Labels:
    """Return the labels of n tickets, 0 (P0) to 4, shape (n,)."""
    return np.array([int(labelled.priority) for labelled in tickets], np.int64)


def measures(labels: Labels, suggested: Labels, costs: Floats) -> dict[str, float | None]:
    """Return each measure of one model's suggestions; both arrays hold 0 (P0) to 4."""
    counts = np.bincount(labels * COUNT + suggested, minlength=COUNT**2).reshape(COUNT, COUNT)
    found = {name: float(measure(counts)) for name, measure in _measured(costs).items()}
    return {name: None if np.isnan(value) else value for name, value in found.items()}


def compare(labels: Labels, candidate: Labels, current: Labels, costs: Floats) -> Comparison:
    """Compare what two models suggest for n tickets, at least one; arrays hold 0 (P0) to 4."""
    shape = (COUNT, COUNT, COUNT)
    counts = np.bincount((labels * COUNT + candidate) * COUNT + current, minlength=COUNT**3)
    random = np.random.default_rng(SEED)
    draws = random.multinomial(len(labels), counts / len(labels), size=RESAMPLES)
    cells, drawn = counts.reshape(shape), draws.reshape(RESAMPLES, *shape)
    return Comparison(
        tickets=len(labels),
        p0_tickets=int(cells[0].sum()),
        **{name: _difference(cells, drawn, one) for name, one in _measured(costs).items()},
    )


_Measure = Callable[[Counts], Floats]
"""Gives one figure for each table of counts."""


def _difference(cells: Counts, drawn: Counts, measure: _Measure) -> Difference:
    differences = measure(drawn.sum(axis=-1)) - measure(drawn.sum(axis=-2))
    known = differences[~np.isnan(differences)]
    low, high = np.percentile(known, COVERAGE) if len(known) else (np.nan, np.nan)
    candidate, current = measure(cells.sum(axis=-1)), measure(cells.sum(axis=-2))
    return Difference(float(candidate), float(current), float(low), float(high))


def _measured(costs: Floats) -> dict[str, _Measure]:
    return {
        "macro_f1": MEASURES["macro_f1"],
        "p0_recall": MEASURES["p0_recall"],
        "expected_cost": lambda counts: np.asarray(
            (counts * costs).sum(axis=(-2, -1)) / counts.sum(axis=(-2, -1))
        ),
    }
