"""Decisions know their cost: which priority to suggest, and what a bot may do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tickets import Action, Priority

Floats = npt.NDArray[np.float64]

NEVER = 1.0
"""A threshold that no confidence passes."""


@dataclass(frozen=True)
class Thresholds:
    """From which confidence a suggestion may be applied unseen, below which it is reviewed."""

    auto: tuple[float, ...]
    """One for each priority, P0 first; `NEVER` for none."""
    review_below: float
    review_disagreement: int
    """Classes by which the two views may differ before a person must look."""

    def action(self, priority: Priority, confidence: float, disagreement: int) -> Action:
        """Return what may be done with a suggestion."""
        if confidence < self.review_below or disagreement >= self.review_disagreement:
            return Action.REVIEW
        threshold = self.auto[priority]
        is_sure = threshold < NEVER and confidence >= threshold
        return Action.AUTO if is_sure else Action.SUGGEST


def cheapest(distributions: Floats, costs: Floats) -> npt.NDArray[np.int64]:
    """Return for each of n distributions (n, 5) the priority of least expected cost.

    `costs[label, suggested]` is what suggesting a priority costs when another is right.
    """
    return np.asarray((distributions @ costs).argmin(axis=1))


def fit_auto_thresholds(
    suggested: npt.NDArray[np.int64],
    confidence: Floats,
    labels: npt.NDArray[np.int64],
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
