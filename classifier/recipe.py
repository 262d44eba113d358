"""How a model is trained and how sure it must be, read from `training.yaml`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tickets.document import read_document

SHIPPED = Path(__file__).with_name("training.yaml")
_SCHEMA = Path(__file__).with_name("training.schema.json")


@dataclass(frozen=True)
class Recipe:
    """The choices of a training run; `training.yaml` gives the reasons."""

    part_weights: Mapping[str, float]
    """How much each part of the features counts."""
    fewest_tickets: int
    most_names: int
    regularisation: float
    folds: int
    seed: int
    auto_precision: float
    auto_fewest_tickets: int
    review_below: float
    review_disagreement: int


def load_recipe(path: Path = SHIPPED) -> Recipe:
    """Read a recipe; `InputFaults` lists everything wrong in it."""
    document = read_document(path, json.loads(_SCHEMA.read_text(encoding="utf-8")))
    document.refuse_if()
    values = document.values
    return Recipe(
        **values["features"],
        regularisation=values["regularisation"],
        folds=values["folds"],
        seed=values["seed"],
        **values["decision"],
    )
