"""Two models on the same tickets: what differs, and how much of it may be chance.

The interval is a paired bootstrap: tickets are drawn anew, with what both models suggested for
them. All measures depend only on how many tickets have which label and which two suggestions, so a
draw is one multinomial sample over these 125 cells, and a thousand take milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket
from classifier.embedding_cache import EmbeddingCache
from classifier.intervals import COVERAGE, MEASURES, RESAMPLES, Counts, Measure
from classifier.progress import Progress
from tickets import PRIORITIES, Suggestion
from triage.desk import Desk
from triage.retraining.bulk import priorities

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

    def verdict(self, *, less_is_better: bool = False) -> str:
        """Tell in words which model is better, and whether that may be chance."""
        if np.isnan(self.value):
            return "cannot be judged"
        if not self.value:
            return "the same"
        word = "better" if (self.value < 0) == less_is_better else "worse"
        is_clear = self.low > 0 or self.high < 0
        return word if is_clear else f"{word}, which may be chance"

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
    desk: Desk,
    tickets: Sequence[LabelledTicket],
    progress: Progress,
    cache: EmbeddingCache | None = None,
) -> Labels:
    """Return what a desk suggests for each of n tickets, 0 (P0) to 4, shape (n,).

    What is in the cache of embeddings need not be embedded again.
    """
    return priorities(desk.rooms, [labelled.ticket for labelled in tickets], cache, progress)


def suggestions(
    desk: Desk, tickets: Sequence[LabelledTicket], progress: Progress
) -> Iterator[Suggestion]:
    """Yield what a desk suggests for each of some tickets, in their order."""
    for start in range(0, len(tickets), AT_ONCE):
        asked = [labelled.ticket for labelled in tickets[start : start + AT_ONCE]]
        yield from desk.suggest_many(asked)
        progress(start + len(asked), len(tickets))


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
    found = differences(_measured(costs), labels, candidate, current)
    return Comparison(len(labels), int((labels == PRIORITIES[0]).sum()), **found)


def differences(
    measured: Mapping[str, Measure], labels: Labels, candidate: Labels, current: Labels
) -> dict[str, Difference]:
    """Return how each measure of two models differs on n tickets; see `compare`."""
    shape = (COUNT, COUNT, COUNT)
    counts = np.bincount((labels * COUNT + candidate) * COUNT + current, minlength=COUNT**3)
    random = np.random.default_rng(SEED)
    draws = random.multinomial(len(labels), counts / len(labels), size=RESAMPLES)
    cells, drawn = counts.reshape(shape), draws.reshape(RESAMPLES, *shape)
    return {name: _difference(cells, drawn, one) for name, one in measured.items()}


def _difference(cells: Counts, drawn: Counts, measure: Measure) -> Difference:
    gaps = measure(drawn.sum(axis=-1)) - measure(drawn.sum(axis=-2))
    known = gaps[~np.isnan(gaps)]
    low, high = np.percentile(known, COVERAGE) if len(known) else (np.nan, np.nan)
    candidate, current = measure(cells.sum(axis=-1)), measure(cells.sum(axis=-2))
    return Difference(float(candidate), float(current), float(low), float(high))


def _measured(costs: Floats) -> dict[str, Measure]:
    return {
        "macro_f1": MEASURES["macro_f1"],
        "p0_recall": MEASURES["p0_recall"],
        "expected_cost": expected_cost(costs),
    }


def expected_cost(costs: Floats) -> Measure:
    """Return the measure of the mean cost of suggestions; `costs` is (label, suggested)."""
    return lambda counts: np.asarray(
        (counts * costs).sum(axis=(-2, -1)) / counts.sum(axis=(-2, -1))
    )
