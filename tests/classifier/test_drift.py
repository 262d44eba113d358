"""What tells drift from chance, and how good suggestions probably are without labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.drift import shared_alarm, shift, stability, word_shift
from classifier.estimation import (
    estimated_accuracy,
    estimated_cost,
    missed_most_urgent,
    more_errors_than_expected,
)

COUNTS = st.lists(st.integers(0, 60), min_size=3, max_size=3).filter(any)


def generator() -> np.random.Generator:
    return np.random.default_rng(1)


def test_the_size_of_a_shift_is_the_population_stability_index() -> None:
    """By hand, half a ticket in each bin: .5 against .79703 is .29703 times ln(.79703 / .20297)."""
    parts = stability(np.array([50, 50]), np.array([80, 20]))
    assert parts.sum() == pytest.approx(0.40629, abs=1e-5)
    assert parts[0] == pytest.approx(0.29703 * np.log(0.79703 / 0.5), abs=1e-5)


def test_a_shift_is_named_by_the_bin_that_has_risen() -> None:
    found = shift(np.array([600, 300, 100]), np.array([30, 15, 55]), generator())
    assert found.risen == 2
    assert found.p_value < 1e-4
    assert found.size > 0.25


def test_the_same_shares_are_no_shift() -> None:
    found = shift(np.array([600, 300, 100]), np.array([60, 30, 10]), generator())
    assert (found.size, found.p_value) == (0.0, 1.0)


@settings(max_examples=20, deadline=None)  # each draws up to 20,000 samples
@given(COUNTS, COUNTS)
def test_the_order_of_bins_does_not_matter(reference: list[int], counts: list[int]) -> None:
    forth = shift(np.array(reference), np.array(counts), generator())
    back = shift(np.array(reference[::-1]), np.array(counts[::-1]), generator())
    assert forth.size == pytest.approx(back.size, abs=0.05)
    assert forth.p_value == pytest.approx(back.p_value, abs=0.1)
    assert 0 < forth.p_value <= 1


@pytest.mark.parametrize("size", [25, 100])
def test_chance_alone_is_seldom_improbable(size: int) -> None:
    """Of 400 weeks drawn from the same shares, about 5 % have a p-value up to .05."""
    random, shares = generator(), np.array([0.5, 0.3, 0.15, 0.04, 0.01])
    p_values = [
        shift(random.multinomial(600, shares), random.multinomial(size, shares), random).p_value
        for _ in range(400)
    ]
    assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.08


def test_a_new_word_is_as_improbable_as_fishers_test_says() -> None:
    """Five tickets of ten with a word that none of ninety had: 2 * C(10, 5) / C(100, 5)."""
    found = word_shift(np.array([0]), 90, np.array([5]), 10)
    assert found.p_value == pytest.approx(2 * 252 / 75_287_520)


def test_words_too_rare_to_be_telling_do_not_weaken_the_others() -> None:
    """A thousand words of one ticket each could never be as improbable as the first one is."""
    reference = np.array([0, *[1] * 1_000])
    counts = np.array([5, *[0] * 1_000])
    found = word_shift(reference, 90, counts, 10)
    assert found.order[0] == 0
    assert found.p_value == pytest.approx(2 * 252 / 75_287_520)


def test_an_alarm_is_shared_among_the_measures() -> None:
    assert shared_alarm(0.01, 1) == pytest.approx(0.01)
    assert 1 - (1 - shared_alarm(0.01, 18)) ** 18 == pytest.approx(0.01)


# --- estimates without labels --------------------------------------------------------------------

SURE = np.array([[0.9, 0.1, 0, 0, 0], [0.3, 0.7, 0, 0, 0]])
BOTH_P1 = np.array([1, 1])


def test_the_estimated_accuracy_is_the_mean_confidence() -> None:
    """Variances .1 * .9 and .7 * .3 make a standard deviation of sqrt(.3) / 2 = .27386."""
    found = estimated_accuracy(SURE, BOTH_P1, gap=0.0)
    assert found.value == pytest.approx(0.4)
    assert found.low == 0.0
    assert found.high == pytest.approx(0.4 + 1.96 * 0.27386, abs=1e-4)


def test_a_known_gap_widens_the_interval() -> None:
    many = np.repeat(SURE, 500, axis=0)
    suggested = np.repeat(BOTH_P1, 500)
    sharp, wide = (estimated_accuracy(many, suggested, gap) for gap in (0.0, -0.1))
    assert sharp.value == wide.value
    assert wide.high - wide.value == pytest.approx(0.197, abs=0.002)
    assert sharp.high - sharp.value < 0.03


def test_the_estimated_cost_weighs_what_may_be_right() -> None:
    """A P0 suggested as P1 costs 3 here: .9 * 3 for one ticket and .3 * 3 for the other."""
    costs = np.zeros((5, 5))
    costs[0, 1] = 3.0
    assert estimated_cost(SURE, BOTH_P1, costs, gap=0.0).value == pytest.approx(1.8)
    assert missed_most_urgent(SURE, BOTH_P1) == pytest.approx(1.2)
    assert missed_most_urgent(SURE, np.array([0, 1])) == pytest.approx(0.3)


def test_more_errors_than_expected_are_counted_exactly() -> None:
    assert more_errors_than_expected(np.array([0.5, 0.5]), 2) == pytest.approx(0.25)
    assert more_errors_than_expected(np.array([0.9, 0.8]), 1) == pytest.approx(0.28)
    assert more_errors_than_expected(np.array([0.9, 0.8]), 0) == pytest.approx(1.0)
