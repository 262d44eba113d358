"""Two views become one calibrated distribution, and a decision that knows its cost."""

import numpy as np
import pytest

from classifier.decision import NEVER, Thresholds, cheapest, fit_auto_thresholds
from classifier.pooling import Pool, fit_pool
from tickets import PRIORITIES, Action, Priority


def views(rng: np.random.Generator, labels: np.ndarray, skill: float) -> np.ndarray:
    scores = rng.normal(size=(len(labels), 5))
    scores[np.arange(len(labels)), labels] += skill
    powers = np.exp(scores)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def loss(view: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(view[np.arange(len(labels)), labels]).mean())


def test_the_fitted_pool_is_likelier_than_either_view() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, 800)
    rules_view, direct_view = views(rng, labels, 2), views(rng, labels, 1)
    pooled = fit_pool(rules_view, direct_view, labels).combine(rules_view, direct_view)
    assert loss(pooled, labels) < min(loss(rules_view, labels), loss(direct_view, labels))


def test_a_view_that_knows_nothing_gets_little_say() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 5, 800)
    pool = fit_pool(views(rng, labels, 3), views(rng, labels, 0), labels)
    assert pool.direct_exponent < 0.2 < pool.rules_exponent


def test_no_view_can_veto_a_priority() -> None:
    certain = np.array([[1.0, 0, 0, 0, 0]])
    pooled = Pool(0.5, 0.5, (0, 0, 0, 0, 0)).combine(certain, certain[:, ::-1])
    assert (pooled > 0).all()
    assert pooled.sum() == pytest.approx(1)


COSTS = np.array([[abs(a - b) ** 2 * (1.5 if b > a else 1) for b in range(5)] for a in range(5)])


def test_under_triage_costs_more_so_a_doubtful_case_is_raised() -> None:
    between = np.array([[0.0, 0.45, 0.0, 0.55, 0.0]])
    assert cheapest(between, COSTS).tolist() == [2]
    assert cheapest(np.array([[0.0, 0.5, 0.5, 0.0, 0.0]]), COSTS).tolist() == [1]


def test_a_threshold_keeps_the_target_precision() -> None:
    confidence = np.array([0.99, 0.98, 0.97, 0.96, 0.6, 0.5])
    labels = np.array([1, 1, 1, 1, 2, 1])
    thresholds = fit_auto_thresholds(
        np.ones(6, int),
        confidence,
        labels,
        target_precision=0.97,
        fewest_tickets=3,
        priorities=PRIORITIES,
    )
    assert thresholds == (NEVER, 0.96, NEVER, NEVER, NEVER)


@pytest.mark.parametrize(
    ("priority", "confidence", "disagreement", "action"),
    [
        (Priority.P1, 0.95, 0, Action.AUTO),
        (Priority.P1, 0.95, 2, Action.REVIEW),
        (Priority.P1, 0.80, 1, Action.SUGGEST),
        (Priority.P1, 0.30, 0, Action.REVIEW),
        (Priority.P0, 1.00, 0, Action.SUGGEST),
    ],
)
def test_what_a_bot_may_do(
    priority: Priority, confidence: float, disagreement: int, action: Action
) -> None:
    thresholds = Thresholds((NEVER, 0.9, 0.9, 0.9, 0.9), 0.45, 2)
    assert thresholds.action(priority, confidence, disagreement) == action
