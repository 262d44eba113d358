"""How a model is trained and how sure it must be, read from `training.yaml`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from classifier.reader import Reader
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
    embedding_weight: float
    """What each number of an embedding is multiplied with; nothing for the light reader."""
    embedding_directions: int
    """The main directions of embeddings that heads look at."""
    regularisation: float
    balanced_regularisation: float
    """Of the direct view where it is measured by itself and every class counts the same."""
    explaining_rounds: int
    """How often the facts of tickets with only a priority are guessed anew."""
    folds: int
    seed: int
    auto_precision: float
    auto_fewest_tickets: int
    review_below: float
    review_disagreement: int
    embedding_cache_megabytes: int
    """What embeddings may take on disk."""


def load_recipe(reader: Reader, path: Path = SHIPPED) -> Recipe:
    """Read the recipe for a reader; `InputFaults` lists everything wrong in it."""
    document = read_document(path, json.loads(_SCHEMA.read_text(encoding="utf-8")))
    document.refuse_if()
    values = document.values
    return Recipe(
        **values["features"],
        **values["readers"][reader],
        explaining_rounds=values["explaining_rounds"],
        folds=values["folds"],
        seed=values["seed"],
        **values["decision"],
        embedding_cache_megabytes=values["embedding_cache_megabytes"],
    )
