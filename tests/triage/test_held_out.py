"""What is held out to judge a model by is the user's own, later, and like nothing it learnt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import LabelledTicket
from classifier.kinship import joined
from tickets import PRIORITIES, Priority, Ticket
from triage.labelled.first_look import remarks
from triage.retraining.held_out import FEWEST, FEWEST_TO_PART, Parts, part

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def tickets(count: int, *, dated: bool = True, groups: int = 0) -> list[LabelledTicket]:
    """Return tickets, the latest last; of `groups` customers, they write in turn."""
    return [
        LabelledTicket(
            Ticket(
                str(n),
                body=f"text number {n}",
                received_at=NOW + timedelta(hours=n) if dated else None,
            ),
            PRIORITIES[n % 5],
            group=f"customer {n % groups}" if groups else "",
        )
        for n in range(count)
    ]


def by_group(some: list[LabelledTicket]) -> Parts:
    return part(some, joined(np.arange(len(some)), [one.group for one in some]))


def ids(some: object) -> list[int]:
    return [int(one.ticket.id) for one in some]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("count", "held_out", "how"),
    [
        (FEWEST_TO_PART - 1, 0, "fewer than 100 tickets: none held out"),
        (FEWEST_TO_PART, FEWEST, "the latest 30"),
        (149, FEWEST, "the latest 30"),
        (200, 40, "the latest fifth"),
    ],
)
def test_of_a_hundred_tickets_enough_are_held_out_to_judge_by(
    count: int, held_out: int, how: str
) -> None:
    parts = part(tickets(count))
    assert ids(parts.held_out) == list(range(count - held_out, count))
    assert ids(parts.learnt) == list(range(count - held_out))
    assert (parts.how, parts.dropped) == (how, 0)


def test_our_corpus_behind_theirs_only_teaches() -> None:
    ours = [replace(one, split="test") for one in tickets(300, dated=False)]
    theirs = [
        replace(one, ticket=replace(one.ticket, body=f"own {n}"))
        for n, one in enumerate(tickets(100))
    ]
    parts = part(theirs, np.arange(400), ours)
    assert parts.learnt[:300] == ours
    assert list(parts.held_out) == theirs[70:]
    assert len(parts.kin) == len(parts.learnt) == 370


def test_what_our_corpus_says_too_is_not_held_out() -> None:
    theirs = tickets(100)
    kin = np.concatenate([[99, 98], np.arange(100)])
    parts = part(theirs, kin, tickets(2))
    assert ids(parts.held_out) == [*range(65, 98)]
    assert (parts.how, parts.dropped) == ("the latest 35", 2)
    assert len(parts.learnt) == 67


def test_kin_of_tickets_learnt_from_is_dropped_and_never_judged_by() -> None:
    some = tickets(200)
    kin = np.arange(200)
    kin[[5, 190, 191]] = 5
    parts = part(some, kin)
    assert ids(parts.held_out) == [n for n in range(160, 200) if n not in (190, 191)]
    assert parts.dropped == 2
    assert len(parts.fingerprints) == 162


def test_where_all_customers_wrote_before_whole_customers_are_held_out() -> None:
    some = tickets(300, groups=20)
    parts = by_group(some)
    assert parts.how == "a random fifth"
    assert parts.dropped == 0
    assert {one.group for one in parts.held_out}.isdisjoint(one.group for one in parts.learnt)
    assert len(parts.held_out) == 60
    again = by_group(some[::-1])
    assert sorted(ids(again.held_out)) == sorted(ids(parts.held_out))


def test_new_customers_are_judged_by_the_latest() -> None:
    some = [
        replace(one, group=f"customer {n if n >= 240 else n % 10}")
        for n, one in enumerate(tickets(300))
    ]
    parts = by_group(some)
    assert (parts.how, ids(parts.held_out)) == ("the latest fifth", list(range(240, 300)))


def test_one_customer_who_wrote_everything_leaves_nothing_to_judge_by() -> None:
    parts = by_group(tickets(200, groups=1))
    assert list(parts.held_out) == []
    assert len(parts.learnt) == 200


def test_splits_of_the_file_come_first() -> None:
    some = [replace(one, split="test" if n < 50 else "train") for n, one in enumerate(tickets(200))]
    assert ids(part(some).held_out) == list(range(50))
    none = part([replace(one, split="train") for one in some])
    assert (none.how, len(none.learnt)) == ("no ticket has the split test: none held out", 200)


@given(st.lists(st.integers(0, 150), min_size=100, max_size=150), st.booleans())
def test_no_family_stands_on_both_sides(families: list[int], dated: bool) -> None:
    some = tickets(len(families), dated=dated)
    kin = np.array(families)
    parts = part(some, kin)
    learnt, held_out = ids(parts.learnt), ids(parts.held_out)
    assert not set(kin[learnt].tolist()) & set(kin[held_out].tolist())
    assert not set(learnt) & set(held_out)
    assert len(learnt) + len(held_out) + parts.dropped == len(some)


def test_a_first_look_names_what_contradicts_itself_and_what_is_too_rare() -> None:
    some = [
        LabelledTicket(
            Ticket(str(n), body=f"text {n // 2}"), Priority.P1 if n < 50 else Priority.P3
        )
        for n in range(99)
    ]
    some[1] = replace(some[1], priority=Priority.P3)
    assert remarks(some) == [
        "1 text has more than one label: 0 P1, 1 P3",
        "priorities of fewer than 20 tickets are hardly learnt: P0 (0), P2 (0), P4 (0)",
    ]


def test_a_first_look_at_sound_tickets_says_nothing() -> None:
    assert remarks(tickets(100)) == []
