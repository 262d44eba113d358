"""Each priority by itself: found, rightly suggested, and how sure a suggestion must be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from classifier.decision import NEVER
from tickets import PRIORITIES, Action, Priority
from triage.report.shares import Share
from triage.report.trial import Claims, Floats, Trial

MOST_POINTS = 300
"""Of a curve; more cannot be seen."""


@dataclass(frozen=True)
class ClassFigures:
    """One priority: its tickets, its suggestions, and which of these may be applied unseen."""

    priority: Priority
    recall: Share
    """Of the tickets labelled so, those suggested so."""
    precision: Share
    """Of the tickets suggested so, those labelled so."""
    threshold: float | None
    """The confidence from which a suggestion is sure enough; None where none ever is."""
    sure: Share
    """Of the suggestions from the threshold on, those that are right."""
    applied: Share
    """Of the suggestions that a bot may apply unseen, those that are right."""
    curve: Curve

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where the priority does not occur."""
        occurs = self.recall.total + self.precision.total
        return 2 * self.recall.part / occurs if occurs else None


@dataclass(frozen=True)
class Curve:
    """What precision remains when only the surest suggestions of a priority are applied."""

    coverage: tuple[float, ...]
    """The shares of the suggestions that are applied, rising."""
    precision: tuple[Share, ...]
    """Of each, how many are right."""


def class_figures(trial: Trial) -> list[ClassFigures]:
    """Return the figures of each priority, also of those that no ticket has."""
    return [_figures(trial, priority) for priority in PRIORITIES]


def _figures(trial: Trial, priority: Priority) -> ClassFigures:
    labelled = trial.labels == priority
    suggested = trial.answers.suggested == priority
    threshold = trial.answers.model.thresholds.auto[priority]
    sure = suggested & (trial.answers.confidence >= threshold) & (threshold < NEVER)
    return ClassFigures(
        priority=priority,
        recall=Share.among(suggested, labelled),
        precision=Share.among(labelled, suggested),
        threshold=threshold if threshold < NEVER else None,
        sure=Share.among(labelled, sure),
        applied=Share.among(labelled, suggested & trial.answers.took(Action.AUTO)),
        curve=curve(trial.answers.confidence[suggested], labelled[suggested]),
    )


def curve(confidence: Floats, is_right: Claims) -> Curve:
    """Return the curve of n suggestions of one priority; tickets of like confidence go together."""
    order = np.argsort(-confidence, kind="stable")
    sure, right = confidence[order], np.cumsum(is_right[order])
    ends = np.flatnonzero(np.diff(sure, append=-np.inf))
    ends = ends[np.linspace(0, len(ends) - 1, min(len(ends), MOST_POINTS)).round().astype(int)]
    shares = [Share(int(right[end]), int(end) + 1) for end in ends]
    return Curve(tuple(share.total / len(sure) for share in shares), tuple(shares))
