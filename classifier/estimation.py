"""How good suggestions probably are, without labels: by their own calibrated probabilities.

If probabilities are calibrated, the share of right suggestions is their mean confidence, and what
they cost follows from the whole distribution (confidence-based performance estimation). For n
tickets the truth spreads around that by chance; how far the probabilities themselves were off on
tickets with labels, the gap, comes on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

TWO_SIDED_95 = 1.96
_MOST_URGENT = 0


@dataclass(frozen=True)
class Estimate:
    """An estimated mean over tickets with its 95 % interval."""

    value: float
    low: float
    high: float


def estimated_accuracy(probabilities: Floats, suggested: Labels, gap: float) -> Estimate:
    """Return how many of n suggestions (0 to 4) are probably right.

    `probabilities` has shape (n, 5), n at least 1; `gap` is by how much accuracy was off before.
    """
    confidence = probabilities[np.arange(len(suggested)), suggested]
    found = _estimate(confidence, confidence * (1 - confidence), gap)
    return Estimate(found.value, max(found.low, 0.0), min(found.high, 1.0))


def estimated_cost(probabilities: Floats, suggested: Labels, costs: Floats, gap: float) -> Estimate:
    """Return what n suggestions probably cost on average, by `costs[label, suggested]`."""
    possible = costs[:, suggested].T
    mean = (probabilities * possible).sum(axis=1)
    spread = (probabilities * possible**2).sum(axis=1) - mean**2
    found = _estimate(mean, spread, gap)
    return Estimate(found.value, max(found.low, 0.0), found.high)


def _estimate(means: Floats, variances: Floats, gap: float) -> Estimate:
    value = float(means.mean())
    spread = float(np.sqrt(max(variances.sum(), 0.0) / len(means) ** 2 + gap**2))
    return Estimate(value, value - TWO_SIDED_95 * spread, value + TWO_SIDED_95 * spread)


def missed_most_urgent(probabilities: Floats, suggested: Labels) -> float:
    """Return how many of n tickets are probably P0 and suggested as something else."""
    return float(probabilities[suggested != _MOST_URGENT, _MOST_URGENT].sum())


def more_errors_than_expected(confidence: Floats, errors: int) -> float:
    """Return how probable at least `errors` wrong ones of n suggestions are, if calibrated.

    Exact: the number of errors is a sum of n yes-or-no draws with their own probabilities.
    """
    at_exactly = np.ones(1)
    for wrong in 1 - confidence:
        at_exactly = np.convolve(at_exactly, [1 - wrong, wrong])
    return float(at_exactly[errors:].sum())
