"""Leaks: what gives a label away without a word of the ticket being understood.

Whoever learns from such data learns the leak: the queue that a ticket was moved to after somebody
had read it, a form that only outages get, a tag written with the label.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.tree import DecisionTreeClassifier

from classifier.form_fields import encoded

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

GIVEN_AWAY = 0.10
"""Macro-F1 above chance from which a field gives the label away, in a file of any size."""
LUCK = 2.0
"""Divided by the root of the number of tickets: what luck alone hardly ever reaches (some three
standard deviations of the difference), which counts below 400 tickets."""
FOLDS = 5
SHUFFLES = 3
"""Chance is what the same model reaches, on average, on that many shufflings of the labels."""
MOST_TICKETS = 10_000
"""A score over so many is exact to a hundredth; of more, a random sample is taken."""
PURE = 0.95
"""Share of one label among the tickets with a word from which that word gives it away."""
FEWEST_WITH_WORD = 15
_SEED = 1


@dataclass(frozen=True)
class Leak:
    """How well fields alone tell the label: macro-F1 on tickets of groups not learnt from."""

    macro_f1: float
    chance: float
    tickets: int

    @property
    def gives_away(self) -> bool:
        """Tell whether it is more than chance and luck explain."""
        return self.macro_f1 >= self.chance + max(GIVEN_AWAY, LUCK / math.sqrt(self.tickets))


def leaks(
    fields: Mapping[str, Sequence[Any]], labels: Labels, groups: Labels
) -> Iterator[tuple[str, Leak]]:
    """Yield what each field by itself tells of the label."""
    for name, values in fields.items():
        tree = DecisionTreeClassifier(
            class_weight="balanced", max_leaf_nodes=50, min_samples_leaf=5, random_state=_SEED
        )
        yield name, _leak(tree, encoded(values), labels, groups)


def joint_leak(fields: Mapping[str, Sequence[Any]], labels: Labels, groups: Labels) -> Leak:
    """Return what all fields together tell of the label."""
    forest = RandomForestClassifier(
        50, class_weight="balanced", min_samples_leaf=5, random_state=_SEED
    )
    columns = np.hstack([encoded(values) for values in fields.values()])
    return _leak(forest, columns, labels, groups)


def _leak(model: Any, columns: Floats, labels: Labels, groups: Labels) -> Leak:
    random = np.random.default_rng(_SEED)
    some = random.permutation(len(labels))[:MOST_TICKETS]
    columns, labels, groups = columns[some], labels[some], groups[some]
    shuffled = (random.permutation(labels) for _ in range(SHUFFLES))
    by_chance = [_held_out_score(model, columns, chance, groups) for chance in shuffled]
    score = _held_out_score(model, columns, labels, groups)
    return Leak(score, float(np.mean(by_chance)), len(labels))


def _held_out_score(model: Any, columns: Floats, labels: Labels, groups: Labels) -> float:
    suggested = np.empty_like(labels)
    for learn, held_out in GroupKFold(FOLDS).split(columns, groups=groups):
        suggested[held_out] = model.fit(columns[learn], labels[learn]).predict(columns[held_out])
    return float(
        f1_score(labels, suggested, labels=np.unique(labels), average="macro", zero_division=0.0)
    )


@dataclass(frozen=True)
class TellingWord:
    """A word that nearly always goes with one label."""

    word: str
    label: int
    tickets: int
    share: float
    """Of the tickets with the word, those of the label."""


def telling_words(texts: Sequence[str], labels: Labels) -> list[TellingWord]:
    """Return the words that nearly always go with one label, the commonest first."""
    if len(texts) < FEWEST_WITH_WORD:
        return []
    counting = CountVectorizer(binary=True, token_pattern=r"\w[\w-]*\w", dtype=np.int32)
    has_word = counting.fit_transform(texts)
    kinds = np.unique(labels)
    with_word = np.array([np.asarray(has_word[labels == k].sum(axis=0)).ravel() for k in kinds])
    total = with_word.sum(axis=0)
    share = with_word.max(axis=0) / total
    names = counting.get_feature_names_out()
    pure = np.flatnonzero((total >= FEWEST_WITH_WORD) & (share >= PURE))
    found = [
        TellingWord(
            str(names[at]),
            int(kinds[with_word[:, at].argmax()]),
            int(total[at]),
            float(share[at]),
        )
        for at in pure
    ]
    return sorted(found, key=lambda word: (-word.tickets, word.word))
