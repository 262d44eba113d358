"""One ticket all the way: facts, priority with reasons, deadline."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from tickets import Action, Assessment, Ticket
from triage import Desk

OUTAGE = Ticket(
    "T-1",
    "All lines dead",
    "Since 9am no call gets through on any number. All 200 agents are idle, nothing helps.",
    tier="premium",
    channel="phone",
    received_at=datetime(2026, 7, 10, 16, 5, tzinfo=UTC),
)
QUESTION = Ticket(
    "T-2",
    "Question",
    "How do I rename a queue? Which setting changes its name?",
    tier="standard",
    channel="chat",
    received_at=datetime(2026, 7, 10, 16, 5, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def outage(desk: Desk) -> Assessment:
    return desk.assess(OUTAGE)


@pytest.fixture(scope="module")
def question(desk: Desk) -> Assessment:
    return desk.assess(QUESTION)


def test_an_outage_comes_first_and_a_question_last(
    outage: Assessment, question: Assessment
) -> None:
    assert outage.suggestion is not None
    assert question.suggestion is not None
    assert str(outage.suggestion.priority) in ("P0", "P1")
    assert str(question.suggestion.priority) == "P4"


def test_confidence_is_the_probability_of_what_is_suggested(outage: Assessment) -> None:
    suggestion = outage.suggestion
    assert suggestion is not None
    assert suggestion.confidence == suggestion.probabilities[suggestion.priority]
    assert sum(suggestion.probabilities.values()) == pytest.approx(1)


def test_reasons_are_rules_that_fired_on_the_likeliest_facts(
    desk: Desk, question: Assessment
) -> None:
    suggestion = question.suggestion
    assert suggestion is not None
    likeliest = {name: fact.value for name, fact in suggestion.facts.items()}
    fired = desk.rooms.engine.verdict(likeliest).fired
    assert {reason.id for reason in suggestion.reasons if reason.kind == "rule"} <= set(fired)
    assert suggestion.reasons[0].clause is not None


def test_the_deadline_is_that_of_the_policy(desk: Desk, outage: Assessment) -> None:
    assert outage.response is not None
    assert outage.suggestion is not None
    assert OUTAGE.received_at is not None
    assert outage.response.due_at == desk.rooms.policy.respond_by(
        tier="premium", priority=outage.suggestion.priority, received_at=OUTAGE.received_at
    )
    assert outage.response.due_at == outage.response.if_priority[outage.suggestion.priority]


def test_a_standard_ticket_by_chat_is_flagged_and_still_answered(question: Assessment) -> None:
    assert question.entitlement is not None
    assert question.entitlement.channel_included is False
    assert question.entitlement.note
    assert question.response is not None


def test_without_a_tier_there_is_a_priority_and_a_note(desk: Desk) -> None:
    assessment = desk.assess(replace(OUTAGE, tier=None))
    assert assessment.suggestion is not None
    assert assessment.response is None
    assert assessment.notes == ("no tier given, so no response deadline",)


def test_without_a_receipt_time_there_is_a_priority_and_a_note(desk: Desk) -> None:
    assessment = desk.assess(replace(OUTAGE, received_at=None))
    assert assessment.response is None
    assert assessment.notes == ("no receipt time given, so no response deadline",)


def test_another_language_gets_a_best_guess_and_a_review(desk: Desk) -> None:
    body = "Desde las cinco de la tarde no entra ninguna llamada y los clientes oyen ocupado."
    assessment = desk.assess(replace(OUTAGE, subject="", body=body))
    assert assessment.suggestion is not None
    assert assessment.suggestion.action == Action.REVIEW
    assert "another language (es)" in assessment.notes[0]


def test_one_by_one_and_all_at_once_give_the_same(
    desk: Desk, outage: Assessment, question: Assessment
) -> None:
    assert desk.assess_many([OUTAGE, QUESTION]) == [outage, question]
    assert desk.assess_many([]) == []


def test_the_versions_of_all_rooms_are_recorded(desk: Desk, outage: Assessment) -> None:
    versions = outage.versions
    assert versions.model == desk.rooms.model.version
    assert versions.rules == desk.rooms.ruleset.version
    assert versions.policy == desk.rooms.policy.version
    assert versions.engine == desk.rooms.engine.name


def test_the_record_has_the_names_that_other_programs_rely_on(outage: Assessment) -> None:
    record = outage.as_record()
    assert list(record) == [
        *("id", "priority", "confidence", "probabilities", "threshold", "action", "facts"),
        *("reasons", "nearest_change", "entitlement", "response", "resource", "notes"),
        *("versions", "error"),
    ]
    assert list(record["probabilities"]) == ["P0", "P1", "P2", "P3", "P4"]
    assert set(record["facts"]["reach"]) == {"value", "probability", "evidence"}
    assert set(record["response"]) == {
        *("due_at", "target", "clock", "staffed_due_at", "outside_availability", "if_priority"),
    }
    assert record["error"] is None


def test_a_desk_can_be_sent_to_another_process(desk: Desk, outage: Assessment) -> None:
    assert pickle.loads(pickle.dumps(desk)).assess(OUTAGE) == outage


def test_a_frame_comes_back_with_the_columns_of_the_csv_form(desk: Desk) -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", None],
            "body": ["all lines are dead", "", "how do I rename a queue?"],
            "tier": ["premium", "gold", None],
            "priority": ["high", "low", "low"],
            "region": ["north", "south", "west"],
        },
        index=[10, 11, 12],
    )
    done = desk.assess_frame(frame)
    assert list(done.index) == [10, 11, 12]
    assert done["id"].tolist() == ["a", "b", "3"]
    assert done["region"].tolist() == ["north", "south", "west"]
    assert done["input.priority"].tolist() == ["high", "low", "low"]
    assert done["error.field"].tolist()[1] == "body"
    assert pd.isna(done["priority"].tolist()[1])
    assert done["priority"].tolist()[2] == "P4"
