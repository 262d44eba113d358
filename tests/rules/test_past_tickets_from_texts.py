"""Past tickets of which only the texts are kept: the current model reads their facts."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rules import load_ruleset
from triage.past_tickets import read_past_tickets


def test_facts_are_read_from_texts_where_a_file_has_no_others(
    small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(small_home))
    path = tmp_path / "june.csv"
    path.write_text(
        "id,subject,body\n"
        "a,Phones,All phones are down and nobody can take or make any calls.\n"
        "b,Question,How do I change the greeting of a queue?\n",
        encoding="utf-8",
    )
    ruleset = load_ruleset()
    outage, question = read_past_tickets(str(path), (ruleset,)).tickets
    assert outage.facts.keys() == set(ruleset.schema.names)
    assert outage.facts["request"] == "fault"
    assert question.facts["request"] == "question"


def test_a_ticket_without_a_text_does_not_keep_the_others_from_being_read(
    small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(small_home))
    path = tmp_path / "june.csv"
    path.write_text("id,body,received_at\na,Chat is down,2026-07-06T09:00\nb,,\n", "utf-8")
    past = read_past_tickets(str(path), (load_ruleset(),), ZoneInfo("Europe/Berlin"))
    assert [ticket.id for ticket in past.tickets] == ["a"]
    assert list(past.lines()) == [
        "left out row 2: body: subject and body are both empty (give at least one of them)"
    ]
