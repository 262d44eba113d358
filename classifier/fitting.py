"""Fitting heads: scikit-learn's logistic regressions, each also without every fold in turn."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

from classifier.heads import Floats, softmax
from classifier.kinship import Kin, joined
from classifier.labelled import LabelledTicket
from classifier.priority_only import RulesView, explained
from classifier.progress import Progress
from classifier.recipe import Recipe

Labels = npt.NDArray[np.int64]
Fold = tuple[Labels, Labels]
"""The numbers of the tickets to learn from, and of those held out."""

UNSEEN_SCORE = -8.0
"""Score of a class that no training ticket had: about one in three thousand."""
WORTH_LEARNING = 0.05
"""Probability below which a guessed fact is left out; it keeps the rows few."""


@dataclass(frozen=True)
class Question:
    """One head to train: its classes and, for each ticket, the index of the right one."""

    name: str
    classes: tuple[str, ...]
    labels: Labels
    """-1 where it is not known."""
    weights: Floats
    """How much each ticket counts."""

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where the answer is known."""
        return self.labels >= 0


def question(
    name: str,
    classes: tuple[str, ...],
    values: Sequence[str | None],
    weights: Floats | None = None,
) -> Question:
    """Return the question that `values`, one for each ticket, answer; by default all count 1."""
    labels = np.array([classes.index(value) if value else -1 for value in values])
    return Question(name, classes, labels, np.ones(len(labels)) if weights is None else weights)


@dataclass(frozen=True)
class Fit:
    """A fitted head over all declared classes."""

    weights: Floats
    intercepts: Floats

    def scores(self, rows: csr_matrix) -> Floats:
        """Return the scores (n, classes) of rows."""
        return np.asarray(rows @ self.weights + self.intercepts)


@dataclass(frozen=True)
class _Lesson:
    """What one head learns from: rows by number, a class for each, and how much each counts."""

    rows: Labels
    classes: Labels
    weights: Floats


def folds_of(
    tickets: Sequence[LabelledTicket], held_out: Labels, kin: Kin, recipe: Recipe
) -> list[Fold]:
    """Return folds that hold out each ticket of `held_out` once, with its kin.

    Where all writers are known, theirs stay together too. All tickets that are not kin of one held
    out are learnt from in every fold.
    """
    split = _split(tickets, held_out, kin, recipe)
    return [(np.flatnonzero(~np.isin(kin, kin[out])), out) for out in split if len(out)]


