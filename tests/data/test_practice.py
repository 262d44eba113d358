"""The practice tickets: whole, consistent with the rules, and no copy of what is held out."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier import LabelledTicket
from rules import load_engine, load_ruleset
from triage.labelled.corpus import PRACTICE, load_labelled
from triage.labelled.suites import SHIPPED as SHIPPED_SUITES
from triage.labelled.suites import load_suites
from triage.retraining.training import current_rules

Record = dict[str, Any]

MOST_ALIKE = 0.5
"""Cosine of TF-IDF over one to three words; measured: .22."""


@pytest.fixture(scope="module")
def records() -> list[Record]:
    lines = Path(PRACTICE).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def practice() -> list[LabelledTicket]:
    tickets, faults = load_labelled(PRACTICE, current_rules().schema)
    assert faults == []
    return tickets


def test_the_rules_give_each_label(practice: list[LabelledTicket]) -> None:
    engine = load_engine(load_ruleset())
    differing = [
        labelled.ticket.id
        for labelled in practice
        if engine.verdict(labelled.facts).priority != labelled.priority
    ]
    assert differing == []


def test_every_quote_stands_in_its_ticket(practice: list[LabelledTicket]) -> None:
    for labelled in practice:
        for quote in (quote for quotes in labelled.evidence.values() for quote in quotes):
            assert quote in labelled.ticket.subject or quote in labelled.ticket.body


def test_ids_are_unique_and_in_no_other_file(
    records: list[Record], corpus: list[LabelledTicket]
) -> None:
    ids = [record["id"] for record in records] + [labelled.ticket.id for labelled in corpus]
    assert len(set(ids)) == len(ids)


def test_a_group_stands_in_one_split_which_is_never_test(records: list[Record]) -> None:
    splits = defaultdict(set)
    for record in records:
        splits[record.get("group", record["id"])].add(record["split"])
    assert all(len(found) == 1 for found in splits.values())
    assert set().union(*splits.values()) == {"train", "development"}


def test_most_groups_hold_two_priorities(records: list[Record]) -> None:
    groups = defaultdict(list)
    for record in records:
        if "exercise" in record:
            groups[record["group"]].append(record["priority"])
    assert all(len(priorities) > 1 for priorities in groups.values())
    assert sum(len(set(priorities)) > 1 for priorities in groups.values()) > 0.9 * len(groups)


def test_none_is_like_a_ticket_that_is_held_out(
    practice: list[LabelledTicket], corpus: list[LabelledTicket]
) -> None:
    held_out = [labelled.ticket for labelled in corpus if labelled.split != "train"]
    held_out += [
        side.ticket
        for suite in load_suites(SHIPPED_SUITES)
        for pair in suite.pairs
        for side in (pair.a, pair.b)
    ]
    ours, theirs = (
        [f"{ticket.subject}\n{ticket.body}" for ticket in tickets]
        for tickets in ([labelled.ticket for labelled in practice], held_out)
    )
    vectors = TfidfVectorizer(ngram_range=(1, 3), sublinear_tf=True).fit(ours + theirs)
    assert (vectors.transform(ours) @ vectors.transform(theirs).T).max() < MOST_ALIKE
