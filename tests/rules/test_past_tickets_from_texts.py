"""Past tickets of which only the texts are kept: the current model reads their facts."""

from __future__ import annotations

from pathlib import Path

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
    schema = load_ruleset().schema
    outage, question = read_past_tickets(str(path), schema.names)
    assert outage.facts.keys() == set(schema.names)
    assert outage.facts["request"] == "fault"
    assert question.facts["request"] == "question"
