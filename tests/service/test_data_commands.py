"""`triage data erase` and `export`, `triage doctor`: what is kept, and whether all is well."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifier import Reader, Registry
from tickets import Ticket
from tickets.store import NEWEST, Arrival, Decision, DecisionKind, open_store, schema_of
from triage.desk import Desk
from triage.doctor import Finding, State, examine
from triage.intake import Intake
from triage.settings import Settings

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NOW = datetime(2026, 7, 10, 9, tzinfo=UTC)
HERE = ("--database-url", "sqlite:///triage.db")


@pytest.fixture
def stored(desk: Desk, tmp_path: Path) -> Path:
    """A store with three tickets of two people, one of them decided, where commands run."""
    store = open_store(f"sqlite:///{tmp_path}/triage.db")
    arrivals = [
        (
            Ticket(name, body=f"Chat is down, says {name}"),
            Arrival("api", name, requester=f"{who}@shop.example"),
        )
        for name, who in (("T-1", "ana"), ("T-2", "ana"), ("T-3", "ben"))
    ]
    taken = Intake(store).take(arrivals, desk, NOW)
    decision = Decision(DecisionKind.ACCEPT, "ben")
    store.decisions.decide(taken[2].suggestion.id, decision, None, NOW)
    store.close()
    return tmp_path / "triage.db"


def bodies(file: Path) -> dict[str, str]:
    store = open_store(f"sqlite:///{file}")
    found = {one.ticket.id: one.ticket.body for one in store.tickets.stored_since(NOW)}
    store.close()
    return found


def test_a_person_is_erased_and_the_audit_says_so_without_the_name(
    triage: Run, stored: Path
) -> None:
    done = triage("data", "erase", "--requester", "ANA@shop.example", "--yes", *HERE)
    assert (done.returncode, done.stdout) == (0, "2 tickets were erased\n")
    assert bodies(stored) == {"T-1": "", "T-2": "", "T-3": "Chat is down, says T-3"}
    assert b"says T-1" not in stored.read_bytes()
    trail = triage("data", "export", *HERE).stdout
    entries = [json.loads(line) for line in trail.splitlines()]
    assert [entry["entry"] for entry in entries] == ["decision", "change"]
    assert "ana@" not in trail.lower()


def test_one_ticket_or_all_before_a_day_can_be_erased(triage: Run, stored: Path) -> None:
    assert triage("data", "erase", "--ticket", "api/T-3", "--yes", *HERE).returncode == 0
    assert bodies(stored)["T-3"] == ""
    done = triage("data", "erase", "--before", "2026-07-11", "--yes", *HERE)
    assert done.stdout == "2 tickets were erased\n"


def test_erasing_asks_first(triage: Run, stored: Path) -> None:
    done = triage("data", "erase", "--ticket", "api/T-3", *HERE, stdin="n\n")
    assert done.returncode != 0
    assert bodies(stored)["T-3"] == "Chat is down, says T-3"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "names nothing"),
        (("--ticket", "api/T-1", "--before", "2026-07-11"), "names several things"),
        (("--ticket", "T-1"), "is not of the form SOURCE/ID"),
        (("--ticket", "api/T-9"), "there is no ticket api/T-9"),
        (("--before", "yesterday"), "yesterday"),
    ],
)
def test_wrong_choices_are_one_clear_line(
    triage: Run, stored: Path, options: tuple[str, ...], said: str
) -> None:
    done = triage("data", "erase", *options, "--yes", *HERE)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_doctor_finds_a_sound_installation_sound(triage: Run) -> None:
    done = triage("doctor", "--json", *HERE)
    findings = json.loads(done.stdout)
    assert {finding["part"] for finding in findings} >= {"python", "home", "rules", "store"}
    broken = [finding for finding in findings if finding["state"] == "broken"]
    assert broken == []
    assert done.returncode == 0


def test_the_doctor_makes_no_database(triage: Run, tmp_path: Path) -> None:
    done = triage("doctor", *HERE)
    assert "has no tables yet; `triage serve` makes them" in done.stdout
    assert list(tmp_path.glob("triage.db*")) == []


def test_the_doctor_tells_of_a_migration_that_the_next_start_would_make_and_makes_none(
    triage: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/triage.db"
    monkeypatch.setattr("tickets.store.migration.NEWEST", "0001")
    open_store(url).close()
    monkeypatch.undo()
    done = triage("doctor", *HERE)
    assert done.returncode == 0
    assert f"its schema is 0001; the next start brings it to {NEWEST}" in done.stdout
    assert schema_of(url) == "0001"


def test_the_doctor_finds_a_database_of_another_program(triage: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "triage.db")) as connection:
        connection.execute("CREATE TABLE users (name text)")
    done = triage("doctor", *HERE)
    assert done.returncode == 2
    assert "another program has tables there (users)" in done.stdout


@pytest.fixture
def own_home(small_home: Path, tmp_path: Path) -> Path:
    """A home that a test may spoil."""
    home = tmp_path / "home"
    shutil.copytree(small_home, home)
    return home


def broken(home: Path) -> list[Finding]:
    """Return what the doctor finds broken in a home."""
    findings = examine(Settings(home, f"sqlite:///{home}/triage.db"))
    return [finding for finding in findings if finding.state is State.BROKEN]


def test_the_doctor_finds_a_damaged_model(own_home: Path) -> None:
    version = Registry(own_home).current_version(Reader.LIGHT)
    arrays = own_home / "models" / str(version) / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-100])
    [finding] = broken(own_home)
    assert finding.part == "light reader"
    assert str(version) in finding.said
    assert "roll back" in finding.remedy


def test_the_doctor_finds_that_there_is_no_model(tmp_path: Path) -> None:
    found = broken(tmp_path)
    assert [finding.part for finding in found] == ["full reader", "light reader"]
    assert all("triage train" in finding.remedy for finding in found)


def test_the_doctor_names_all_faults_of_the_files_by_line(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    (own_home / "endpoints.yaml").write_text(
        "endpoints:\n"
        "  - {name: Support, source: zendesk, secret_env: NO_SUCH_TOKEN}\n"
        "  - {name: hub, source: gitlab, secret_file: none}\n",
        "utf-8",
    )
    (own_home / "targets.yaml").write_text(
        "targets:\n  - {name: a, kind: jira, url: 'http://jira.example.com', token_file: none}\n",
        "utf-8",
    )
    said = [(finding.part, finding.said.partition(": ")[0]) for finding in broken(own_home)]
    assert {(part, place.rpartition(":")[2]) for part, place in said} == {
        ("endpoints.yaml", "2"),
        ("endpoints.yaml", "3"),
        ("targets.yaml", "2"),
    }
    assert len(said) == 5


def test_the_doctor_names_what_is_broken_and_the_remedy(triage: Run) -> None:
    done = triage("doctor", "--database-url", "sqlite:////nowhere/triage.db")
    assert done.returncode == 2
    assert "broken  store" in done.stdout
    assert "there is no folder /nowhere" in done.stdout
    assert "-> " in done.stdout
