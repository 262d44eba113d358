"""A trial: what a model suggests for tickets that are new to it, and what the current one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from classifier import Model, Reader, Registry
from classifier.progress import Progress, stretch
from tickets import PRIORITIES, Action, InputFaults, Priority, Suggestion
from triage.desk import Desk
from triage.report.held_out import HeldOut, held_out_tickets
from triage.retraining.comparison import Comparison, compare, labels_of, suggestions
from triage.retraining.gate import usable
from triage.retraining.source import Source
from triage.suggest import cost_array

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Claims = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """What a desk suggests for n tickets."""

    desk: Desk
    suggestions: Sequence[Suggestion]

    @property
    def model(self) -> Model:
        """The model that was asked."""
        return self.desk.rooms.model

    @cached_property
    def suggested(self) -> Labels:
        """The priorities, 0 (P0) to 4, shape (n,)."""
        return np.array([int(one.priority) for one in self.suggestions], np.int64)

    @cached_property
    def confidence(self) -> Floats:
        """How sure each is, shape (n,)."""
        return np.array([one.confidence for one in self.suggestions])

    @cached_property
    def probabilities(self) -> Floats:
        """Of each priority, shape (n, 5)."""
        return np.array([[one.probabilities[p] for p in PRIORITIES] for one in self.suggestions])

    def took(self, action: Action) -> Claims:
        """Tell for each ticket whether this is what may be done with the suggestion."""
        return np.array([one.action is action for one in self.suggestions], bool)


@dataclass(frozen=True)
class Trial:
    """A model's answers to n held-out tickets, beside those of its reader's current model."""

    data: HeldOut
    answers: Answers
    current: Answers | None
    why_alone: str = ""
    """Why there is no current model beside it; empty where there is."""

    @property
    def is_current(self) -> bool:
        """Whether the model tried is the current one."""
        return self.why_alone == IS_CURRENT

    @cached_property
    def labels(self) -> Labels:
        """The labels, 0 (P0) to 4, shape (n,)."""
        return labels_of(self.data.tickets)

    @cached_property
    def commonest(self) -> tuple[Priority, int]:
        """The label that most tickets have, and how many; whoever always says it needs no model."""
        counts = np.bincount(self.labels, minlength=len(PRIORITIES))
        return PRIORITIES[counts.argmax()], int(counts.max())

    @cached_property
    def is_right(self) -> Claims:
        """Whether each suggestion is the label, shape (n,)."""
        return np.asarray(self.labels == self.answers.suggested)

    @cached_property
    def costs(self) -> Floats:
        """The cost matrix of the rules (label, suggested)."""
        return cost_array(self.answers.desk.rooms.ruleset)

    @cached_property
    def paid(self) -> Floats:
        """What each suggestion costs, shape (n,)."""
        return np.asarray(self.costs[self.labels, self.answers.suggested])

    @cached_property
    def comparison(self) -> Comparison | None:
        """The figures that the gate goes by, where there is a current model."""
        if self.current is None:
            return None
        return compare(self.labels, self.answers.suggested, self.current.suggested, self.costs)


IS_CURRENT = "it is the current model"


def try_model(
    version: str, reader: Reader, source: Source | None, registry: Registry, progress: Progress
) -> Trial:
    """Put a model to held-out tickets, and beside it its reader's current one.

    An empty version is the reader's newest candidate, else its current model. `InputFaults` when a
    model or the tickets cannot be used, or no ticket is new to the model.
    """
    version = version or registry.candidate_version(reader) or ""
    model = registry.load(version) if version else registry.load_current(reader)
    desk = Desk.of(model)
    data = held_out_tickets(model, source, registry)
    data, current, why_alone = _beside(model, data, registry)
    stretches = 2 if current else 1
    answers = _asked(desk, data, stretch(progress, 0, stretches))
    others = _asked(Desk.of(current), data, stretch(progress, 1, stretches)) if current else None
    return Trial(data, answers, others, why_alone)


def _beside(model: Model, data: HeldOut, registry: Registry) -> tuple[HeldOut, Model | None, str]:
    """Return the tickets that are new to both, the current model, or why there is none beside."""
    version = registry.current_version(model.reader)
    if version == model.version:
        return data, None, IS_CURRENT
    current = usable(registry, version)
    if current is None:
        return data, None, f"the {model.reader} reader has no current model that can be used"
    try:
        common = data.new_to(current, registry)
    except InputFaults as faults:
        return data, None, str(faults)
    if not common.tickets:
        return data, None, f"the current model, {version}, has learnt from all of these tickets"
    return common, current, ""


def _asked(desk: Desk, data: HeldOut, progress: Progress) -> Answers:
    return Answers(desk, list(suggestions(desk, data.tickets, progress)))
