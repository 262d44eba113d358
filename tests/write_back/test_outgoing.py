"""What a suggestion, a decision or an undo tells, and to whom; a note never quotes a ticket."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tickets import Priority
from tickets.store import Decision, DecisionKind, StoredTicket, SuggestionRow
from triage.integrations.own_marks import is_own_comment, is_own_tag
from triage.write_back import Target, of_decision, of_suggestion

Tickets = Callable[..., StoredTicket]
Suggestions = Callable[..., SuggestionRow]


@pytest.fixture
def targets(target: Callable[..., Target], zendesk: Any, listener: Any) -> dict[str, Target]:
    """A desk and a program."""
    return {
        "acme": target(zendesk, review_url="https://triage.example.com/review"),
        "dashboard": replace(target(listener), name="dashboard"),
    }


def test_a_suggestion_is_told_to_its_desk_and_to_programs(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    desk, program = of_suggestion(ticket(), suggestion(), targets, now)
    assert (desk.kind, desk.target, desk.idempotency_key) == (
        "zendesk",
        "acme",
        "acme:suggestion:s1",
    )
    assert desk.payload == {
        "ticket": "35436",
        "act": "auto",
        "priority": "P1",
        "tags": ["ujet_triage", "ujet_triage_p1", "ujet_triage_auto"],
        "note": desk.payload["note"],
        "seen": {"priority": "normal", "at": "2026-07-06T15:59:00+00:00"},
        "made_at": "2026-07-06T16:00:00.000000+00:00",
    }
    assert (program.kind, program.target) == ("webhook", "dashboard")
    assert json.loads(json.dumps([desk.payload, program.payload])) == [
        desk.payload,
        program.payload,
    ]


def test_a_note_says_what_why_until_when_by_what_and_how_to_correct_it(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    desk, _ = of_suggestion(ticket(), suggestion(), targets, now)
    assert desk.payload["note"] == (
        "ujet_triage: P1 set automatically, confidence 0.91\n"
        "Respond by Mon 2026-07-06 10:00 UTC-07:00\n"
        "Why:\n"
        "- voice is down [voice-down-is-p1]\n"
        "Facts as read: environment production (0.97), part voice (0.91)\n"
        "By model m1, rules r1, policy p1\n"
        "To correct this, set another priority here, which will be kept,"
        " or override it at https://triage.example.com/review"
    )


def test_of_a_decision_the_note_gives_the_deadline_of_its_priority(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    override = Decision(DecisionKind.OVERRIDE, "ana@acme.example", Priority.P3)
    desk, _ = of_decision(ticket(), suggestion(), override, targets, now)
    assert desk.payload["note"].startswith(
        "ujet_triage: P3 decided by [email] (override of P1)\n"
        "Respond by Tue 2026-07-07 09:00 UTC-07:00\n"
    )
    assert desk.idempotency_key == "acme:decision:s1:3"


def test_the_desk_tells_our_note_and_tags_from_others(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    desk, _ = of_suggestion(ticket(), suggestion(), targets, now)
    assert is_own_comment(desk.payload["note"])
    assert all(map(is_own_tag, desk.payload["tags"]))


def test_without_a_deadline_the_note_names_none(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    without = suggestion()
    without = replace(without, record={**without.record, "response": None})
    desk, _ = of_suggestion(ticket(), without, targets, now)
    assert "Respond by" not in desk.payload["note"]


def test_a_blind_suggestion_is_told_to_nobody(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    assert of_suggestion(ticket(), suggestion(is_blind=True), targets, now) == []


def test_a_skip_is_told_to_programs_only(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    [told] = of_decision(ticket(), suggestion(), Decision(DecisionKind.SKIP, "ana"), targets, now)
    assert told.target == "dashboard"


@pytest.mark.parametrize(
    "changes",
    [{"endpoint": "other"}, {"endpoint": None}, {"source": "jira"}, {"external_id": None}],
)
def test_a_ticket_from_elsewhere_is_not_told_to_the_desk(
    targets: dict[str, Target],
    ticket: Tickets,
    suggestion: Suggestions,
    now: datetime,
    changes: dict[str, Any],
) -> None:
    stored = ticket()
    stored = replace(stored, arrival=replace(stored.arrival, **changes))
    told = of_suggestion(stored, suggestion(), targets, now)
    assert [message.target for message in told] == ["dashboard"]


def test_an_act_that_leaves_nothing_behind_is_not_told(
    targets: dict[str, Target], ticket: Tickets, suggestion: Suggestions, now: datetime
) -> None:
    quiet = {"acme": replace(targets["acme"], writes={"suggest": frozenset()})}
    assert of_suggestion(ticket(), suggestion("suggest"), quiet, now) == []
