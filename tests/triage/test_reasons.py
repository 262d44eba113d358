"""Reasons say when the two views of a priority disagree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tickets import PRIORITIES, Priority, Reading, Suggestion, Ticket
from triage import Desk
from triage.suggest import suggest


@pytest.fixture(scope="module")
def reading(desk: Desk) -> Reading:
    """A question, read for certain."""
    read = desk.rooms.model.read([Ticket("1", body="How do I rename a queue?")])[0]
    facts = {
        name: replace(fact, probabilities={v: float(v == fact.value) for v in fact.probabilities})
        for name, fact in read.facts.items()
    }
    every = dict.fromkeys(read.facts["request"].probabilities, 0.0)
    facts["request"] = replace(facts["request"], probabilities={**every, "question": 1.0})
    return replace(read, facts=facts)


def suggested(desk: Desk, reading: Reading, direct: Priority) -> Suggestion:
    """The suggestion when the text as a whole resembles tickets of one priority."""
    view = {p: 0.96 if p == direct else 0.01 for p in PRIORITIES}
    rooms = desk.rooms
    seen = replace(reading, direct_view=view)
    return suggest([seen], rooms.model, rooms.engine, rooms.diagram, rooms.table)[0]


def test_views_that_agree_need_no_remark(desk: Desk, reading: Reading) -> None:
    reasons = suggested(desk, reading, Priority.P4).reasons
    assert {reason.kind for reason in reasons} == {"rule"}


def test_views_that_disagree_are_both_named(desk: Desk, reading: Reading) -> None:
    remark = suggested(desk, reading, Priority.P1).reasons[-1]
    assert (remark.kind, remark.id, remark.priority) == ("remark", "whole-text-differs", 1)
    assert remark.because == (
        "Read as a whole, the text resembles tickets of priority P1; its facts, weighed with how"
        " sure each is, speak for P4."
    )
