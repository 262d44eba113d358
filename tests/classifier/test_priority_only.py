"""Tickets that carry only a priority teach the facts that explain it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from classifier import Reader, load_recipe
from classifier.fitting import Fit, Question, fit_all, question
from classifier.heads import Floats, softmax
from classifier.priority_only import explained

CONDITION, REACH = ("down", "fine"), ("all", "one")
WORDS = ("broken", "everybody", "myself", "thanks", "kaputt")
P0, P4 = 0, 4


def down_for_all_is_p0(facts: Mapping[str, Floats]) -> Floats:
    """What a policy of one rule makes of both facts: down for all is P0, everything else is P4."""
    urgent = facts["condition"][:, 0] * facts["reach"][:, 0]
    view = np.zeros((len(urgent), 5))
    view[:, P0], view[:, P4] = urgent, 1 - urgent
    return view


def test_a_label_changes_the_probability_of_a_fact_by_bayes_rule() -> None:
    read = {"condition": np.array([[0.6, 0.4]] * 2), "reach": np.array([[0.5, 0.5]] * 2)}
    known = explained(read, np.array([P0, P4]), down_for_all_is_p0)
    # By hand, each value weighed with how likely it makes the label, and .02 more:
    # .6 x (.5 + .02) against .4 x (0 + .02), and .6 x (.5 + .02) against .4 x (1 + .02).
    assert known["condition"][:, 0] == pytest.approx([0.975, 0.43333], abs=1e-5)
    # .5 x (.6 + .02) against .5 x (0 + .02), and .5 x (.4 + .02) against .5 x (1 + .02).
    assert known["reach"][:, 0] == pytest.approx([0.96875, 0.29167], abs=1e-5)


def test_a_label_that_no_combination_explains_changes_nothing() -> None:
    read = {"condition": np.array([[0.7, 0.3]]), "reach": np.array([[0.2, 0.8]])}
    known = explained(read, np.array([2]), down_for_all_is_p0)
    assert known["condition"] == pytest.approx(read["condition"])
    assert known["reach"] == pytest.approx(read["reach"])


def rows(texts: Sequence[str]) -> csr_matrix:
    return csr_matrix([[float(word in text.split()) for word in WORDS] for text in texts])


Told = tuple[str, str | None, str | None, int]
"""A text, its condition, its reach and its priority."""

ANNOTATED: list[Told] = [
    ("broken everybody", "down", "all", P0),
    ("broken myself", "down", "one", P4),
    ("thanks everybody", "fine", "all", P4),
    ("thanks myself", "fine", "one", P4),
]
BARE: list[Told] = [("kaputt everybody", None, None, P0), ("thanks everybody", None, None, P4)]


def taught(tickets: Sequence[Told], rounds: int) -> dict[str, Fit]:
    """Return the heads of both facts."""
    texts, conditions, reaches, priorities = zip(*tickets, strict=True)
    asked: list[Question] = [
        question("condition", CONDITION, conditions),
        question("reach", REACH, reaches),
    ]
    recipe = replace(load_recipe(Reader.LIGHT), explaining_rounds=rounds)
    labels = np.array(priorities)
    view = down_for_all_is_p0
    return fit_all(rows(texts), asked, [], labels, view, recipe, lambda done, total: None)[1]


def first_value(heads: Mapping[str, Fit], fact: str, text: str) -> float:
    return float(softmax(heads[fact].scores(rows([text])))[0, 0])


def test_priorities_alone_teach_what_a_new_word_says_of_a_fact() -> None:
    tickets = ANNOTATED * 5 + BARE * 20
    before, after = (taught(tickets, rounds) for rounds in (0, 2))
    assert first_value(before, "condition", "kaputt myself") == pytest.approx(0.5, abs=0.1)
    assert first_value(after, "condition", "kaputt myself") > 0.9


def test_they_do_not_teach_it_of_the_facts_that_the_text_already_explains() -> None:
    after = taught(ANNOTATED * 5 + BARE * 20, 2)
    assert (
        first_value(after, "reach", "myself") < 0.1 < 0.9 < first_value(after, "reach", "everybody")
    )


def test_where_all_tickets_have_facts_there_is_nothing_to_explain() -> None:
    before, after = (taught(ANNOTATED * 5, rounds) for rounds in (0, 2))
    for fact in ("condition", "reach"):
        np.testing.assert_array_equal(before[fact].weights, after[fact].weights)
        np.testing.assert_array_equal(before[fact].intercepts, after[fact].intercepts)


def test_where_no_ticket_has_facts_none_are_made_up() -> None:
    after = taught(BARE * 20, 2)
    assert first_value(after, "condition", "kaputt everybody") == 0.5
    assert first_value(after, "reach", "kaputt everybody") == 0.5


def test_facts_that_a_person_gave_stand_even_against_the_label() -> None:
    against: Told = ("kaputt myself", "fine", "one", P0)
    after = taught([*ANNOTATED * 5, *[against] * 20, *BARE], 2)
    assert first_value(after, "condition", "kaputt myself") < 0.1
    assert first_value(after, "reach", "kaputt myself") < 0.1