def _split(
    tickets: Sequence[LabelledTicket], held_out: Labels, kin: Kin, recipe: Recipe
) -> list[Labels]:
    """Return the parts of `held_out`, in like shares of each priority where kin allow it."""
    writers = [tickets[at].writer for at in held_out]
    labels = [int(tickets[at].priority) for at in held_out]
    families = kin[held_out]
    of_writers = joined(families, writers)
    folds: Any = StratifiedKFold(recipe.folds, shuffle=True, random_state=recipe.seed)
    if "" not in writers and _count(of_writers, recipe) > 1:
        families = of_writers
        folds = GroupKFold(_count(families, recipe))
    elif len(set(families)) < len(families):
        count = _count(families, recipe)
        folds = StratifiedGroupKFold(count, shuffle=True, random_state=recipe.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a priority that is rarer than folds are many
        return [held_out[out] for _, out in folds.split(labels, labels, groups=families)]


def _count(families: Kin, recipe: Recipe) -> int:
    """Return how many folds there are, no more than families."""
    return min(recipe.folds, len(np.unique(families)))


def fit_all(
    rows: csr_matrix,
    questions: Sequence[Question],
    folds: Sequence[Fold],
    priorities: Labels,
    view: RulesView | None,
    recipe: Recipe,
    progress: Progress,
) -> tuple[dict[str, Floats], dict[str, Fit]]:
    """Return held-out scores (n, classes) of each head, and each head fitted to all tickets.

    With the rules' view, tickets without facts teach them too, by their priority (0 to 4). Scores
    of tickets that no fold holds out stay 0.
    """
    sets = [*(learn for learn, _ in folds), np.arange(rows.shape[0])]
    facts = [one for one in questions if not one.known.all()]
    can_explain = view is not None and any(one.known.any() for one in facts)
    rounds = recipe.explaining_rounds if can_explain else 0
    fits: list[dict[str, Fit]] = [{} for _ in sets]
    total = len(sets) * (len(questions) + rounds * len(facts))
    done = 0
    for turn in range(rounds + 1):
        guessed = [
            _guesses(rows, learn, fitted, facts, priorities, view)
            for learn, fitted in zip(sets, fits, strict=True)
        ]
        lessons = [
            (at, one, _lesson(learn, one, guessed[at]))
            for at, learn in enumerate(sets)
            for one in (facts if turn else questions)
        ]
        work = Parallel(n_jobs=os.cpu_count(), return_as="generator")(
            delayed(_fit)(rows, lesson, one.classes, recipe.regularisation)
            for _, one, lesson in lessons
        )
        for (at, one, _), fit in zip(lessons, work, strict=True):
            fits[at][one.name] = fit
            done += 1
            progress(done, total)
    scores = {one.name: np.zeros((rows.shape[0], len(one.classes))) for one in questions}
    for (_, held_out), fitted in zip(folds, fits[:-1], strict=True):
        for name, fit in fitted.items():
            scores[name][held_out] = fit.scores(rows[held_out])
    return scores, fits[-1]


@dataclass(frozen=True)
class _Guesses:
    """What tickets without facts probably say: (n, values) of each fact, for n rows by number."""

    rows: Labels
    facts: Mapping[str, Floats]


def _guesses(
    rows: csr_matrix,
    learn: Labels,
    fits: Mapping[str, Fit],
    facts: Sequence[Question],
    priorities: Labels,
    view: RulesView | None,
) -> _Guesses:
    """Explain the priorities of the tickets without facts, by the heads fitted so far."""
    if view is None or not fits or not facts:
        return _Guesses(np.zeros(0, np.int64), {})
    bare = learn[~np.any([one.known[learn] for one in facts], axis=0)]
    if not len(bare):
        return _Guesses(bare, {})
    read = {one.name: softmax(fits[one.name].scores(rows[bare])) for one in facts}
    return _Guesses(bare, explained(read, priorities[bare], view))


def _lesson(learn: Labels, one: Question, guesses: _Guesses) -> _Lesson:
    told = learn[one.known[learn]]
    if one.name not in guesses.facts:
        return _Lesson(told, one.labels[told], one.weights[told])
    guessed = guesses.facts[one.name]
    at, value = np.nonzero(guessed >= WORTH_LEARNING)
    return _Lesson(
        np.concatenate([told, guesses.rows[at]]),
        np.concatenate([one.labels[told], value]),
        np.concatenate([one.weights[told], one.weights[guesses.rows[at]] * guessed[at, value]]),
    )


def _fit(rows: csr_matrix, lesson: _Lesson, classes: Sequence[str], regularisation: float) -> Fit:
    weights = np.zeros((rows.shape[1], len(classes)))
    intercepts = np.full(len(classes), UNSEEN_SCORE)
    seen = np.unique(lesson.classes)
    if len(seen) < 2:
        # Nothing to tell apart: the one class that was seen, or none above another.
        intercepts[seen if len(seen) else slice(None)] = 0.0
        return Fit(weights, intercepts)
    head = LogisticRegression(C=regularisation, max_iter=300, tol=1e-3)
    # Rows are chosen here, so that all of them travel to this process only once.
    head.fit(rows[lesson.rows], lesson.classes, sample_weight=lesson.weights)
    if len(seen) == 2:  # scikit-learn keeps one row for two classes: the score of the second
        weights[:, seen] = np.vstack([-head.coef_[0], head.coef_[0]]).T / 2
        intercepts[seen] = np.array([-head.intercept_[0], head.intercept_[0]]) / 2
    else:
        weights[:, seen] = head.coef_.T
        intercepts[seen] = head.intercept_
    return Fit(weights, intercepts)


def temperature(scores: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Return the temperature that makes held-out scores likeliest, each as often as its weight."""
    if not len(labels):
        return 1.0
    at = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        probabilities = softmax(scores / np.exp(log_temperature))
        return float(-np.average(np.log(probabilities[at, labels] + 1e-12), weights=weights))

    found = minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded")
    return float(np.exp(found.x))
