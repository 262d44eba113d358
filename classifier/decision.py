"""Decisions know their cost: which priority to suggest, and what a bot may do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tickets import PRIORITIES, Action, Priority

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Claims = npt.NDArray[np.bool_]

NEVER = 1.0
"""A threshold that no confidence passes, and a floor that no probability reaches."""


@dataclass(frozen=True)
class Thresholds:
    """How sure a suggestion must be: to be made, to be applied unseen, to need no review."""

    auto: tuple[float, ...]
    """One for each priority, P0 first; `NEVER` for none."""
    review_below: float
    review_disagreement: int
    """Classes by which the two views may differ before a person must look."""
    floors: tuple[float, ...] = (NEVER,) * len(PRIORITIES)
    """For each priority, the probability from which nothing less urgent is suggested."""
    always_review: tuple[bool, ...] = (False,) * len(PRIORITIES)
    """For each priority, whether a person must look at every such suggestion."""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Thresholds:
        """Return the thresholds that a manifest holds; older ones know no floors."""
        lists = {name: tuple(value) for name, value in record.items() if isinstance(value, list)}
        return cls(**{**record, **lists})

    def raised(self, suggested: Labels, distributions: Floats) -> Labels:
        """Return n suggestions, shape (n,), after the floors have raised those that are too low."""
        floors = np.array(self.floors)
        calls = (distributions >= floors) & (floors < NEVER)
        most_urgent = np.where(calls.any(axis=1), calls.argmax(axis=1), len(PRIORITIES) - 1)
        return np.minimum(suggested, most_urgent)

    def action(self, priority: Priority, confidence: float, disagreement: int) -> Action:
        """Return what may be done with a suggestion."""
        if self.must_review(priority, confidence, disagreement):
            return Action.REVIEW
        return Action.AUTO if self.is_sure(priority, confidence) else Action.SUGGEST

    def must_review(
        self,
        suggested: Labels | Priority,
        confidence: Floats | float,
        disagreement: Labels | int,
    ) -> Claims:
        """Tell, for one suggestion or n of them, whether a person must look at it."""
        is_doubtful = np.less(confidence, self.review_below)
        is_disputed = np.greater_equal(disagreement, self.review_disagreement)
        return np.asarray(np.array(self.always_review)[suggested] | is_doubtful | is_disputed)

    def is_sure(self, suggested: Labels | Priority, confidence: Floats | float) -> Claims:
        """Tell, for one suggestion or n of them, whether it may be applied if none must look."""
        auto = np.array(self.auto)[suggested]
        return np.asarray((auto < NEVER) & np.greater_equal(confidence, auto))


def cheapest(distributions: Floats, costs: Floats) -> Labels:
    """Return for each of n distributions (n, 5) the priority of least expected cost.

    `costs[label, suggested]` is what suggesting a priority costs when another is right.
    """
    return np.asarray((distributions @ costs).argmin(axis=1))


def fit_auto_thresholds(
    suggested: Labels,
    confidence: Floats,
    labels: Labels,
    *,
    target_precision: float,
    fewest_tickets: int,
    priorities: Sequence[Priority],
) -> tuple[float, ...]:
    """Return per priority the least confidence from which suggestions reach the target precision.

    A threshold needs at least `fewest_tickets` above it; where none reaches the target, `NEVER`.
    """
    thresholds = []
    for priority in priorities:
        of_class = suggested == priority
        order = np.argsort(-confidence[of_class])
        sure = confidence[of_class][order]
        right = (labels[of_class] == priority)[order]
        precision = np.cumsum(right) / np.arange(1, len(right) + 1)
        reached = np.flatnonzero(precision >= target_precision)
        enough = reached[reached + 1 >= fewest_tickets]
        thresholds.append(float(np.ceil(sure[enough[-1]] * 1e4) / 1e4) if len(enough) else NEVER)
    return tuple(thresholds)
