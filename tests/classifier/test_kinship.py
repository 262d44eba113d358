"""Kin stay on one side: copies, near copies, tickets of one group; and what folds make of it."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import LabelledTicket, Reader, load_recipe
from classifier.fitting import folds_of
from classifier.kinship import joined, kin_of
from classifier.progress import unwatched
from classifier.similarity import near_families
from tickets import PRIORITIES, Priority, Ticket

RECIPE = load_recipe(Reader.LIGHT)
OUTAGE = "since nine this morning no inbound call reaches any of the agents in the northern depot"


def labelled(number: int, body: str, group: str = "", writer: str = "") -> LabelledTicket:
    priority = PRIORITIES[number % len(PRIORITIES)]
    return LabelledTicket(Ticket(str(number), body=body), priority, group=group, writer=writer)


def families(numbers: list[int]) -> set[frozenset[int]]:
    """Return which positions have the same number."""
    return {
        frozenset(at for at, other in enumerate(numbers) if other == one) for one in set(numbers)
    }


def test_copies_near_copies_and_groups_are_kin() -> None:
    tickets = [
        labelled(0, OUTAGE),
        labelled(1, f"<p>{OUTAGE.upper()}</p>"),
        labelled(2, OUTAGE.replace("northern", "southern")),
        labelled(3, "please explain the colours of the dashboard", group="acme"),
        labelled(4, "how do I rename a queue", group="acme"),
        labelled(5, "how do I export last month's recordings"),
        labelled(6, "!"),
        labelled(7, "?"),
    ]
    found = families(kin_of(tickets, unwatched).tolist())
    assert found == {frozenset(one) for one in ([0, 1, 2], [3, 4], [5], [6], [7])}


def test_a_group_joins_the_families_of_its_tickets() -> None:
    kin = np.array([7, 7, 3, 3, 9])
    assert families(joined(kin, ["", "a", "a", "", "b"]).tolist()) == {
        frozenset([0, 1, 2, 3]),
        frozenset([4]),
    }


def test_families_are_numbered_in_the_order_of_their_names() -> None:
    assert joined(np.arange(4), ["zoe", "", "adam", "zoe"]).tolist() == [1, 2, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["", "a", "b", "c"])), min_size=1))
def test_whoever_shares_a_family_or_a_name_is_kin(said: list[tuple[int, str]]) -> None:
    found = joined(np.array([kin for kin, _ in said]), [name for _, name in said])
    for one, (kin, name) in zip(found, said, strict=True):
        for other, (other_kin, other_name) in zip(found, said, strict=True):
            if kin == other_kin or (name and name == other_name):
                assert one == other
    assert sorted(set(found.tolist())) == list(range(len(set(found.tolist()))))


def test_near_families_are_those_of_comparing_all_pairs() -> None:
    dice = random.Random(5)
    words = ["".join(dice.choices("abcdefghijklmnoprstuw", k=6)) for _ in range(2_000)]
    texts = [" ".join(dice.choices(words, k=40)) for _ in range(700)]
    copies = [text.replace(text.split()[3], "otherwise", 1) for text in texts[::7]]
    found = near_families([*texts, *copies, texts[0]], unwatched)
    assert len(set(found[:700].tolist())) == 700
    assert found[700:800].tolist() == found[:700:7].tolist()
    assert found[800] == found[0]


def test_families_reach_through_a_chain() -> None:
    words = OUTAGE.split()
    links = [" ".join(["other"] * at + words[at:]) for at in range(0, 5, 2)]
    assert len(set(near_families(links, unwatched).tolist())) == 1


def test_what_one_form_wrote_is_kin_whatever_its_numbers() -> None:
    alert = "alert: processor load of host {} is above {} percent"
    tickets = [labelled(n, alert.format(n, 90 + n % 10)) for n in range(300)]
    assert len(set(kin_of(tickets, unwatched).tolist())) == 1


@pytest.mark.parametrize("writer", ["", "w{}"])
def test_no_fold_learns_from_kin_of_what_it_holds_out(writer: str) -> None:
    tickets = [labelled(n, f"text {n}", writer=writer.format(n // 6)) for n in range(60)]
    kin = np.arange(60) // 3
    held_out = np.arange(0, 60, 2)
    folds = folds_of(tickets, held_out, kin, RECIPE)
    assert sorted(np.concatenate([out for _, out in folds]).tolist()) == held_out.tolist()
    for learn, out in folds:
        assert not set(kin[learn].tolist()) & set(kin[out].tolist())


def test_whoever_is_no_kin_teaches_in_every_fold() -> None:
    tickets = [labelled(n, f"text {n}") for n in range(40)]
    held_out = np.arange(30)
    for learn, out in folds_of(tickets, held_out, np.arange(40), RECIPE):
        assert sorted([*learn, *out]) == list(range(40))
        assert set(range(30, 40)) <= set(learn.tolist())


def test_two_families_make_two_folds() -> None:
    tickets = [labelled(n, f"text {n}", group="a" if n < 6 else "b") for n in range(12)]
    kin = joined(np.arange(12), [one.group for one in tickets])
    folds = folds_of(tickets, np.arange(12), kin, RECIPE)
    assert [sorted(out.tolist()) for _, out in folds].count(list(range(6))) == 1
    assert len(folds) == 2


def test_the_seed_chooses_the_folds() -> None:
    tickets = [replace(labelled(n, f"text {n}"), priority=Priority.P1) for n in range(40)]
    everything = np.arange(40)

    def held_out(seed: int) -> list[list[int]]:
        folds = folds_of(tickets, everything, everything, replace(RECIPE, seed=seed))
        return [out.tolist() for _, out in folds]

    assert held_out(1) == held_out(1)
    assert held_out(1) != held_out(2)
