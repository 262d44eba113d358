"""`triage train` on a user's tickets: what it says, keeps together, remembers and repeats."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from classifier import LabelledTicket, Reader, Registry
from classifier.progress import shares, unwatched
from tickets import InputFaults, Priority
from triage.labelled.corpus import load_labelled
from triage.progress import progress_bar
from triage.retraining.held_out import unlearnt
from triage.retraining.models import Outcome, train_models
from triage.retraining.promotion import dossier
from triage.retraining.source import Source
from triage.retraining.training import current_rules

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MATTERS = {
    "P0": "water from the fish tank runs over the switchboard of room",
    "P1": "the espresso machine refuses to grind for team",
    "P3": "one of the plants looks thirsty beside desk",
    "P4": "which colour shall we paint the door of room",
}
SCHEMA = current_rules().schema


def word(number: int) -> str:
    return "".join("bdfgklmnprst"[number // 12**at % 12] + "aeiou"[number % 5] for at in range(4))


Row = dict[str, Any]


def office_rows(count: int) -> list[Row]:
    """Return labelled tickets of an office, four a minute, in columns of its own."""
    return [
        {
            "what": f"{text} {word(4 * number + at)} {word(977 * number + at)}",
            "priority": label,
            "created_at": NOW + timedelta(minutes=number),
            "customer": 4 * number + at,
        }
        for number in range(count // 4)
        for at, (label, text) in enumerate(MATTERS.items())
    ]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Parquet file of 120 tickets."""
    folder = tmp_path_factory.mktemp("office")
    pd.DataFrame(office_rows(120)).to_parquet(folder / "office.parquet")
    return folder


@pytest.fixture(scope="module")
def source(office: Path) -> Source:
    return Source.named(str(office / "office.parquet"), {"body": "what"}, {})


@pytest.fixture(scope="module")
def trained(office: Path, source: Source) -> dict[Reader, Outcome]:
    """What became of training on the office's tickets in an empty home."""
    return train_models(source.tickets(), office / "home", unwatched, source=source)


def versions(outcomes: dict[Reader, Outcome]) -> list[str]:
    return [outcome.model.version for outcome in outcomes.values()]


def test_a_hundred_tickets_of_a_parquet_file_make_a_model(trained: dict[Reader, Outcome]) -> None:
    about = trained[Reader.FULL].model.description
    assert about["tickets"] == 90
    assert about["held_out"] == {"tickets": 30, "how": "the latest 30", "dropped": 0}
    assert about["metrics"]["macro_f1"] == 1
    assert trained[Reader.FULL].is_current


def test_what_was_embedded_before_changes_nothing(
    office: Path, source: Source, trained: dict[Reader, Outcome]
) -> None:
    cached = sorted((office / "home" / "cache" / "embeddings").iterdir())
    assert cached
    again = train_models(source.tickets(), office / "home", unwatched, source=source)
    assert versions(again) == versions(trained)
    assert sorted((office / "home" / "cache" / "embeddings").iterdir()) == cached


def test_the_same_seed_gives_the_same_model_wherever_it_is_trained(
    tmp_path: Path, source: Source, trained: dict[Reader, Outcome]
) -> None:
    tickets = source.tickets()
    default = trained[Reader.FULL].model.description["seed"]
    same = train_models(tickets, tmp_path, unwatched, source=source, seed=default)
    other = train_models(tickets, tmp_path, unwatched, source=source, seed=7)
    assert versions(same) == versions(trained)
    assert set(versions(other)).isdisjoint(versions(trained))
    assert other[Reader.LIGHT].model.description["seed"] == 7


@pytest.fixture(scope="module")
def with_ours(
    office: Path, source: Source, trained: dict[Reader, Outcome], corpus: list[LabelledTicket]
) -> dict[Reader, Outcome]:
    """What became of training on some tickets of ours, too."""
    both = replace(source, with_default_corpus=True)
    ours = [one for one in corpus if one.split == "train"][::40]
    return train_models(
        source.tickets(), office / "home", unwatched, source=both, background=ours, promote=False
    )


def test_with_our_corpus_facts_are_learnt_and_only_theirs_are_held_out(
    with_ours: dict[Reader, Outcome], corpus: list[LabelledTicket]
) -> None:
    about = with_ours[Reader.FULL].model.description
    ours = len([one for one in corpus if one.split == "train"][::40])
    assert about["tickets"] == 90 + ours
    assert about["with_facts"] == ours
    assert about["held_out"]["tickets"] == 30
    assert about["source"]["with_default_corpus"] is True


