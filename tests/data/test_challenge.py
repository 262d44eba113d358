"""Challenge suites: pairs are counted as they come out; a faulty line is named with its place."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tickets import InputFaults, Ticket
from triage.desk import Desk
from triage.labelled.challenge import challenge_desk
from triage.labelled.suites import load_suites

Write = Callable[[str, Sequence[Mapping[str, Any]]], str]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Record = dict[str, Any]

OUTAGE = "Nobody can take calls since 9am, all 200 agents affected"
QUESTION = "How do I rename a queue?"


def pair(name: str, a: tuple[str, str], b: tuple[str, str]) -> Record:
    sides = {"a": {"body": a[0], "priority": a[1]}, "b": {"body": b[0], "priority": b[1]}}
    return {"id": name, "change": "another text", "flips": a[1] != b[1], **sides}


@pytest.fixture(scope="module")
def suggested(desk: Desk) -> dict[str, str]:
    """What the model of the tests suggests for the two texts; they differ."""
    found = desk.assess_many([Ticket("1", body=OUTAGE), Ticket("2", body=QUESTION)])
    outage, question = (str(one.suggestion.priority) for one in found if one.suggestion)
    assert outage != question
    return {OUTAGE: outage, QUESTION: question}


def test_pairs_count_when_both_are_right_and_changes_when_they_flip_or_hold(
    desk: Desk, suggested: dict[str, str], write: Write
) -> None:
    outage, question = suggested[OUTAGE], suggested[QUESTION]
    other = "P2" if "P2" not in (outage, question) else "P3"
    write(
        "first.jsonl",
        [
            pair("all right", (OUTAGE, outage), (QUESTION, question)),
            pair("flips, but one label is wrong", (OUTAGE, outage), (QUESTION, other)),
            pair("flips, and must not", (OUTAGE, outage), (QUESTION, outage)),
        ],
    )
    path = write("second.jsonl", [pair("holds", (QUESTION, question), (QUESTION, question))])
    report = challenge_desk(load_suites(str(path.removesuffix("/second.jsonl"))), desk)
    assert report["suites"]["first"] == {
        "pairs": 3,
        "both_right": 0.3333,
        "change_right": 0.6667,
        "flips": {"pairs": 2, "right": 1.0},
        "holds": {"pairs": 1, "right": 0.0},
    }
    assert (report["pairs"], report["both_right"], report["change_right"]) == (4, 0.5, 0.75)
    assert report["suites"]["second"]["flips"] == {"pairs": 0, "right": None}
    assert [wrong["id"] for wrong in report["wrong"]] == [
        "flips, but one label is wrong",
        "flips, and must not",
    ]
    assert report["wrong"][1] == {
        "suite": "first",
        "id": "flips, and must not",
        "change": "another text",
        "flips": False,
        "labels": [outage, outage],
        "suggested": [outage, question],
    }


GOOD = pair("good", ("x", "P1"), ("y", "P2"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a JSON object"),
        (json.dumps(GOOD), 'id "good" stands twice'),
        (json.dumps({**GOOD, "id": ""}), '"id" is missing or no text'),
        (json.dumps({**GOOD, "id": "n", "change": 3}), '"change" is missing or no text'),
        (json.dumps({**GOOD, "id": "n", "flips": "yes"}), '"flips" is missing or not true'),
        (json.dumps({**GOOD, "id": "n", "flips": False}), '"flips" is false, but a is P1, b P2'),
        (json.dumps({**GOOD, "id": "n", "a": "text"}), '"a" is missing or no ticket'),
        (json.dumps({**GOOD, "id": "n", "b": {"body": "y"}}), "b.label: has no label"),
        (json.dumps({**GOOD, "id": "n", "b": {"priority": "P2"}}), "b.body: subject and body"),
        (json.dumps({**GOOD, "id": "n", "a": {"body": "x", "priority": "P9"}}), "a.priority: unk"),
    ],
)
def test_a_faulty_line_is_named_with_its_file_and_number(
    write: Write, line: str, message: str
) -> None:
    path = write("suite.jsonl", [GOOD])
    with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write(f"\n{line}\n")
    with pytest.raises(InputFaults) as raised:
        load_suites(path)
    (fault,) = raised.value.faults
    assert str(fault).startswith(f"{path}:3: ")
    assert message in str(fault)


def test_all_faults_of_all_suites_are_named_at_once(write: Write) -> None:
    write("one.jsonl", [{**GOOD, "flips": False}, {**GOOD, "id": ""}])
    path = write("two.jsonl", [{}])
    with pytest.raises(InputFaults) as raised:
        load_suites(path.removesuffix("/two.jsonl"))
    names = [fault.place.rsplit("/")[-1] for fault in raised.value.faults]
    assert names == ["one.jsonl:1", "one.jsonl:2", *["two.jsonl:1"] * 5]


def test_the_command_reports_and_ends_well_whatever_the_scores(triage: Run, write: Write) -> None:
    path = write("tone.jsonl", [pair("wrong", (QUESTION, "P0"), (QUESTION, "P0"))])
    done = triage("evaluate", "--challenge", path, "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["suites"]["tone"]["both_right"] == 0.0
    assert report["suites"]["tone"]["holds"] == {"pairs": 1, "right": 1.0}
    assert report["versions"]["model"]


def test_without_a_folder_the_shipped_suites_are_tried(triage: Run) -> None:
    done = triage("evaluate", "--challenge")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert re.split("  +", lines[0].strip()) == [
        *("suite", "pairs", "both right", "change right", "of flips", "of holds")
    ]
    assert lines[1].startswith("demands ")
    assert any(line.startswith("all ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent"], "absent: does not exist"),
        (["."], "holds no suite (suites are files NAME.jsonl)"),
        (["--map", "a=P0"], "--map: does not go with --challenge"),
    ],
)
def test_a_wrong_call_is_refused(triage: Run, arguments: list[str], message: str) -> None:
    done = triage("evaluate", "--challenge", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
