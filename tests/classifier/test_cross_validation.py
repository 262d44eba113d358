"""Measuring the training recipe: folds, what is learnt from them, and how far chance reaches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from classifier import LabelledTicket, Reader, load_recipe
from classifier.cross_validation import Observations, latest_fold, learnt_rows, stratified_folds
from classifier.evaluation import undertriage
from classifier.intervals import MEASURES, intervals
from classifier.rows import feature_rows, learn_space

RECIPE = load_recipe(Reader.LIGHT)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def some(corpus: list[LabelledTicket]) -> list[LabelledTicket]:
    return corpus[::60]


def test_the_recipe_is_measured_on_the_rows_that_training_sees(some: list[LabelledTicket]) -> None:
    seen = Observations.of(some, RECIPE, None, lambda done, total: None)
    rows = learnt_rows(seen, np.arange(len(some)), RECIPE).toarray()
    tickets = [labelled.ticket for labelled in some]
    trained = feature_rows(learn_space(tickets, RECIPE), tickets).toarray()
    assert rows.shape == trained.shape
    # Names equally common may stand in another order; each column occurs in both.
    assert np.sort(rows.sum(axis=0)) == pytest.approx(np.sort(trained.sum(axis=0)), abs=1e-5)
    assert rows @ rows.T == pytest.approx(trained @ trained.T, abs=1e-5)


def test_words_of_held_out_tickets_are_unknown(some: list[LabelledTicket]) -> None:
    seen = Observations.of(some, RECIPE, None, lambda done, total: None)
    half = np.arange(len(some) // 2)
    assert learnt_rows(seen, half, RECIPE).shape[1] < sum(m.shape[1] for m in seen.counts.values())


def test_each_new_ticket_is_held_out_once_and_known_ones_only_teach() -> None:
    labels, is_new = np.arange(40) % 2, np.arange(40) >= 8
    folds = stratified_folds(labels, is_new, [""] * 40, 4, seed=1)
    assert sorted(np.concatenate([out for _, out in folds])) == list(range(8, 40))
    for learn, held_out in folds:
        assert sorted([*learn, *held_out]) == list(range(40))
        assert sorted(labels[held_out]) == [0] * 4 + [1] * 4


def test_no_writer_is_judged_by_a_model_that_learnt_from_them() -> None:
    labels, writers = np.arange(60) % 2, [f"w{at % 7}" for at in range(60)]
    for learn, held_out in stratified_folds(labels, np.ones(60, bool), writers, 3, seed=1):
        assert not {writers[at] for at in learn} & {writers[at] for at in held_out}


def test_the_latest_fifth_is_held_out_in_whatever_order_tickets_stand() -> None:
    received = [START + timedelta(days=day) for day in (9, 3, 0, 7, 1, 8, 2, 6, 5, 4)]
    is_new = np.array([True] * 5 + [False] + [True] * 4)
    learn, held_out = latest_fold(received, is_new)
    assert [(received[at] - START).days for at in learn] == list(range(8))
    assert [(received[at] - START).days for at in held_out] == [9]


@pytest.fixture(scope="module")
def answers() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    labels = random.integers(0, 5, 300)
    return labels, np.where(random.random(300) < 0.6, labels, random.integers(0, 5, 300))


def test_measures_of_counts_are_those_of_scikit_learn(
    answers: tuple[np.ndarray, np.ndarray],
) -> None:
    labels, suggested = answers
    counts = np.bincount(labels * 5 + suggested, minlength=25).reshape(5, 5)
    found = {name: float(measure(counts)) for name, measure in MEASURES.items()}
    assert found == pytest.approx(
        {
            "accuracy": (labels == suggested).mean(),
            "macro_f1": f1_score(labels, suggested, average="macro"),
            "qwk": cohen_kappa_score(labels, suggested, weights="quadratic"),
            "p0_recall": (suggested[labels == 0] == 0).mean(),
            "p0_precision": (labels[suggested == 0] == 0).mean(),
        }
    )


def test_an_interval_is_as_wide_as_drawing_tickets_anew_says(
    answers: tuple[np.ndarray, np.ndarray],
) -> None:
    labels, suggested = answers
    random = np.random.default_rng(4)
    drawn = [random.integers(0, 300, 300) for _ in range(1_000)]
    expected = np.percentile([(labels[d] == suggested[d]).mean() for d in drawn], (2.5, 97.5))
    assert intervals(labels, suggested)["accuracy"] == pytest.approx(expected, abs=0.01)


def test_without_a_p0_its_recall_has_no_interval() -> None:
    found = intervals(np.array([1, 2, 3]), np.array([1, 2, 2]))
    assert (found["p0_recall"], found["p0_precision"]) == (None, None)


def test_undertriage_counts_the_p0_tickets_that_would_wait_for_days() -> None:
    labels = np.array([0, 0, 0, 0, 4])
    assert undertriage(labels, np.array([0, 1, 3, 4, 0])) == 0.5
    assert undertriage(np.array([1, 4]), np.array([4, 4])) is None
