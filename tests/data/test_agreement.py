"""Two labellings are compared as textbooks do it, on what both readers labelled first."""

from __future__ import annotations

import json
import subprocess
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from classifier.kappa import agreement
from tickets import InputFaults
from triage.commands.agreement_printed import print_agreement
from triage.labelled.second_labels import agreement_report

Write = Callable[[str, Sequence[Mapping[str, Any]]], str]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

CLASSES = ("a", "b", "c")
OUTAGE = {
    **{"environment": "production", "request": "fault", "part": "voice", "condition": "down"},
    **{"reach": "all", "workaround": "none", "harm": "severe", "cause": "service"},
}
QUESTION = {
    **{"environment": "unstated", "request": "question", "part": "none", "condition": "none"},
    **{"reach": "unstated", "workaround": "unstated", "harm": "none", "cause": "service"},
}


def test_a_kappa_computed_by_hand() -> None:
    first = ["a"] * 25 + ["b"] * 25
    second = ["a"] * 20 + ["b"] * 5 + ["a"] * 10 + ["b"] * 15
    found = agreement(first, second, ("a", "b"))
    assert found.raw.value == 0.7
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(0.4)  # (.7 - .5) / (1 - .5)
    assert found.kappa.low < 0.4 < found.kappa.high


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1))
def test_kappas_are_those_of_scikit_learn(labels: list[tuple[str, str]]) -> None:
    first, second = ([pair[side] for pair in labels] for side in (0, 1))
    found = agreement(first, second, CLASSES)
    assert found.raw.low <= found.raw.value + 1e-9
    if len(set(first) | set(second)) == 1:
        assert found.kappa is found.weighted_kappa is None
        return
    assert found.kappa is not None
    assert found.weighted_kappa is not None
    for ours, weights in ((found.kappa, None), (found.weighted_kappa, "quadratic")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = cohen_kappa_score(first, second, labels=list(CLASSES), weights=weights)
        assert ours.value == pytest.approx(theirs)


@pytest.fixture
def first(write: Write) -> str:
    return write(
        "first.jsonl",
        [
            {"id": "1", "body": "dead", "priority": "P0", "facts": OUTAGE, "split": "train"},
            {"id": "2", "body": "how?", "priority": "P4", "facts": QUESTION, "split": "train"},
            {
                **{"id": "3", "body": "why?", "priority": "P4", "first_priority": "P3"},
                **{"facts": QUESTION, "split": "test"},
            },
            {"id": "4", "body": "what?", "priority": "P4"},
        ],
    )


def test_labels_before_review_are_compared_and_differences_named(write: Write, first: str) -> None:
    second = write(
        "second.jsonl",
        [
            {"id": "1", "priority": "P1", "facts": {**OUTAGE, "reach": "many"}},
            {"id": "2", "priority": "P4", "facts": QUESTION},
            {"id": "3", "priority": "P4", "facts": QUESTION},
        ],
    )
    report = agreement_report(second, first)
    assert report["tickets"] == 3
    assert report["priority"]["raw"]["value"] == pytest.approx(1 / 3)
    assert report["facts"]["part"]["raw"]["value"] == 1.0
    assert report["facts"]["part"]["kappa"]["value"] == 1.0
    assert report["facts"]["reach"]["raw"]["value"] == pytest.approx(2 / 3)
    assert report["facts"]["cause"]["kappa"] is None
    assert report["disagreements"] == [
        {"id": "1", "label": "priority", "first": "P0", "second": "P1"},
        {"id": "1", "label": "facts.reach", "first": "all", "second": "many"},
        {"id": "3", "label": "priority", "first": "P3", "second": "P4"},
    ]


def test_facts_put_through_the_rules_are_compared_with_labels(write: Write, first: str) -> None:
    second = write("second.jsonl", [{"id": "3", "priority": "P3", "facts": QUESTION}])
    report = agreement_report(second, first)
    ruled = report["facts_then_rules"]
    assert {s: (f["tickets"], f["raw"]["value"]) for s, f in ruled["splits"].items()} == {
        "train": (2, 1.0),
        "test": (1, 1.0),
    }
    assert ruled["splits_before_review"]["test"]["raw"]["value"] == 0.0
    assert ruled["disagreements"] == []
    assert report["second_facts_then_rules"]["second"]["raw"]["value"] == 0.0


def test_what_the_second_reader_left_out_is_not_counted(write: Write, first: str) -> None:
    report = agreement_report(write("second.jsonl", [{"id": "4", "priority": "P4"}]), first)
    assert report["facts"] == {}
    assert report["second_facts_then_rules"] is None


def test_every_faulty_row_is_named(write: Write, first: str) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "9", "priority": "P1"},
        {"id": "1", "priority": "P7"},
        {"id": "2", "priority": "P4", "facts": {"reech": "all"}},
        {"id": "4", "priority": "P4"},
        {"id": "4", "priority": "P4"},
    ]
    with pytest.raises(InputFaults) as raised:
        agreement_report(write("second.jsonl", rows), first)
    assert [(f.place.rsplit("/")[-1], f.problem) for f in raised.value.faults] == [
        ("second.jsonl: row 1: id", "no ticket has the id '9'"),
        ("second.jsonl: row 2: priority", "unknown label 'P7'"),
        ("second.jsonl: row 3: facts", "unknown fact 'reech'"),
        ("second.jsonl: row 5: id", "stands twice"),
    ]


def test_people_see_each_label_with_what_differs(
    write: Write, first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    second = write("second.jsonl", [{"id": "1", "priority": "P1", "facts": OUTAGE}])
    print_agreement(agreement_report(second, first))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "1 tickets labelled twice; 95 % intervals in brackets"
    assert [line.split()[:3] for line in lines[2:4]] == [
        ["priority", "1", "0.000"],
        ["environment", "1", "1.000"],
    ]
    assert "  priority           P0, P1: 1  1" in lines


def test_machines_get_the_whole_report(triage: Run, write: Write, first: str) -> None:
    second = write("second.jsonl", [{"id": "1", "priority": "P1", "facts": OUTAGE}])
    done = triage("data", "agreement", second, first, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["tickets"] == 1