def test_a_model_of_both_still_finds_the_tickets_that_were_held_out(
    office: Path, with_ours: dict[Reader, Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(office / "home"))
    version = with_ours[Reader.FULL].model.version
    kept = Source.of(version, dossier(version).model.description)
    assert kept.with_default_corpus
    learnt = Registry(office / "home").learnt(version)
    received = [one.ticket.received_at for one in unlearnt(kept.tickets(), learnt)]
    assert len(received) == 30
    assert min(filter(None, received)) == NOW + timedelta(minutes=22)


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def looked_through(office: Path) -> subprocess.CompletedProcess[str]:
    """The command on a file with faults, grouped by customer."""
    rows = [{**row, "weight": 1} for row in office_rows(120)]
    rows[3]["weight"] = "heavy"
    rows[5]["priority"] = "P7"
    rows[8] |= {"what": rows[4]["what"], "priority": "P1"}
    rows[100:] = [{**row, "customer": 1} for row in rows[100:]]
    pd.DataFrame(rows).to_csv(office / "faulty.csv", index=False)
    return subprocess.run(
        [
            *(Path(sys.executable).with_name("triage"), "train", "faulty.csv"),
            *("--column", "body=what", "--group", "customer", "--seed", "7", "--no-promote"),
        ],
        capture_output=True,
        text=True,
        cwd=office,
        env={**os.environ, "TRIAGE_HOME": str(office / "home")},
        check=False,
    )


def test_the_command_names_what_is_wrong_and_learns_the_rest(
    looked_through: subprocess.CompletedProcess[str], office: Path
) -> None:
    assert looked_through.returncode == 3
    lines = [line for line in looked_through.stderr.splitlines() if "warning" not in line]
    assert lines == [
        "triage: left out row 4: weight: 'heavy' is no number from 0.001 to 1,000"
        " (write 0.5 for a label that counts half; nothing counts as 1)",
        "triage: left out row 6: priority: unknown label 'P7' (name its priority with"
        " --map, as in --map urgent=P0)",
        "triage: 1 text has more than one label: 5 P0, 9 P1",
        "triage: priorities of fewer than 20 tickets are hardly learnt: P2 (0)",
        f"triage: see triage data check {office / 'faulty.csv'}",
    ]


def test_the_command_tells_what_was_held_out_and_keeps_customers_together(
    looked_through: subprocess.CompletedProcess[str], office: Path
) -> None:
    registry = Registry(office / "home")
    about = registry.load(str(registry.candidate_version(Reader.FULL))).description
    assert about["source"]["group"] == "customer"
    assert about["seed"] == 7
    held_out = about["held_out"]
    assert held_out["dropped"] == 20  # of the customer who wrote before
    assert held_out["tickets"] == 30
    assert looked_through.stdout.splitlines()[-1] == (
        f"held out: 30 tickets, {held_out['how']};"
        " 20 more repeat tickets learnt from or are of their group"
    )


@pytest.mark.parametrize("option", [["--group", "customer"], ["--with-default-corpus"]])
def test_options_about_a_file_need_one(option: list[str], office: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("triage"), "train", *option],
        capture_output=True,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(office / "home")},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == f"triage: {option[0]}: goes with DATA (name a labelled file)\n"


def test_a_group_that_no_column_has_is_refused(office: Path) -> None:
    path = str(office / "office.parquet")
    with pytest.raises(InputFaults, match=r"--group: .* has no column \"costumer\" \(did you mean"):
        Source.named(path, {"body": "what"}, {}, "costumer").tickets()


def test_tickets_of_one_group_alone_are_refused(office: Path, source: Source) -> None:
    one = [replace(labelled, group="acme") for labelled in source.tickets()]
    with pytest.raises(InputFaults, match="are copies of each other, or of one group"):
        train_models(one, office / "other", unwatched, source=source)


# --- files ---------------------------------------------------------------------------------------


def test_parquet_carries_numbers_dates_and_gaps(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "body": ["one", "two", "three"],
            "label": [1, 2, 1],
            "created_at": pd.to_datetime(
                ["2026-01-01T09:00", "2026-01-02T10:00", "2026-01-03T11:00"]
            ),
            "weight": [0.5, None, 2],
            "thread": [17, None, 17],
        }
    )
    frame.to_parquet(tmp_path / "some.parquet")
    names = {"1": Priority.P0, "2": Priority.P3}
    path = str(tmp_path / "some.parquet")
    tickets, faults = load_labelled(path, SCHEMA, label_names=names, group="thread")
    assert faults == []
    assert [str(one.priority) for one in tickets] == ["P0", "P3", "P0"]
    assert [one.weight for one in tickets] == [0.5, 1.0, 2.0]
    assert [bool(one.group) for one in tickets] == [True, False, True]
    assert tickets[0].group == tickets[2].group
    assert tickets[1].ticket.received_at == datetime(2026, 1, 2, 10, tzinfo=UTC)


# --- progress ------------------------------------------------------------------------------------


def test_shares_of_the_work_add_up_and_never_go_back() -> None:
    told: list[float] = []
    parts = shares(lambda done, total: told.append(done / total), [1, 0, 6, 3])
    for part in parts:
        for done in range(5):
            part(done, 4)
    assert told == sorted(told)
    assert told[4] == pytest.approx(0.1, abs=1e-4)
    assert told[-1] == 1


def test_the_bar_tells_how_much_time_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_bar("training") as bar:
        bar.reach(1_000, 8_000)
        bar.reach(4_000, 8_000)
    shown = capsys.readouterr().err
    assert "50/100" in shown
    assert re.search(r"left \S*0:00:0\d", shown)
