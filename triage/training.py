"""Training from the outside: labelled tickets and the current rules become two readers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from classifier import LabelledTicket, Model, Reader, load_recipe
from classifier.encoder import Encoder, load_encoder
from classifier.heads import Floats
from classifier.progress import Progress, stretch
from classifier.training import Material, Rules, fit_to_judge, train
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


def train_readers(tickets: Sequence[LabelledTicket], progress: Progress) -> dict[Reader, Model]:
    """Train both readers on tickets; `InputFaults` when there is too little to learn from."""
    rules, recipes = current_rules(), {reader: load_recipe(reader) for reader in Reader}
    encoder = load_encoder(threads=os.cpu_count() or 1)
    _refuse_too_little(tickets, encoder, recipes[Reader.FULL].folds)
    material = Material.of(tickets, recipes[Reader.FULL])
    return {
        reader: train(
            material,
            rules,
            recipe,
            stretch(progress, number, len(recipes)),
            encoder if reader is Reader.FULL else None,
        )
        for number, (reader, recipe) in enumerate(recipes.items())
    }


def to_learn_from(tickets: Sequence[LabelledTicket]) -> list[LabelledTicket]:
    """Return the tickets that are not held out."""
    return [labelled for labelled in tickets if labelled.split != HELD_OUT]


def _refuse_too_little(tickets: Sequence[LabelledTicket], encoder: Encoder, folds: int) -> None:
    """Raise `InputFaults` where there is nothing to tell apart, or no ticket to check it on."""
    labels = Counter(str(labelled.priority) for labelled in tickets)
    place = "labelled tickets"
    if len(labels) < 2:
        problem = f"all {len(tickets)} have the same label" if labels else "there are none"
        raise InputFaults(Fault(place, problem, "add tickets of other priorities"))
    new = fit_to_judge(tickets, encoder)
    most_of_one = max(Counter(labelled.priority for labelled in new).values(), default=0)
    if most_of_one < folds:
        known = len(tickets) - len(new)
        problem = f"{len(new)} are too few"
        if known:
            problem += f" (besides {known} that the encoder was made with)"
        remedy = f"at least {folds} of one priority are needed, and some hundred make sense"
        raise InputFaults(Fault(place, problem, remedy))
