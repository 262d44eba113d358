"""The shipped policy, policies edited from it, and the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sla import Policy, load_policy
from sla.policy_file import SHIPPED
from triage.cli import main

Edited = Callable[..., Path]


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The policy as shipped."""
    return load_policy()


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """Writes the shipped policy with some of its text replaced, each piece by the next."""

    def write(*replacements: tuple[str, str], name: str = "edited.yaml") -> Path:
        text = SHIPPED.read_text("utf-8")
        for old, new in replacements:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the policy"
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


@dataclass(frozen=True)
class Done:
    """A command that has run: its exit status and what it said."""

    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs `triage sla …` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["triage", "sla", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, printed.out, printed.err)

    return run
