"""Which tickets to label next: those that are probably wrong and dear, each unlike the others.

Choosing by uncertainty alone teaches the classes but shifts how often each is seen, and suggestions
come to cost more; by expected cost alone, the urgent ones crowd out all else. The product of both
does better than either and than chance (`python -m benchmarks.active_learning`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]

CANDIDATES = 10
"""Tickets looked at for each one chosen: the most worthwhile, so that all others may be many."""


def worth(probabilities: Floats, costs: Floats) -> Floats:
    """Return how worthwhile a label is for each of n tickets, by their probabilities (n, 5).

    It is how probably the likeliest priority is wrong, times what the cheapest suggestion costs by
    `costs[label, suggested]`.
    """
    wrong = 1 - probabilities.max(axis=1)
    return np.asarray(wrong * (probabilities @ costs).min(axis=1))


def most_worthwhile(worths: Floats, count: int) -> npt.NDArray[np.int64]:
    """Return the tickets, by number, among which `count` are chosen; the most worthwhile first."""
    return np.argsort(-worths, kind="stable")[: CANDIDATES * count]


def spread(worths: Floats, rows: Rows, count: int) -> list[int]:
    """Return `count` of n tickets, or all, by number, the first to label first.

    In turn the most worthwhile is chosen, which counts for less the more it resembles one chosen
    before; `rows` are n texts whose products are their similarities. Copies are chosen once.
    """
    newness = np.ones(len(worths))
    chosen: list[int] = []
    while len(chosen) < count:
        gains = worths * newness
        at = int(gains.argmax())
        if gains[at] <= 0:
            break
        chosen.append(at)
        newness = np.minimum(newness, np.maximum(1 - rows @ rows[at], 0.0))
        newness[at] = 0.0
    return chosen
