"""Everything that a trial shows, put together for the page and the card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from classifier.evaluation import calibration_error
from classifier.reliability import CalibrationBin, calibration_bins
from tickets import PRIORITIES
from triage.redaction import mask
from triage.report.changes import Changes, changes
from triage.report.classes import ClassFigures, class_figures
from triage.report.facts import FactFigures, fact_figures
from triage.report.figures import Acted, Confusion, Figure, acted, confusion, headline
from triage.report.highlights import Show
from triage.report.mistakes import Doubts, Mistake, doubts, worst_mistakes
from triage.report.shares import Share
from triage.report.slices import Slices, slices
from triage.report.trial import Answers, Trial
from triage.report.words import many, name, percent
from triage.retraining.gate import objections
from triage.retraining.held_out import FEWEST

ENOUGH = 5 * FEWEST
"""Tickets below which intervals are so wide that the reader is told."""
MOST_NAMED = 8
"""Values that are named where many stand together."""


@dataclass(frozen=True)
class Findings:
    """What a trial shows."""

    trial: Trial
    made_at: datetime
    shows_personal_data: bool
    right: Share
    headline: dict[str, Figure]
    acted: tuple[Acted, ...]
    acted_current: tuple[Acted, ...]
    """By the current model; none where there is none beside."""
    calibration_error: float
    calibration_error_current: float | None
    bins: tuple[CalibrationBin, ...]
    confusion: Confusion
    classes: tuple[ClassFigures, ...]
    facts: tuple[FactFigures, ...]
    slices: Slices
    mistakes: tuple[Mistake, ...]
    doubts: Doubts
    changes: Changes | None

    def shown(self, word: str) -> str:
        """Return a cell of a stranger as it may be shown."""
        return _show(self.shows_personal_data)(name(word))

    def listed(self, words: Sequence[str]) -> str:
        """Return cells of strangers as they may be shown."""
        named = ", ".join(map(self.shown, words[:MOST_NAMED]))
        rest = len(words) - MOST_NAMED
        return f"{named} and {rest:,} more" if rest > 0 else named

    @property
    def objections(self) -> tuple[str, ...]:
        """Why the gate would not let it take the current model's place."""
        comparison = self.trial.comparison
        return () if comparison is None else objections(comparison)


def find(trial: Trial, made_at: datetime, *, shows_personal_data: bool = False) -> Findings:
    """Return what a trial shows, personal data in texts covered unless they may be shown."""
    current, show = trial.current, _show(shows_personal_data)
    return Findings(
        trial=trial,
        made_at=made_at,
        shows_personal_data=shows_personal_data,
        right=Share(int(trial.is_right.sum()), len(trial.labels)),
        headline=headline(trial),
        acted=tuple(acted(trial, trial.answers)),
        acted_current=tuple(acted(trial, current)) if current else (),
        calibration_error=_error(trial, trial.answers),
        calibration_error_current=_error(trial, current) if current else None,
        bins=tuple(calibration_bins(trial.answers.confidence, trial.is_right)),
        confusion=confusion(trial),
        classes=tuple(class_figures(trial)),
        facts=tuple(fact_figures(trial)),
        slices=slices(trial),
        mistakes=tuple(worst_mistakes(trial, show)),
        doubts=doubts(trial, show),
        changes=changes(trial),
    )


def _show(shows_personal_data: bool) -> Show:
    return str if shows_personal_data else mask


def _error(trial: Trial, answers: Answers) -> float:
    return calibration_error(answers.confidence, trial.labels == answers.suggested)


def cautions(trial: Trial) -> list[str]:
    """Return what a reader of the figures must bear in mind, one sentence each."""
    return list(_cautions(trial))


def _cautions(trial: Trial) -> Iterator[str]:
    tickets, model = trial.data.tickets, trial.answers.model
    if len(tickets) < ENOUGH:
        share = percent(1 / len(tickets))
        yield f"Only {many(len(tickets), 'ticket')}: one more or less right makes {share}."
    labelled = {one.priority for one in tickets}
    if absent := [str(priority) for priority in PRIORITIES if priority not in labelled]:
        yield f"No ticket is labelled {', '.join(absent)}: of those, nothing is known."
    if not any(one.facts for one in tickets):
        yield "No facts are labelled: how well they are read cannot be measured here."
    if trial.data.is_ours:
        yield (
            "Our corpus is synthetic: the figures are kinder than a real desk will be."
            " Measure on your own tickets before a bot acts on suggestions."
        )
    if writers := {one.writer for one in tickets if one.writer}:
        yield (
            f"The tickets come from {many(len(writers), 'writer')}. Tickets of one writer are"
            " alike, so the truth may lie further off than the intervals say."
        )
    if trial.data.left_out:
        yield (
            f"{trial.data.left_out:,} more tickets of the file are left out, as a model concerned"
            " or its encoder has learnt from them."
        )
    if "thresholds" in model.description:
        yield (
            "Thresholds were chosen after training. Where that was done on these tickets, what may"
            " be applied unseen looks more right than it is."
        )
    now, then = trial.answers.desk.rooms.ruleset.version, model.description["rules"]
    if now != then:
        yield f"The model was trained with rules {then} and is measured with rules {now}."
