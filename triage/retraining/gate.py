"""The gate: whether a candidate may take the place of the current model.

It may when, on held-out tickets that neither model has learnt from,

- there are at least `FEWEST` of them, and a P0 among them;
- it finds at least as many of the P0 tickets as the current one;
- its suggestions cost no more, by the cost matrix of the rules.

Measured figures count, not the bounds of their intervals: a candidate that is worse only by chance
is refused as well, as nobody can tell it from one that is worse. A person who can overrules it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifier import LabelledTicket, Model, Registry
from classifier.progress import Progress, stretch
from tickets import Fault, InputFaults
from triage.desk import Desk
from triage.retraining.comparison import (
    Comparison,
    Labels,
    compare,
    labels_of,
    suggested_priorities,
)
from triage.retraining.embedding import cache_beside
from triage.retraining.held_out import FEWEST, are_new, those, unlearnt
from triage.suggest import cost_array

NO_CURRENT = "there was no current model that could be used"
"""Why a model passes without a comparison."""
ROUNDING = 1e-9
"""Costs are sums of the same numbers in another order."""


@dataclass(frozen=True)
class Exam:
    """Held-out tickets that a candidate has not learnt from, and what it makes of them."""

    tickets: Sequence[LabelledTicket]
    answers: Labels


def judge(
    candidate: Model,
    current: Model,
    tickets: Sequence[LabelledTicket],
    registry: Registry,
    progress: Progress,
) -> Comparison:
    """Compare two stored models on those of the tickets that neither has learnt from.

    `InputFaults` when there are none, or when a model does not go with the rules.
    """
    for model in (candidate, current):
        tickets = unlearnt(tickets, registry.learnt(model.version))
    cache = cache_beside(registry)
    answers = suggested_priorities(Desk.of(candidate), tickets, stretch(progress, 0, 2), cache)
    return judge_answers(Exam(tickets, answers), current, registry, stretch(progress, 1, 2))


def judge_answers(exam: Exam, current: Model, registry: Registry, progress: Progress) -> Comparison:
    """Compare a candidate's answers with those of the current model, which is stored.

    Only tickets that are new to the current model count; `InputFaults` when there are none.
    """
    is_new = are_new(exam.tickets, registry.learnt(current.version))
    new = those(exam.tickets, is_new)
    if not new:
        problem = "none of the tickets is new to both models"
        raise InputFaults(Fault("held-out tickets", problem, "name others with --data FILE"))
    desk = Desk.of(current)
    others = suggested_priorities(desk, new, progress, cache_beside(registry))
    return compare(labels_of(new), exam.answers[is_new], others, cost_array(desk.rooms.ruleset))


def objections(comparison: Comparison) -> tuple[str, ...]:
    """Return why a candidate may not take the place of the model it is compared with."""
    found = []
    if comparison.tickets < FEWEST:
        found.append(f"{comparison.tickets} held-out tickets are too few, it takes {FEWEST}")
    recall, cost = comparison.p0_recall, comparison.expected_cost
    if not comparison.p0_tickets:
        found.append("no held-out ticket is a P0, so P0 recall cannot be judged")
    elif recall.value < 0:
        missed = round(-recall.value * comparison.p0_tickets)
        found.append(
            f"P0 recall falls from {recall.current:.3f} to {recall.candidate:.3f}"
            f" ({missed} more of {comparison.p0_tickets} missed)"
        )
    if cost.value > ROUNDING:
        found.append(f"expected cost rises from {cost.current:.3f} to {cost.candidate:.3f}")
    return tuple(found)


def usable(registry: Registry, version: str | None) -> Model | None:
    """Return a reader's current model, None when there is none or a desk cannot use it."""
    if version is None:
        return None
    try:
        return Desk.of(registry.load(version)).rooms.model
    except InputFaults:
        return None
