"""`triage outbox`: what waits, what would be written, and sending it; never any text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tickets import InputFaults
from triage.commands import outbox

Put = Callable[..., str]
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, store_url: str, zendesk: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `triage outbox` with a targets file in the home; returns its output."""
    (tmp_path / "targets.yaml").write_text(
        f"targets: [{{name: acme, kind: zendesk, url: '{zendesk.url}',"
        " user: bot@acme.example, token_env: ACME_TOKEN}]",
        "utf-8",
    )
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.setenv("TRIAGE_DATABASE_URL", store_url)
    monkeypatch.setenv("ACME_TOKEN", "s3cret")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    app = typer.Typer()
    outbox.register(app)

    def ran(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    return ran


def test_it_counts_and_lists_what_waits_without_any_text(run: Run, put: Put, zendesk: Any) -> None:
    put(zendesk)
    text = run()
    assert "counts: pending 1, claimed 0, sent 0, kept 0, gave_up 0, withdrawn 0" in text
    assert "acme" in text
    assert "auto" in text
    assert "voice" not in text
    assert "Phones" not in text
    assert zendesk.asked == []


def test_a_dry_run_looks_and_writes_nothing(run: Run, put: Put, zendesk: Any) -> None:
    put(zendesk)
    report = json.loads(run("--dry-run", "--json"))
    assert report["messages"][0]["says"].startswith('would set priority "high", set tags')
    assert report["counts"]["pending"] == 1
    assert zendesk.writes() == []
    zendesk.change({"priority": "low"})
    again = json.loads(run("--dry-run", "--json"))
    assert again["messages"][0]["says"] == 'would change nothing: a person set "low"'


def test_send_delivers_what_is_due_once(run: Run, put: Put, zendesk: Any) -> None:
    put(zendesk)
    assert run("--send").startswith("delivered: Sent 1\ncounts: pending 0, claimed 0, sent 1")
    assert run("--send").startswith("delivered: nothing was due\n")
    assert len(zendesk.notes) == 1


def test_what_was_given_up_is_listed_with_its_remedy_and_can_be_queued_again(
    run: Run, put: Put, zendesk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(zendesk)
    monkeypatch.setenv("ACME_TOKEN", "expired")
    report = json.loads(run("--send", "--json"))
    assert report["counts"]["gave_up"] == 1
    assert "renew the token of target acme" in report["given_up"][0]["says"]
    assert "triage outbox --again" in run()
    monkeypatch.setenv("ACME_TOKEN", "s3cret")
    again = json.loads(run("--again", "--json"))
    assert (again["counts"]["pending"], again["given_up"]) == (1, [])
    assert again["messages"][0]["attempts"] == 0
    assert run("--send").startswith("delivered: Sent 1\n")
    assert len(zendesk.notes) == 1


@pytest.mark.parametrize("options", [("--dry-run", "--send"), ("--send", "--again")])
def test_only_one_thing_is_done_at_once(run: Run, options: tuple[str, str]) -> None:
    with pytest.raises(InputFaults, match=r"--dry-run, --send and --again do not go together"):
        run(*options)


def test_a_missing_targets_file_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").unlink()
    assert run().startswith("counts: pending 0")
    with pytest.raises(InputFaults, match=r"targets\.yaml: cannot be read"):
        run("--send")
