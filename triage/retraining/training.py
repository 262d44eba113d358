"""Training from the outside: labelled tickets and the current rules become two readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from classifier import LabelledTicket, Model, Reader, Recipe, load_recipe
from classifier.embedder import Embedder
from classifier.heads import Floats
from classifier.kinship import Kin
from classifier.progress import Progress, shares
from classifier.training import EMBEDDING, OBSERVING, Material, Rules, judged_numbers, train
from rules import diagram, distributions, load_ruleset, verdict_table
from tickets import Fault, InputFaults
from triage.suggest import cost_array

HELD_OUT = "test"
"""The split that no model learns from."""
FITTING = 6.0
"""About how many milliseconds of one processor the heads of a reader take for a ticket."""


def current_rules() -> Rules:
    """Return what training needs of the rules."""
    ruleset = load_ruleset()
    folded = diagram(ruleset.schema, verdict_table(ruleset))

    def view(facts: Mapping[str, Floats]) -> Floats:
        return np.asarray(distributions(folded, facts))

    return Rules(ruleset.schema, view, cost_array(ruleset), ruleset.version)


def train_readers(
    tickets: Sequence[LabelledTicket],
    kin: Kin,
    embedder: Embedder,
    progress: Progress,
    seed: int | None = None,
) -> dict[Reader, Model]:
    """Train both readers on tickets; `InputFaults` when there is too little to learn from.

    The seed is by default that of the recipe.
    """
    rules, recipes = current_rules(), {reader: _recipe(reader, seed) for reader in Reader}
    _refuse_too_little(tickets, kin, embedder, recipes[Reader.FULL].folds)
    seeing, *fitting = shares(progress, [OBSERVING + EMBEDDING, FITTING, FITTING])
    material = Material.of(tickets, recipes[Reader.FULL], embedder, kin, seeing)
    encoders = {Reader.FULL: embedder.encoder, Reader.LIGHT: None}
    return {
        reader: train(material, rules, recipes[reader], part, encoder)
        for (reader, encoder), part in zip(encoders.items(), fitting, strict=True)
    }


def _recipe(reader: Reader, seed: int | None) -> Recipe:
    recipe = load_recipe(reader)
    return recipe if seed is None else replace(recipe, seed=seed)


def to_learn_from(tickets: Sequence[LabelledTicket]) -> list[LabelledTicket]:
    """Return the tickets that are not held out."""
    return [labelled for labelled in tickets if labelled.split != HELD_OUT]


def _refuse_too_little(
    tickets: Sequence[LabelledTicket], kin: Kin, embedder: Embedder, folds: int
) -> None:
    """Raise `InputFaults` where there is nothing to tell apart, or no ticket to check it on."""
    labels = Counter(str(labelled.priority) for labelled in tickets)
    place = "labelled tickets"
    if len(labels) < 2:
        problem = f"all {len(tickets)} have the same label" if labels else "there are none"
        raise InputFaults(Fault(place, problem, "add tickets of other priorities"))
    new = judged_numbers(tickets, embedder.encoder)
    most_of_one = max(Counter(tickets[at].priority for at in new).values(), default=0)
    if most_of_one < folds:
        known = len(tickets) - len(new)
        problem = f"{len(new)} are too few"
        if known:
            problem += f" (besides {known} that the encoder was made with)"
        remedy = f"at least {folds} of one priority are needed, and some hundred make sense"
        raise InputFaults(Fault(place, problem, remedy))
    if len(np.unique(kin[new])) < 2:
        problem = f"all {len(new)} are copies of each other, or of one group"
        raise InputFaults(Fault(place, problem, "add others, or group by another column"))
