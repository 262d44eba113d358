"""Labels that are probably wrong, by confident learning.

The method is that of Northcutt, Jiang & Chuang, "Confident Learning: Estimating Uncertainty in
Dataset Labels", JAIR 70 (2021), as in cleanlab's `find_label_issues` with
`filter_by="confident_learning"`: a ticket is confidently of a class when its held-out probability
reaches the mean that tickets labelled so get; one that is confidently of another class than its
label is suspicious.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Suspicion:
    """A ticket, by its position, whose label a model that never saw it doubts."""

    index: int
    label: int
    likelier: int
    probability_of_label: float
    probability: float
    """Of the likelier class."""


def suspicious_labels(labels: Labels, probabilities: Floats) -> list[Suspicion]:
    """Return the suspicious labels of n tickets, the most doubtful (by margin) first.

    `probabilities` (n, classes) must come from models that had not learnt from the ticket.
    """
    thresholds = np.array(
        [_threshold(labels, column, at) for at, column in enumerate(probabilities.T)]
    )
    confident = np.where(probabilities >= thresholds, probabilities, 0.0)
    likelier = confident.argmax(axis=1)
    doubted = (
        (confident.max(axis=1) > 0)
        & (likelier != labels)
        & (probabilities.argmax(axis=1) != labels)
    )
    margins = probabilities[np.arange(len(labels)), labels] - probabilities.max(axis=1)
    return [
        Suspicion(
            int(at),
            int(labels[at]),
            int(likelier[at]),
            float(probabilities[at, labels[at]]),
            float(probabilities[at, likelier[at]]),
        )
        for at in np.argsort(margins, kind="stable")
        if doubted[at]
    ]


def _threshold(labels: Labels, column: Floats, number: int) -> float:
    """Return the mean probability of a class among its tickets; without any, one never reached."""
    own = column[labels == number]
    return float(own.mean()) if len(own) else np.inf
