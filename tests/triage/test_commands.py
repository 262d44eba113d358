"""The command line as a user meets it: results, messages, exit status."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
TEXT = "Nobody can take calls since 9am, all 200 agents affected"


def test_a_text_gets_a_priority_with_its_reasons_and_deadline(triage: Run) -> None:
    done = triage(
        "suggest", TEXT, "--tier", "premium", "--received-at", "2026-07-10T09:05:00-07:00"
    )
    assert done.returncode == 0
    assert done.stdout.startswith(("P0 ", "P1 "))
    assert "due  Fri 2026-07-10 09:" in done.stdout
    assert "\nwhy\n" in done.stdout
    assert "reach        all" in done.stdout


def test_json_is_one_assessment(triage: Run) -> None:
    done = triage("suggest", TEXT, "--json", "--id", "T-9", "--tier", "Standard")
    record = json.loads(done.stdout)
    assert record["id"] == "T-9"
    assert record["priority"] in ("P0", "P1")
    assert record["response"]["due_at"]
    assert record["error"] is None


def test_text_comes_from_standard_input_too(triage: Run) -> None:
    done = triage("suggest", "-", "--json", stdin="How do I rename a queue?")
    assert json.loads(done.stdout)["priority"] == "P4"


def test_a_subject_alone_is_a_ticket(triage: Run) -> None:
    assert triage("suggest", "--subject", "how do I rename a queue?").returncode == 0


def test_five_megabytes_of_text_are_a_ticket(triage: Run) -> None:
    done = triage("suggest", "-", "--json", stdin="calls drop " * 450_000)
    assert done.returncode == 0
    assert json.loads(done.stdout)["priority"]


def test_words_without_end_are_a_ticket(triage: Run) -> None:
    assert triage("suggest", "-", stdin="x" * 200_000).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["suggest", ""], "subject and body are both empty"),
        (["suggest", "-"], "subject and body are both empty"),
        (["suggest", "x", "--tier", "gold"], "unknown tier 'gold' (use one of standard, premium)"),
        (["suggest", "x", "--channel", "fax"], "unknown channel 'fax'"),
        (["suggest", "x", "--received-at", "2026-07-10T09:05:00"], "has no UTC offset"),
        (["suggest", "x", "--received-at", "yesterday"], "is not an ISO 8601 time"),
        (["suggest", "x", "--received-at", "1999-01-01T00:00:00Z"], "not between 2000 and 2040"),
        (["suggest", "x", "--wrong"], "No such option"),
        (["sugest"], "No such command"),
        (["batch", "absent.csv"], "absent.csv: does not exist"),
        (["batch", "tickets.xlsx"], "unknown file ending"),
        (["batch", "."], "unknown file ending"),
        (["batch", "-", "--column", "body"], "not of the form NAME=VALUE"),
        (["batch", "-", "--column", "boddy=text"], 'did you mean "body"?'),
        (["batch", "-", "--default", "tier=standard,tier=premium"], "given twice"),
        (
            ["batch", "-", "--default", "tier=gold"],
            "--default: \"tier=gold\": unknown tier 'gold' (use one of standard, premium)",
        ),
        (["batch", "-", "--default", "channel=fax"], "\"channel=fax\": unknown channel 'fax'"),
        (["batch", "-", "--default", "received_at=2026-07-10"], "has no UTC offset"),
        (["batch", "-", "--reader", "slow"], 'unknown "slow" (use one of full, light)'),
        (["batch", "-", "--timezone", "PST8"], 'unknown time zone "PST8"'),
        (["evaluate", "absent.csv"], "absent.csv: does not exist"),
        (["train", "absent.csv", "--map", "high=P9"], "'P9' is not one of P0"),
    ],
)
def test_a_wrong_call_ends_with_one_clear_line_and_status_2(
    triage: Run, arguments: list[str], message: str
) -> None:
    done = triage(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_bytes_on_standard_input_that_are_no_text_are_refused(triage: Run) -> None:
    done = triage("suggest", "-", stdin=b"caf\xe9 is down")
    assert done.returncode == 2
    assert "not UTF-8" in done.stderr


def test_without_a_model_the_user_learns_how_to_get_one(triage: Run, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("triage")
    environment = {**os.environ, "TRIAGE_HOME": str(tmp_path / "empty")}
    done = subprocess.run(
        [command, "suggest", "x"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 2
    assert "run `triage train`" in done.stderr


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(
        "number;description;plan;opened\n"
        "A-1;All lines are dead for all agents;premium;2026-07-10T09:05:00-07:00\n"
        "A-2;;standard;2026-07-10T09:05:00-07:00\n"
        "A-3;How do I rename a queue?;standard;2026-07-10T09:05:00-07:00\n",
        encoding="utf-8",
    )
    return path


COLUMNS = ["--column", "id=number,body=description", "--column", "tier=plan,received_at=opened"]


def test_an_export_with_its_own_column_names_is_assessed(triage: Run, inbox: Path) -> None:
    done = triage("batch", "export.csv", "-o", "out.jsonl", *COLUMNS)
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "triage: row 2 (id A-2): body: subject and body are both empty (give at least one of them)",
        "triage: 2 tickets assessed, 1 rows failed",
    ]
    records = [json.loads(line) for line in (inbox.parent / "out.jsonl").read_text().splitlines()]
    assert [record["id"] for record in records] == ["A-1", "A-2", "A-3"]
    assert [record["error"] is None for record in records] == [True, False, True]
    assert records[0]["description"] == "All lines are dead for all agents"
    assert records[2]["priority"] == "P4"


def test_without_an_output_a_table_is_printed(triage: Run, inbox: Path) -> None:
    done = triage("batch", "export.csv", *COLUMNS)
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    assert lines[0].split() == [
        "id",
        "subject",
        "priority",
        "conf.",
        "action",
        "response",
        *["due", "why"],
    ]
    assert lines[1].startswith("A-1")


def test_json_lines_pass_through_pipes(triage: Run) -> None:
    done = triage("batch", "-", "--json", stdin='{"body": "chat is down"}\n\n{"body": 5}\nnope\n')
    assert done.returncode == 3
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["id"] for record in records] == ["1", "2", "3"]
    assert records[2]["error"]["problem"].startswith("line 4 is not JSON")


def test_defaults_fill_what_a_row_lacks(triage: Run) -> None:
    stdin = '{"body": "chat is down", "received_at": "2026-07-10 09:00"}\n'
    done = triage(
        *("batch", "-", "-o", "-", "--default", "tier=standard", "--timezone", "Europe/Berlin"),
        stdin=stdin,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["response"]["due_at"].startswith("2026-07-10T00:30:00-07:00")


def test_brackets_in_a_subject_are_words(triage: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,subject,body\n1,[/b] [red] reset,chat is down\n")
    assert "[/b] [red] reset" in triage("batch", "a.csv").stdout


def test_json_of_a_csv_file_is_json_lines(triage: Run, inbox: Path) -> None:
    done = triage("batch", "export.csv", "--json", *COLUMNS)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["A-1", "A-2", "A-3"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("suggest x >&-", "standard output: is closed"),
        ("suggest - <&-", "standard input: is closed"),
        ("batch - <&-", "standard input: is closed"),
        ("suggest x >/dev/full", "standard output: cannot be written: No space left on device"),
    ],
)
def test_closed_and_full_streams_end_with_one_line(
    small_home: Path, command: str, message: str
) -> None:
    done = subprocess.run(
        f"{Path(sys.executable).with_name('triage')} {command}",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(small_home)},
        check=False,
    )
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("command", [["train"], ["train", "--if-missing"], ["suggest", "x"]])
def test_a_home_that_is_a_file_is_refused_at_once(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [Path(sys.executable).with_name("triage"), *command],
        capture_output=True,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(tmp_path / "file")},
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,P0\nb,P0\n", "all 2 have the same label"),
        ("a,P0\nb,P1\n", "2 are too few"),
    ],
)
def test_too_little_to_learn_from_is_refused(
    triage: Run, tmp_path: Path, rows: str, message: str
) -> None:
    (tmp_path / "few.csv").write_text("body,label\n" + rows)
    done = triage("train", "few.csv")
    assert done.returncode == 2
    assert message in done.stderr


def test_a_closed_pipe_ends_quietly(small_home: Path, tmp_path: Path) -> None:
    rows = "".join('{"body": "chat is down"}\n' for _ in range(3_000))
    (tmp_path / "in.jsonl").write_text(rows)
    command = Path(sys.executable).with_name("triage")
    done = subprocess.run(
        f"{command} batch in.jsonl -o - | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TRIAGE_HOME": str(small_home)},
        check=False,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_ctrl_c_ends_with_130_and_leaves_nothing(small_home: Path, tmp_path: Path) -> None:
    rows = "".join('{"body": "chat is down for some of us"}\n' for _ in range(30_000))
    (tmp_path / "in.jsonl").write_text(rows)
    command = Path(sys.executable).with_name("triage")
    process = subprocess.Popen(
        [command, "batch", "in.jsonl", "-o", "out.csv"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TRIAGE_HOME": str(small_home)},
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".out.csv.*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_full_disk_ends_with_one_line_and_leaves_nothing(
    small_home: Path, tmp_path: Path
) -> None:
    rows = "".join('{"body": "chat is down for some of us"}\n' for _ in range(600))
    (tmp_path / "in.jsonl").write_text(rows)
    command = Path(sys.executable).with_name("triage")
    done = subprocess.run(
        f"ulimit -f 100; exec {command} batch in.jsonl -o out.csv",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TRIAGE_HOME": str(small_home)},
        check=False,
    )
    assert done.returncode == 2
    assert "out.csv: cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_training_on_a_users_own_file_makes_the_model_current(
    triage: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = random.Random(1)  # words of its own, so that no ticket is a near copy of another
    rows = "text,urgency\n" + "".join(
        f"{text} {' '.join(''.join(own.choices('abcdefghij', k=8)) for _ in range(4))},{label}\n"
        for _ in range(40)
        for text, label in [("nothing rings", "high"), ("please explain colours", "low")]
    )
    (tmp_path / "mine.csv").write_text(rows)
    command = Path(sys.executable).with_name("triage")
    environment = {**os.environ, "TRIAGE_HOME": str(tmp_path / "home")}
    arguments = ["mine.csv", "--column", "body=text,priority=urgency", "--map", "high=P0,low=P4"]

    def run(*given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *given],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )

    trained = run("train", *arguments)
    assert trained.returncode == 0, trained.stderr
    assert "learnt from 80 tickets" in trained.stdout
    measured = run("evaluate", *arguments, "--json")
    metrics = json.loads(measured.stdout)
    assert metrics["n"] == 80
    assert metrics["accuracy"] > 0.9
    assert metrics["majority"]["accuracy"] == 0.5
