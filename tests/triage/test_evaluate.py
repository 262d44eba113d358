"""`triage evaluate`: the current model by groups, and the training recipe on any labelled file."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from classifier import LabelledTicket, Reader
from tickets import InputFaults, Priority
from triage.labelled.evaluation import LabelledData
from triage.labelled.recipe_evaluation import Plan, evaluate_recipe

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MAP = ["--map", "urgent=P0,normal=P2,minor=P4"]
NAMES = {"urgent": Priority.P0, "normal": Priority.P2, "minor": Priority.P4}
SAID = {
    "urgent": ("everything is down", "all lines dead", "nobody can work"),
    "normal": ("one report is slow", "export takes long", "search is slow"),
    "minor": ("please rename a label", "how do I change a colour", "typo on the page"),
}
METRICS = {
    *("n", "accuracy", "macro_f1", "qwk", "per_class", "majority"),
    *("undertriage", "intervals", "excluded"),
}


def rows(label: str, count: int, team: str, day: int) -> list[dict[str, str]]:
    """Return tickets of one label, one a day from a day of 2020 on; every tenth is worded oddly."""
    return [
        {
            "body": "hello" if at % 10 == 9 else f"{SAID[label][at % 3]} since {at} minutes",
            "label": label,
            "team": team,
            "created_at": f"2020-{1 + (day + at) // 28:02}-{1 + (day + at) % 28:02}",
        }
        for at in range(count)
    ]


HISTORY = [
    *rows("urgent", 20, "north", 0),
    *rows("normal", 30, "north", 0),
    *rows("minor", 3, "north", 0),
    *rows("normal", 15, "south", 60),
    *rows("minor", 25, "south", 60),
    *rows("urgent", 2, "south", 60),
    *rows("minor", 6, "", 90),
]


def write(path: Path, records: list[dict[str, str]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    return str(path)


def recipe_on(
    path: str, plan: Plan, *, group_by: str = "", names: Mapping[str, Priority] = NAMES
) -> dict[str, Any]:
    return evaluate_recipe(LabelledData(path, {}, names, group_by), plan, Reader.LIGHT, Path())


def test_each_group_is_cross_validated_by_itself_without_its_small_classes(
    triage: Run, tmp_path: Path
) -> None:
    write(tmp_path / "history.csv", HISTORY)
    done = triage(
        *("evaluate", "history.csv", *MAP, "--cross-validate", "5", "--group-by", "team"),
        *("--reader", "light", "--json"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert set(report) >= METRICS | {"groups", "split", "measured"}
    assert report["split"] == "stratified 5-fold cross-validation, a model for each team"
    groups = report["groups"]
    assert list(groups) == ["(none)", "north", "south"]
    assert {name: group["excluded"] for name, group in groups.items()} == {
        "(none)": {"P4": 6},  # one class alone is nothing to tell apart
        "north": {"P4": 3},
        "south": {"P0": 2},
    }
    assert report["excluded"] == {"P0": 2, "P4": 9}
    assert {name: group["n"] for name, group in groups.items()} == {
        **{"(none)": 0, "north": 50, "south": 40}
    }
    assert all(set(group) == METRICS for group in groups.values())
    assert report["n"] == 90
    assert report["accuracy"] == pytest.approx(
        (50 * groups["north"]["accuracy"] + 40 * groups["south"]["accuracy"]) / 90
    )
    assert groups["north"]["per_class"]["P0"]["support"] == 20
    assert groups["north"]["majority"]["priority"] == "P2"
    assert groups["north"]["accuracy"] > 0.85
    assert groups["(none)"]["accuracy"] is None


def test_the_table_shows_groups_and_what_was_left_out(triage: Run, tmp_path: Path) -> None:
    write(tmp_path / "history.csv", HISTORY)
    call = ("evaluate", "history.csv", *MAP, "--cross-validate", "5", "--group-by", "team")
    lines = triage(*call, "--reader", "light").stdout.splitlines()
    assert lines[0].startswith("training recipe, light reader, direct view only: stratified 5-fold")
    assert lines[1].startswith("90 tickets   accuracy 0.")
    assert "left out, as too few: P0 (2), P4 (9)" in lines
    assert lines[-1].split()[:2] == ["south", "40"]
    assert lines[-1].split()[-2:] == ["P0", "(2)"]


def test_the_same_call_gives_the_same_figures(tmp_path: Path) -> None:
    path = write(tmp_path / "history.csv", HISTORY)
    assert recipe_on(path, Plan(4)) == recipe_on(path, Plan(4))


def test_ordered_by_time_the_latest_fifth_is_measured(triage: Run, tmp_path: Path) -> None:
    dated = [*rows("urgent", 40, "a", 0), *rows("minor", 40, "a", 0)]
    undated = [{**row, "created_at": ""} for row in rows("normal", 5, "a", 0)]
    write(tmp_path / "history.csv", [*dated[::-1], *undated])
    done = triage(
        *("evaluate", "history.csv", *MAP, "--time-ordered", "--reader", "light", "--json")
    )
    assert done.stderr == "triage: left out 5 rows without a date\n"
    report = json.loads(done.stdout)
    assert report["split"] == "learnt from the earliest 80 %, measured on the latest 20 %"
    assert report["n"] == 16
    assert {name: c["support"] for name, c in report["per_class"].items()} == {"P0": 8, "P4": 8}
    assert report["excluded"] == {}


def test_a_class_that_only_comes_later_is_measured_and_missed(tmp_path: Path) -> None:
    early = [*rows("normal", 40, "a", 0), *rows("minor", 40, "a", 0)]
    path = write(tmp_path / "history.csv", [*early, *rows("urgent", 10, "a", 200)])
    report = recipe_on(path, Plan(by_time=True))
    assert report["per_class"]["P0"] == {"precision": 0, "recall": 0, "f1": 0, "support": 10}


def test_with_both_options_time_parts_and_small_classes_are_left_out(tmp_path: Path) -> None:
    small = [*rows("urgent", 40, "a", 0), *rows("minor", 40, "a", 0), *rows("normal", 4, "a", 0)]
    report = recipe_on(write(tmp_path / "history.csv", small), Plan(5, by_time=True))
    assert report["n"] == 16
    assert report["excluded"] == {"P2": 4}


@pytest.mark.parametrize(
    ("plan", "change", "group_by", "message"),
    [
        (Plan(1), {}, "", "--cross-validate: 1 is too few (use 2 or more"),
        (Plan(101), {}, "", "--cross-validate: 101 is not below the 101 labelled tickets"),
        (Plan(60), {}, "", "has no two priorities of 60 tickets"),
        (
            Plan(5),
            {},
            "teem",
            '--group-by: history.csv has no column "teem" (did you mean "team"?)',
        ),
        (Plan(by_time=True), {"created_at": ""}, "", "has no dates to order tickets by"),
        (Plan(by_time=True), {"label": "minor"}, "", "has no two priorities to learn from"),
    ],
)
def test_a_plan_that_does_not_fit_is_one_fault(
    in_folder: Path, plan: Plan, change: dict[str, str], group_by: str, message: str
) -> None:
    write(in_folder / "history.csv", [{**row, **change} for row in HISTORY])
    with pytest.raises(InputFaults) as raised:
        recipe_on("history.csv", plan, group_by=group_by)
    assert len(raised.value.faults) == 1
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["history.csv", *MAP, "--cross-validate", "0"], "--cross-validate: 0 is too few"),
        (["--challenge", "--time-ordered"], "--time-ordered: does not go with --challenge"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(
    triage: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    write(tmp_path / "history.csv", HISTORY)
    done = triage("evaluate", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"triage: {message}")
    assert len(done.stderr.splitlines()) == 1


def test_the_current_model_is_measured_for_each_group(
    triage: Run, tmp_path: Path, corpus: list[LabelledTicket]
) -> None:
    held_out = [labelled for labelled in corpus if labelled.split == "test"][:60]
    records = [
        {
            **{"subject": labelled.ticket.subject, "body": labelled.ticket.body},
            **{"priority": str(labelled.priority), "difficulty": labelled.difficulty},
        }
        for labelled in held_out
    ]
    write(tmp_path / "ours.csv", records)
    call = ("evaluate", "ours.csv", "--group-by", "difficulty", "--reader", "light", "--json")
    done = triage(*call)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert set(report["groups"]) == {labelled.difficulty for labelled in held_out}
    assert sum(group["n"] for group in report["groups"].values()) == report["n"] == 60
    for figures in (report, *report["groups"].values()):
        assert METRICS | {"actions", "calibration_error", "facts"} <= set(figures)
        low, high = figures["intervals"]["macro_f1"]
        assert 0 <= low <= figures["macro_f1"] <= high <= 1
    whole, parts = report["intervals"]["accuracy"], report["groups"].values()
    widths = [group["intervals"]["accuracy"] for group in parts if group["n"] < 30]
    assert all(high - low > whole[1] - whole[0] for low, high in widths if low < high < 1)


def test_the_full_recipe_learns_from_what_its_encoder_knows_and_is_not_judged_by_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, corpus: list[LabelledTicket]
) -> None:
    of_split = {
        split: [labelled for labelled in corpus if labelled.split == split][:40]
        for split in ("train", "test")
    }
    records = [
        {"body": one.ticket.body, "subject": one.ticket.subject, "label": str(one.priority)}
        for tickets in of_split.values()
        for one in tickets
    ]
    path = write(tmp_path / "ours.csv", records)
    report = evaluate_recipe(LabelledData(path, {}, {}), Plan(2), Reader.FULL, tmp_path)
    assert report["measured"] == "training recipe, full reader, direct view only"
    assert report["n"] + sum(report["excluded"].values()) >= 40
    assert report["n"] <= 40
    assert "40 tickets that the encoder was made with teach" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tickets", "parts", "remedy"),
    [
        (1, 5, "label more tickets"),
        (2, 2, "label more tickets"),
        (4, 5, "use fewer parts, such as 3"),
        (9, 10, "use fewer parts, such as 5"),
    ],
)
def test_too_many_parts_come_with_a_number_that_fits(
    tmp_path: Path, tickets: int, parts: int, remedy: str
) -> None:
    path = write(tmp_path / "few.csv", rows("urgent", tickets, "north", 0))
    with pytest.raises(InputFaults) as refused:
        recipe_on(path, Plan(parts))
    problem = f"{parts} is not below the {tickets} labelled tickets"
    assert str(refused.value) == f"--cross-validate: {problem} ({remedy})"


def test_one_priority_alone_has_figures_and_no_warnings(triage: Run, tmp_path: Path) -> None:
    body = "How do I rename a queue?"
    write(tmp_path / "one.csv", [{"body": body, "label": "P4"}, {"body": body, "label": "P4"}])
    done = triage("evaluate", "one.csv", "--reader", "light", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["n"], report["majority"]["accuracy"], report["qwk"]) == (2, 1.0, 0.0)
