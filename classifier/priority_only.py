"""Learning facts from priorities alone: which facts would explain the label, by Bayes' rule.

A ticket that carries only a priority still says something of its facts: of the combinations that
its text allows, only those count for which the rules give that priority. Heads and this
explanation take turns, as in expectation-maximisation (Dempster, Laird & Rubin, 1977); the sum over
all combinations is exact, because the rules are a finite table folded into a diagram.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RulesView = Callable[[Mapping[str, Floats]], Floats]
"""Turns the probabilities (n, values) of each fact into what the rules make of them, (n, 5)."""

LIKELIHOOD_FLOOR = 0.02
"""Labels err, and rules do not cover everything: no combination is ruled out for good."""


def explained(
    facts: Mapping[str, Floats], labels: npt.NDArray[np.int64], view: RulesView
) -> dict[str, Floats]:
    """Return the probabilities (n, values) of each fact, given the text and the label (0 to 4).

    `facts` are the probabilities given the text alone, held independent of each other.
    """
    rows = np.arange(len(labels))
    posterior = {}
    for name, prior in facts.items():
        likelihood = np.empty_like(prior)
        for value in range(prior.shape[1]):
            certain = np.zeros_like(prior)
            certain[:, value] = 1.0
            likelihood[:, value] = view({**facts, name: certain})[rows, labels]
        joint = prior * (likelihood + LIKELIHOOD_FLOOR)
        posterior[name] = joint / joint.sum(axis=1, keepdims=True)
    return posterior
