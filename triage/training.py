"""Training from the outside: labelled tickets and the current rules become the current model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from classifier import LabelledTicket, Model, Registry, load_recipe
from classifier.heads import Floats
from classifier.training import Progress, Rules, train
from rules import diagram, distributions, load_ruleset, verdict_table
from tickets import Fault, InputFaults
from triage.suggest import cost_array

HELD_OUT = "test"
"""The split that no model learns from; files without splits hold nothing out."""


def current_rules() -> Rules:
    """Return what training needs of the rules."""
    ruleset = load_ruleset()
    folded = diagram(ruleset.schema, verdict_table(ruleset))

    def view(facts: Mapping[str, Floats]) -> Floats:
        return np.asarray(distributions(folded, facts))

    return Rules(ruleset.schema, view, cost_array(ruleset), ruleset.version)


def train_model(tickets: Sequence[LabelledTicket], home: Path, progress: Progress) -> Model:
    """Train on the tickets that are not held out, store the model and make it current."""
    registry = Registry(home)
    registry.prepare()
    learnt = to_learn_from(tickets)
    recipe = load_recipe()
    _refuse_too_little(learnt, recipe.folds)
    return registry.add(train(learnt, current_rules(), recipe, progress))


def to_learn_from(tickets: Sequence[LabelledTicket]) -> list[LabelledTicket]:
    """Return the tickets that are not held out."""
    return [labelled for labelled in tickets if labelled.split != HELD_OUT]


def _refuse_too_little(tickets: Sequence[LabelledTicket], folds: int) -> None:
    """Raise `InputFaults` where there is nothing to tell apart, or no ticket to check it on."""
    labels = Counter(str(labelled.priority) for labelled in tickets)
    place = "labelled tickets"
    if len(labels) < 2:
        problem = f"all {len(tickets)} have the same label" if labels else "there are none"
        raise InputFaults(Fault(place, problem, "add tickets of other priorities"))
    if max(labels.values()) < folds:
        problem = f"{len(tickets)} are too few"
        remedy = f"at least {folds} of one priority are needed, and some hundred make sense"
        raise InputFaults(Fault(place, problem, remedy))
