"""What went wrong: the costliest mistakes in full, and labels that may be the mistake instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from classifier import LabelledTicket
from classifier.suspicion import suspicious_labels
from tickets import PRIORITIES, FactReading, Priority, Suggestion
from triage.labelled.check import FEWEST_TICKETS
from triage.report.highlights import Mark, Piece, Show, highlighted, without_controls
from triage.report.trial import Trial

MOST_SHOWN = 10
MOST_DOUBTED = 15
GIST = 160
"""Characters of a text that recall it."""


@dataclass(frozen=True)
class FactRead:
    """One fact of a ticket as read, beside its label where it has one."""

    name: str
    reading: FactReading
    label: str | None

    @property
    def is_misread(self) -> bool:
        """Whether the label says something else."""
        return self.label is not None and self.label != self.reading.value


@dataclass(frozen=True)
class Mistake:
    """A ticket that was suggested another priority than its label."""

    labelled: LabelledTicket
    suggestion: Suggestion
    cost: float
    subject: tuple[Piece, ...]
    body: tuple[Piece, ...]
    facts: tuple[FactRead, ...]


def worst_mistakes(trial: Trial, show: Show) -> list[Mistake]:
    """Return the costliest mistakes, of equal ones the surest first."""
    order = np.lexsort((-trial.answers.confidence, -trial.paid))
    wrong = [int(at) for at in order if not trial.is_right[at]]
    return [_mistake(trial, at, show) for at in wrong[:MOST_SHOWN]]


def _mistake(trial: Trial, at: int, show: Show) -> Mistake:
    labelled, suggestion = trial.data.tickets[at], trial.answers.suggestions[at]
    ticket = labelled.ticket
    return Mistake(
        labelled,
        suggestion,
        float(trial.paid[at]),
        highlighted(ticket.subject, _marks(suggestion, "subject"), show),
        highlighted(ticket.body, _marks(suggestion, "body"), show),
        tuple(
            FactRead(name, reading, labelled.facts.get(name))
            for name, reading in suggestion.facts.items()
        ),
    )


def _marks(suggestion: Suggestion, field: str) -> list[Mark]:
    return [
        Mark(span.start, span.end, name)
        for name, reading in suggestion.facts.items()
        for span in reading.evidence
        if span.field == field
    ]


@dataclass(frozen=True)
class Doubt:
    """A label that the model doubts."""

    id: str
    label: Priority
    probability_of_label: float
    likelier: Priority
    probability: float
    gist: str


@dataclass(frozen=True)
class Doubts:
    """The labels that are doubted, most first, or why none was looked for."""

    found: tuple[Doubt, ...]
    not_looked_for: str = ""


def doubts(trial: Trial, show: Show) -> Doubts:
    """Return the labels that confident learning doubts by the model's probabilities."""
    count = len(trial.labels)
    if count < FEWEST_TICKETS:
        return Doubts((), f"fewer than {FEWEST_TICKETS} tickets tell nothing of labels")
    if trial.is_right.sum() <= trial.commonest[1]:
        return Doubts((), f"always saying {trial.commonest[0]} would be right as often")
    return Doubts(tuple(_doubts(trial, show)))


def _doubts(trial: Trial, show: Show) -> Iterator[Doubt]:
    for one in suspicious_labels(trial.labels, trial.answers.probabilities):
        ticket = trial.data.tickets[one.index].ticket
        yield Doubt(
            ticket.id,
            PRIORITIES[one.label],
            one.probability_of_label,
            PRIORITIES[one.likelier],
            one.probability,
            _gist(f"{ticket.subject}\n{ticket.body}", show),
        )


def _gist(text: str, show: Show) -> str:
    words = " ".join(show(without_controls(text)).split())
    return words if len(words) <= GIST else f"{words[: GIST - 1]}…"
