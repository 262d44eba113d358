"""Rows that are no labelled tickets: the command does the rest and ends with exit status 3."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier import LabelledTicket

Call = Callable[..., int]
TOLD_APART = (("everything is down", "P0"), ("a typo on the page", "P4"))


@pytest.fixture
def with_a_faulty_row(corpus: list[LabelledTicket], in_folder: Path) -> str:
    """Labelled tickets that no model has learnt from, and a row that is none."""
    held_out = [labelled for labelled in corpus if labelled.split == "test"][:12]
    records = [
        {"body": f"{one.ticket.subject} {one.ticket.body}", "priority": str(one.priority)}
        for one in held_out
    ]
    records.append({"body": "Chat is down", "priority": "urgent"})
    (in_folder / "a.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in records))
    return "a.jsonl"


def test_evaluate_measures_the_rest(
    call: Call, with_a_faulty_row: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("evaluate", with_a_faulty_row, "--reader", "light", "--json") == 3
    output, messages = capsys.readouterr()
    report = json.loads(output)
    assert (report["n"], report["left_out"]) == (12, 1)
    assert messages.startswith("triage: left out row 13: priority: ")


def test_evaluating_the_recipe_measures_the_rest(
    call: Call, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{text} {at},{label}" for at in range(4) for text, label in TOLD_APART]
    (in_folder / "a.csv").write_text("\n".join(["body,label", *rows, "Chat,urgent\n"]))
    assert call("evaluate", "a.csv", "--cross-validate", "2", "--reader", "light", "--json") == 3
    report = json.loads(capsys.readouterr().out)
    assert (report["n"], report["left_out"]) == (8, 1)


def test_thresholds_are_shown_on_the_rest(
    call: Call, with_a_faulty_row: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("thresholds", "--data", with_a_faulty_row, "--reader", "light", "--json") == 3
    assert json.loads(capsys.readouterr().out)


def test_a_report_is_written_of_the_rest(call: Call, with_a_faulty_row: str) -> None:
    options = ("--data", with_a_faulty_row, "--reader", "light", "-o", "card.md")
    assert call("report", *options) == 3
    assert Path("card.md").read_text("utf-8")
