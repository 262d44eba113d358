"""Precision and coverage: what thresholds make of labelled tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from tickets import PRIORITIES, Priority
from triage.report.shares import Share

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Claims = npt.NDArray[np.bool_]

CURVE = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Thresholds that a curve is drawn at."""


@dataclass(frozen=True)
class Acted:
    """What thresholds make of n labelled tickets, all shapes (n,)."""

    labels: Labels
    suggested: Labels
    confidence: Floats
    is_open: Claims
    """Whether nothing but its class's threshold keeps a suggestion from being applied unseen."""
    is_auto: Claims

    @classmethod
    def joined(cls, parts: Sequence[Acted]) -> Acted:
        """Put several lots of tickets together."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})

    @property
    def is_right(self) -> Claims:
        """Whether a suggestion is the label."""
        return np.asarray(self.suggested == self.labels)


@dataclass(frozen=True)
class ClassFigures:
    """How one priority fares."""

    recall: Share
    """Of the tickets labelled so, those suggested so."""
    precision_of_all: Share
    """Of the tickets suggested so, those labelled so."""
    coverage: Share
    """Of the tickets suggested so, those applied unseen."""
    precision: Share
    """Of those applied unseen, those labelled so."""


@dataclass(frozen=True)
class Figures:
    """How all priorities fare."""

    accuracy: Share
    classes: tuple[ClassFigures, ...]
    """P0 first."""


def figures(acted: Acted) -> Figures:
    """Measure what thresholds made of tickets."""
    accuracy = _share(acted.is_right, np.ones_like(acted.is_right))
    return Figures(accuracy, tuple(_of_class(acted, priority) for priority in PRIORITIES))


def _of_class(acted: Acted, priority: Priority) -> ClassFigures:
    is_suggested = acted.suggested == priority
    return ClassFigures(
        recall=_share(acted.is_right, acted.labels == priority),
        precision_of_all=_share(acted.is_right, is_suggested),
        coverage=_share(acted.is_auto, is_suggested),
        precision=_share(acted.is_right, acted.is_auto & is_suggested),
    )


@dataclass(frozen=True)
class Point:
    """What a threshold of one priority would give."""

    threshold: float
    coverage: Share
    precision: Share


def curve(acted: Acted, priority: Priority) -> tuple[Point, ...]:
    """Return precision and coverage of a priority at a handful of thresholds."""
    is_suggested = acted.suggested == priority
    points = []
    for threshold in CURVE:
        is_auto = acted.is_open & (acted.confidence >= threshold)
        precision = _share(acted.is_right, is_auto & is_suggested)
        points.append(Point(threshold, _share(is_auto, is_suggested), precision))
    return tuple(points)


def _share(claims: Claims, among: Claims) -> Share:
    return Share(int((claims & among).sum()), int(among.sum()))
