"""How good suggestions are, measured on labelled tickets that no model has learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import cohen_kappa_score, f1_score, precision_recall_fscore_support

from classifier.intervals import intervals
from classifier.reliability import calibration_bins
from tickets import PRIORITIES, Priority

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

MISSED = (Priority.P3, Priority.P4)
"""A P0 that is suggested as one of these waits for days."""


def measures(labels: Labels, suggested: Labels) -> dict[str, Any]:
    """Return the agreement of n suggestions with the labels, what it costs, and what is chance.

    Both arrays hold 0 (P0) to 4; n is at least 1.
    """
    return {
        **agreement(labels, suggested),
        "undertriage": undertriage(labels, suggested),
        "intervals": intervals(labels, suggested),
    }


def undertriage(labels: Labels, suggested: Labels) -> float | None:
    """Return the share of the P0 tickets suggested as P3 or P4; None without a P0."""
    of_most_urgent = suggested[labels == Priority.P0]
    return float(np.isin(of_most_urgent, MISSED).mean()) if len(of_most_urgent) else None


def agreement(labels: Labels, suggested: Labels) -> dict[str, Any]:
    """Return accuracy, macro-F1, quadratic weighted kappa, each class, and the dullest rival.

    Classes are those that occur among the labels; both arrays hold 0 (P0) to 4.
    """
    classes = np.unique(labels)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, suggested, labels=classes, zero_division=0.0
    )
    commonest = Counter(labels.tolist()).most_common(1)[0][0]
    return {
        "n": len(labels),
        **_summary(labels, suggested),
        "per_class": {
            str(PRIORITIES[number]): {
                "precision": float(precision[at]),
                "recall": float(recall[at]),
                "f1": float(f1[at]),
                "support": int(support[at]),
            }
            for at, number in enumerate(classes)
        },
        "majority": {
            "priority": str(PRIORITIES[commonest]),
            **_summary(labels, np.full_like(labels, commonest)),
        },
    }


def _summary(labels: Labels, suggested: Labels) -> dict[str, float]:
    macro = f1_score(
        labels, suggested, labels=np.unique(labels), average="macro", zero_division=0.0
    )
    return {
        "accuracy": float((labels == suggested).mean()),
        "macro_f1": float(macro),
        "qwk": _kappa(labels, suggested),
    }


def _kappa(labels: Labels, suggested: Labels) -> float:
    """Return the quadratic weighted kappa; 0 where one priority is all there is."""
    if len(np.union1d(labels, suggested)) == 1:
        return 0.0
    every = [int(priority) for priority in PRIORITIES]
    return float(cohen_kappa_score(labels, suggested, weights="quadratic", labels=every))


def calibration_error(confidence: Floats, is_right: npt.NDArray[np.bool_]) -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015) over ten equal bins."""
    bins = calibration_bins(confidence, is_right)
    gaps = (abs(one.confidence * one.tickets - one.right) for one in bins)
    return sum(gaps) / len(confidence)


def actions(acted: Sequence[str], is_right: npt.NDArray[np.bool_]) -> dict[str, dict[str, float]]:
    """Return for each action its share of the tickets and how many of those were right."""
    names = np.array(acted)
    return {
        name: {
            "share": float((names == name).mean()),
            "accuracy": float(is_right[names == name].mean()),
        }
        for name in sorted(set(acted))
    }


def fact_accuracy(
    known: Sequence[Mapping[str, str]], read: Sequence[Mapping[str, str]]
) -> dict[str, float]:
    """Return for each fact the share of tickets, of those whose fact is known, read right."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for truth, reading in zip(known, read, strict=True):
        total.update(truth.keys())
        right.update(name for name, value in truth.items() if reading[name] == value)
    return {name: right[name] / total[name] for name in sorted(total)}
