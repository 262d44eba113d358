"""Pooling: the rules' view and the direct view of the priority become one calibrated distribution.

A log-linear pool, p(k) ∝ rules(k)^a · direct(k)^b · exp(c_k) (Genest & Zidek, Statistical Science
1986), with two exponents and one offset per priority fitted to tickets that neither view has seen.
Its exponents calibrate as well: a sum below one softens, above one sharpens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifier.heads import softmax

Floats = npt.NDArray[np.float64]

FLOOR = 0.005
"""Weight of the even distribution mixed into each view, so that neither can veto a priority."""
SHRINKAGE = 0.01
"""Pull of the offsets towards zero and the exponents towards one half."""


@dataclass(frozen=True)
class Pool:
    """The fitted weights of the pool."""

    rules_exponent: float
    direct_exponent: float
    offsets: tuple[float, ...]
    """One for each priority, P0 first."""

    def combine(self, rules_view: Floats, direct_view: Floats) -> Floats:
        """Return the pooled distributions of n tickets from both views, all of shape (n, 5)."""
        return softmax(
            self.rules_exponent * _logarithm(rules_view)
            + self.direct_exponent * _logarithm(direct_view)
            + np.array(self.offsets)
        )


def fit_pool(
    rules_view: Floats,
    direct_view: Floats,
    labels: npt.NDArray[np.int64],
    weights: Floats | None = None,
) -> Pool:
    """Fit the pool to n labelled tickets (labels 0 to 4) by maximum likelihood.

    Each counts as much as its weight, by default the same.
    """
    # Imported here: serving needs only NumPy.
    from scipy.optimize import minimize

    rules_log, direct_log = _logarithm(rules_view), _logarithm(direct_view)
    rows = np.arange(len(labels))

    def loss(fitted: Floats) -> float:
        scores = fitted[0] * rules_log + fitted[1] * direct_log + fitted[2:]
        likelihood = np.average(np.log(softmax(scores)[rows, labels]), weights=weights)
        pull = ((fitted[:2] - 0.5) ** 2).sum() + (fitted[2:] ** 2).sum()
        return float(SHRINKAGE * pull - likelihood)

    start = np.array([0.5, 0.5, 0, 0, 0, 0, 0], float)
    bounds = [(0.0, None)] * 2 + [(None, None)] * 5
    found = minimize(loss, start, bounds=bounds, method="L-BFGS-B").x
    return Pool(float(found[0]), float(found[1]), tuple(float(offset) for offset in found[2:]))


def _logarithm(view: Floats) -> Floats:
    return np.asarray(np.log((1 - FLOOR) * view + FLOOR / view.shape[1]))
