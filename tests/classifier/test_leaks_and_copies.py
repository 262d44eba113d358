"""Fields become numbers whatever they hold; copies and doubtful labels are found among texts."""

from __future__ import annotations

import random
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier.form_fields import encoded
from classifier.leaks import Leak
from classifier.similarity import NEAR_COPY, Likeness, families, nearest_earlier
from classifier.suspicion import suspicious_labels

VOCABULARY = [
    f"{a}{b}{c}" for a in ("kal", "mor", "tin") for b in ("es", "ot", "ir") for c in "aeiou"
]


def test_numbers_stay_and_what_is_missing_is_nan() -> None:
    found = encoded(["3", 4.5, None, "", True])
    np.testing.assert_array_equal(found, [[3], [4.5], [np.nan], [np.nan], [1]])


def test_times_become_day_hour_and_weekday() -> None:
    found = encoded(["1970-01-02T06:30:00", datetime(1970, 1, 1), None])
    np.testing.assert_array_equal(
        found, [[1 + 6.5 / 24, 6.5, 4], [0, 0, 3], [np.nan, np.nan, np.nan]]
    )


def test_few_words_become_one_column_each() -> None:
    assert encoded(["web", "phone", "web", None]).tolist() == [
        [1, 0, 0],
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 1],
    ]


def test_free_text_becomes_its_first_word_and_length() -> None:
    texts = [f"{'Urgent' if number % 2 else 'Later'}: note {number:03}" for number in range(60)]
    found = encoded(texts)
    assert found.shape == (60, 50 + 2 + 1)
    np.testing.assert_array_equal(found[:, 50] + found[:, 51], 1)
    assert found[:, 52].tolist() == [15, 16] * 30


@given(
    st.lists(
        st.none()
        | st.text()
        | st.integers()
        | st.floats()
        | st.booleans()
        | st.datetimes()
        | st.lists(st.integers(), max_size=2)
        | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
        min_size=1,
    )
)
def test_every_column_can_be_encoded(values: list[object]) -> None:
    found = encoded(values)
    assert found.shape[0] == len(values)
    assert found.shape[1] >= 1
    assert not np.isinf(found).any()


def test_luck_is_allowed_for_in_small_files() -> None:
    assert not Leak(macro_f1=0.40, chance=0.20, tickets=50).gives_away
    assert Leak(macro_f1=0.40, chance=0.20, tickets=400).gives_away
    assert not Leak(macro_f1=0.29, chance=0.20, tickets=10_000).gives_away


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """1,200 texts, every tenth of which repeats an earlier one with a word or two exchanged."""
    dice = random.Random(5)
    found = [" ".join(dice.choices(VOCABULARY, k=30)) for _ in range(1_080)]
    for number in range(120):
        words = found[number * 7].split()
        for place in dice.sample(range(30), 2):
            words[place] = dice.choice(VOCABULARY)
        found.append(" ".join(words))
    return found


def test_copies_are_those_that_comparing_all_pairs_finds(texts: list[str]) -> None:
    rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(5, 5), sublinear_tf=True).fit_transform(
        texts
    )
    alike = np.tril((rows @ rows.T).toarray(), -1)
    expected = {(int(later), int(alike[later].argmax())) for later in range(1_080, 1_200)}
    found = {
        (like.later, like.earlier)
        for like in nearest_earlier(texts, [0] * len(texts))
        if like.later >= 1_080
    }
    assert found == expected


def test_a_copy_labelled_otherwise_is_found_behind_a_nearer_one() -> None:
    text = "every call from the northern depots drops after some ten seconds since the release"
    texts = [text + " maybe", "how do I rename a queue", text, text + "."]
    found = nearest_earlier(texts, [1, 4, 0, 0])
    near = {(one.later, one.earlier) for one in found if one.similarity >= NEAR_COPY}
    assert near == {(2, 0), (3, 2), (3, 0)}


@pytest.mark.parametrize("texts", [["one text"], ["", ""], ["!", "a", ""]])
def test_texts_without_words_are_like_none(texts: list[str]) -> None:
    assert all(like.similarity == 0 for like in nearest_earlier(texts, [0] * len(texts)))


def test_families_are_what_is_alike_through_others_too() -> None:
    found = families(5, [Likeness(1, 0, 0.9), Likeness(4, 1, 0.8)]).tolist()
    assert found[0] == found[1] == found[4]
    assert len(set(found)) == 3


def test_a_label_is_suspicious_when_another_class_is_as_sure_as_its_own_tickets_are() -> None:
    """Thresholds: .675 for class 0 and .7 for class 1; cleanlab 2.9 gives the same two, in order."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1])
    of_zero = np.array([0.9, 0.9, 0.8, 0.1, 0.1, 0.1, 0.7])
    found = suspicious_labels(labels, np.column_stack([of_zero, 1 - of_zero]))
    assert [(doubt.index, doubt.label, doubt.likelier) for doubt in found] == [(3, 0, 1), (6, 1, 0)]
    assert [doubt.probability_of_label for doubt in found] == pytest.approx([0.1, 0.3])
    assert [doubt.probability for doubt in found] == pytest.approx([0.9, 0.7])


def test_a_doubt_below_the_thresholds_is_none() -> None:
    labels = np.array([0, 0, 1, 1])
    of_zero = np.array([0.95, 0.45, 0.05, 0.05])
    assert suspicious_labels(labels, np.column_stack([of_zero, 1 - of_zero])) == []


def test_a_class_without_tickets_is_never_likelier() -> None:
    probabilities = np.array([[0.6, 0.1, 0.3], [0.1, 0.2, 0.7], [0.2, 0.7, 0.1]])
    assert suspicious_labels(np.array([0, 1, 1]), probabilities) == []
