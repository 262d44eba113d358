"""Training from the outside: labelled tickets and the current rules become the current model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from classifier import LabelledTicket, Model, Registry, load_recipe
from classifier.heads import Floats
from classifier.training import Progress, Rules, train
from rules import diagram, distributions, load_ruleset, verdict_table
from triage.suggest import cost_array

LEARNT_FROM = ("train", "development", "")
"""Splits that a model learns from; `test` is held out, and files without splits have none."""


def current_rules() -> Rules:
    """Return what training needs of the rules."""
    ruleset = load_ruleset()
    folded = diagram(ruleset.schema, verdict_table(ruleset))

    def view(facts: Mapping[str, Floats]) -> Floats:
        return np.asarray(distributions(folded, facts))

    return Rules(ruleset.schema, view, cost_array(ruleset), ruleset.version)


def train_model(tickets: Sequence[LabelledTicket], home: Path, progress: Progress) -> Model:
    """Train on the tickets that are not held out, store the model and make it current."""
    learnt = [labelled for labelled in tickets if labelled.split in LEARNT_FROM]
    model = train(learnt, current_rules(), load_recipe(), progress)
    return Registry(home).add(model)
