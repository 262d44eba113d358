"""How far measures may be off by chance: bootstrap intervals over the tickets they came from.

All measures depend only on how many tickets have which label and which suggestion, so drawing
tickets anew is one multinomial draw over these 25 cells, and a thousand take milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from tickets import PRIORITIES

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]
"""Shape (..., 5, 5): tickets by label (row) and suggestion (column)."""
Measure = Callable[[Counts], Floats]
"""Gives one figure for each table of counts; NaN where it has no meaning."""

RESAMPLES = 1_000
COVERAGE = (2.5, 97.5)
"""Percentiles that bound a 95 % interval."""

_SEED = 20261122
_SIZE = len(PRIORITIES)
_MOST_URGENT = 0
_NUMBERS = np.arange(_SIZE)
_SQUARED_DISTANCE = (_NUMBERS[:, None] - _NUMBERS) ** 2


def intervals(labels: Labels, suggested: Labels) -> dict[str, tuple[float, float] | None]:
    """Return the 95 % interval of each measure of n suggestions, n at least 1.

    Both arrays hold 0 (P0) to 4. None where a measure has no meaning: P0 recall without a P0, P0
    precision where none was suggested.
    """
    return intervals_of(MEASURES, labels, suggested)


def intervals_of(
    measures: Mapping[str, Measure], labels: Labels, suggested: Labels
) -> dict[str, tuple[float, float] | None]:
    """Return the 95 % interval of each of some measures; see `intervals`."""
    counts = np.bincount(labels * _SIZE + suggested, minlength=_SIZE**2)
    random = np.random.default_rng(_SEED)
    drawn = random.multinomial(len(labels), counts / len(labels), size=RESAMPLES)
    cells = drawn.reshape(RESAMPLES, _SIZE, _SIZE)
    return {name: _interval(measure(cells)) for name, measure in measures.items()}


def _interval(drawn: Floats) -> tuple[float, float] | None:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return None
    low, high = np.percentile(known, COVERAGE)
    return float(low), float(high)


def _accuracy(counts: Counts) -> Floats:
    return np.asarray(_right(counts).sum(axis=-1) / counts.sum(axis=(-2, -1)))


def _macro_f1(counts: Counts) -> Floats:
    """Return the mean F1 of the priorities that occur among the labels."""
    labelled, suggested = counts.sum(axis=-1), counts.sum(axis=-2)
    f1 = 2 * _right(counts) / np.maximum(labelled + suggested, 1)
    occurs = labelled > 0
    return np.asarray((f1 * occurs).sum(axis=-1) / occurs.sum(axis=-1))


def _qwk(counts: Counts) -> Floats:
    """Return the quadratic weighted kappa; 0 where all labels and suggestions are the same."""
    labelled, suggested = counts.sum(axis=-1), counts.sum(axis=-2)
    by_chance = (
        labelled[..., :, None]
        * suggested[..., None, :]
        / counts.sum(axis=(-2, -1))[..., None, None]
    )
    seen = (_SQUARED_DISTANCE * counts).sum(axis=(-2, -1))
    expected = (_SQUARED_DISTANCE * by_chance).sum(axis=(-2, -1))
    return np.asarray(1 - np.divide(seen, expected, out=np.ones_like(expected), where=expected > 0))


def _recall(counts: Counts) -> Floats:
    return _share(counts, counts[..., _MOST_URGENT, :])


def _precision(counts: Counts) -> Floats:
    return _share(counts, counts[..., :, _MOST_URGENT])


def _share(counts: Counts, of: Counts) -> Floats:
    """Return the share of P0 suggested for P0 among some tickets; NaN where there are none."""
    total = of.sum(axis=-1).astype(float)
    both = counts[..., _MOST_URGENT, _MOST_URGENT]
    return np.asarray(np.divide(both, total, out=np.full_like(total, np.nan), where=total > 0))


def _right(counts: Counts) -> Counts:
    return np.asarray(np.diagonal(counts, axis1=-2, axis2=-1))


MEASURES: dict[str, Measure] = {
    "accuracy": _accuracy,
    "macro_f1": _macro_f1,
    "qwk": _qwk,
    "p0_recall": _recall,
    "p0_precision": _precision,
}
