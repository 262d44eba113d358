"""A check of labelled data finds what was planted, and nothing in data that is sound."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tickets import InputFaults, Priority
from triage.commands.data_printed import findings, print_check
from triage.labelled.check import check_file

Records = list[dict[str, Any]]
Write = Callable[[str, Sequence[Mapping[str, Any]]], str]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def places(found: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [[ticket["id"] for ticket in copies["tickets"]] for copies in found]


def test_nothing_is_found_in_sound_data(plain: Records, write: Write) -> None:
    report = check_file(write("plain.jsonl", plain), {}, {})
    assert report["tickets"] == 150
    assert report["counts"]["priority"] == {"P0": 50, "P1": 0, "P2": 50, "P3": 0, "P4": 50}
    assert report["exact_copies"] == report["near_copies"] == report["misquoted"] == []
    assert [name for name, leak in report["leaks"]["fields"].items() if leak["gives_away"]] == []
    assert not report["leaks"]["together"]["gives_away"]
    assert report["suspicious_labels"] == []
    assert findings(report) == ["2 classes or values are too rare to learn"]  # P1 and P3


def test_labels_that_the_text_contradicts_are_suspicious(plain: Records, write: Write) -> None:
    for number in (0, 30, 61, 92):
        plain[number]["priority"] = "P4" if plain[number]["priority"] != "P4" else "P0"
    report = check_file(write("wrong.jsonl", plain), {}, {})
    found = {doubt["id"]: doubt["likelier"] for doubt in report["suspicious_labels"]}
    assert found == {"T-000": "P0", "T-030": "P0", "T-061": "P2", "T-092": "P0"} | found
    assert set(found) == {"T-000", "T-030", "T-061", "T-092"}


def test_a_column_that_gives_the_label_away_is_a_leak(plain: Records, write: Write) -> None:
    for number, record in enumerate(plain):
        record["team"] = {"P0": "war room", "P2": "desk"}.get(record["priority"], "helpline")
        record["closed_after_hours"] = {"P0": 2.0, "P2": 40.0, "P4": 41.5}[record["priority"]]
        record["incident"] = f"INC{number:06}" if record["priority"] == "P0" else None
        record["body"] += " x" * (200 if record["priority"] == "P4" else 0)
    report = check_file(write("leak.jsonl", plain), {}, {})
    leaking = {n: f["macro_f1"] for n, f in report["leaks"]["fields"].items() if f["gives_away"]}
    assert leaking["team"] == leaking["closed_after_hours"] == 1.0
    assert set(leaking) == {"team", "closed_after_hours", "incident", "length of the text"}
    assert report["leaks"]["together"]["gives_away"]
    assert report["missing"] == {"incident": 100}


def test_a_word_written_with_the_label_is_named(plain: Records, write: Write) -> None:
    for record in plain:
        record["subject"] = "[SEV-1] help" if record["priority"] == "P0" else "help"
    report = check_file(write("tagged.jsonl", plain[:48]), {}, {})
    assert report["telling_words"] == [
        {"word": "sev-1", "priority": "P0", "tickets": 16, "share": 1.0}
    ]


def test_copies_with_differing_labels_come_first(plain: Records, write: Write) -> None:
    same = {**plain[3], "id": "same", "body": f"  {plain[3]['body'].upper()}\n"}
    other = {**plain[5], "id": "other", "priority": "P1"}
    report = check_file(write("copies.jsonl", [*plain[:40], same, other]), {}, {})
    assert places(report["exact_copies"]) == [["T-005", "other"], ["T-003", "same"]]
    assert [copies["labels_differ"] for copies in report["exact_copies"]] == [True, False]
    assert report["exact_copies"][0]["tickets"] == [
        {"row": 6, "id": "T-005", "priority": "P4"},
        {"row": 42, "id": "other", "priority": "P1"},
    ]
    assert report["near_copies"] == []
    assert findings(report)[:2] == [
        "1 group of the same text has labels that differ",
        "1 group of the same text has one label",
    ]


def test_a_ticket_with_a_few_words_exchanged_is_a_near_copy(plain: Records, write: Write) -> None:
    body = (
        "The wallboard in Leeds has shown no figures for the evening shift since the update. " * 3
    )
    tickets = [
        *plain[:40],
        {"id": "first", "body": f"{body} Regards, Ann", "priority": "P3"},
        {"id": "again", "body": body.replace("Leeds", "Cardiff"), "priority": "P3"},
        {"id": "third", "body": f"{body} Cheers", "priority": "P2"},
    ]
    report = check_file(write("near.jsonl", tickets), {}, {})
    assert places(report["near_copies"])[0] == ["first", "third"]
    assert places(report["near_copies"])[1:] == [["first", "again"]]
    assert [copies["labels_differ"] for copies in report["near_copies"]] == [True, False]
    assert all(0.7 <= copies["similarity"] < 1 for copies in report["near_copies"])


def test_quotes_that_the_text_lacks_are_named(plain: Records, write: Write) -> None:
    plain[0] |= {"body": "Half of us hear nothing.", "facts": {"reach": "many"}}
    plain[0]["evidence"] = {"reach": ["Half of us", "half of them"]}
    assert check_file(write("quotes.jsonl", plain[:9]), {}, {})["misquoted"] == [
        {"row": 1, "id": "T-000", "fact": "reach", "quote": "half of them"}
    ]


def test_what_is_rare_or_missing_is_counted(plain: Records, write: Write) -> None:
    plain[0]["priority"] = "P1"
    for record in plain[:25]:
        record["facts"] = {"reach": "one" if record is plain[3] else "all"}
    report = check_file(write("rare.jsonl", plain[:45]), {}, {})
    rare = {(one["kind"], one["value"]): one["tickets"] for one in report["too_rare"]}
    assert rare["priority", "P1"] == 1
    assert rare["facts.reach", "one"] == 1
    assert ("facts.reach", "all") not in rare
    assert report["missing"]["facts.reach"] == 20
    assert report["counts"]["facts"]["reach"]["all"] == 24


@pytest.mark.parametrize("size", [1, 2, 7, 49])
def test_too_few_tickets_are_counted_and_compared_only(
    plain: Records, write: Write, size: int
) -> None:
    report = check_file(write("few.jsonl", plain[:size]), {}, {})
    assert report["tickets"] == size
    assert report["not_checked"] == "leaks and labels: fewer than 50 usable tickets"
    assert "leaks" not in report


def test_many_copies_of_few_tickets_prove_nothing(plain: Records, write: Write) -> None:
    copies = [{**record, "id": ""} for record in plain[:4]] * 20
    report = check_file(write("four.jsonl", copies), {}, {})
    assert "fewer than 5 tickets that are not copies" in report["not_checked"]
    assert len(report["exact_copies"]) == 4


def test_one_label_for_all_leaves_nothing_to_tell_apart(plain: Records, write: Write) -> None:
    report = check_file(write("one.jsonl", [{**r, "priority": "P3"} for r in plain]), {}, {})
    assert report["not_checked"] == "leaks and labels: all tickets have the same label"


def test_a_customers_export_is_read_under_its_own_names(plain: Records, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["number", "description", "urgency", "queue"])
        for record in plain:
            urgency = {"P0": "high", "P2": "medium", "P4": "low"}[record["priority"]]
            rows.writerow([record["id"], record["body"], urgency, f"{urgency} queue"])
    columns = {"body": "description", "priority": "urgency", "id": "number"}
    names = {"high": Priority.P0, "medium": Priority.P2, "low": Priority.P4}
    report = check_file(str(path), columns, names)
    assert report["counts"]["priority"]["P0"] == 50
    assert set(report["leaks"]["fields"]) == {"length of the text", "id", "queue"}
    assert report["leaks"]["fields"]["queue"]["gives_away"]


def test_a_file_without_rows_is_refused(write: Write) -> None:
    with pytest.raises(InputFaults, match="has no rows"):
        check_file(write("empty.jsonl", []), {}, {})


def test_a_file_without_a_usable_row_is_refused(write: Write) -> None:
    path = write("bad.jsonl", [{"body": "x", "priority": "urgent"}])
    with pytest.raises(InputFaults, match="holds no labelled ticket: row 1: priority: unknown"):
        check_file(path, {}, {})


def test_people_see_what_to_look_at_first(
    plain: Records, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    plain[4]["priority"] = plain[8]["priority"] = "urgent"
    plain[9]["body"] = ""
    path = write("mixed.jsonl", plain[:45])
    print_check(check_file(path, {}, {}))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        f"42 labelled tickets in {path}",
        "- 3 rows cannot be used",
        "- 5 classes or values are too rare to learn",
        "- not checked: leaks and labels: fewer than 50 usable tickets",
    ]
    assert "  priority         P0 14, P1 0, P2 14, P3 0, P4 14" in lines
    assert [line for line in lines if line.endswith("2 rows: 5, 9")] == [
        "  priority: unknown label 'urgent' (name its priority with --map, as in --map urgent=P0):"
        " 2 rows: 5, 9"
    ]


def test_machines_get_the_rows_behind_each_cause(triage: Run, write: Write) -> None:
    rows = [{"body": "x", "priority": name} for name in ("P1", "urgent", "P3", "urgent")]
    rows += [{"body": "", "priority": "P1"}, {"body": "y", "priority": "P1", "facts": "many"}]
    done = triage("data", "check", write("mixed.jsonl", rows), "--json")
    assert done.returncode == 3
    assert [(c["field"], c["rows"]) for c in json.loads(done.stdout)["unusable"]] == [
        ("priority", [2, 4]),
        ("body", [5]),
        ("facts", [6]),
    ]


def test_a_column_that_the_file_lacks_fails_the_call(plain: Records, write: Write) -> None:
    with pytest.raises(InputFaults, match='has no column "text"'):
        check_file(write("plain.jsonl", plain), {"body": "text"}, {})
