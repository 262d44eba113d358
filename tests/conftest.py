"""A home with a small trained model, shared by all tests that need one; and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier import LabelledTicket, Reader, Registry
from classifier.training import data_digest
from triage.corpus import SHIPPED, load_corpus, load_labelled
from triage.desk import Desk
from triage.retraining import train_models
from triage.settings import Settings
from triage.training import current_rules, to_learn_from

SMALL = 400
"""Tickets that the tests' model learns from: enough to be sensible, few enough to train in seconds."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def corpus() -> list[LabelledTicket]:
    """The shipped corpus."""
    tickets, faults = load_labelled(SHIPPED, current_rules().schema)
    assert faults == []
    return tickets


@pytest.fixture(scope="session")
def small_home(corpus: list[LabelledTicket], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with models trained on every few tickets that are not held out."""
    learnt = to_learn_from(corpus)
    home = tmp_path_factory.mktemp("home")
    train_models(learnt[:: max(len(learnt) // SMALL, 1)], home, lambda done, total: None)
    return home


@pytest.fixture(scope="session")
def default_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the models that `make setup` trains: the user's own where it has those."""
    home = Settings.from_environment().home
    taught = load_corpus(current_rules().schema)
    learnt = to_learn_from(taught)
    expected = (data_digest(learnt), current_rules().version)
    if all(_learnt_from(Registry(home), reader) == expected for reader in Reader):
        return home
    home = tmp_path_factory.mktemp("default-home")
    train_models(taught, home, lambda done, total: None)
    return home


def _learnt_from(registry: Registry, reader: Reader) -> tuple[str, str] | None:
    """Return the data and rules of a reader's current model."""
    if registry.current_version(reader) is None:
        return None
    description = registry.load_current(reader).description
    return description["data"], description["rules"]


@pytest.fixture(scope="session")
def desk(small_home: Path) -> Desk:
    """A desk with the small model."""
    return Desk.load(small_home)


@pytest.fixture
def triage(small_home: Path, tmp_path: Path) -> Run:
    """Runs the installed command in an empty folder, as a user does."""
    command = Path(sys.executable).with_name("triage")

    def run(*arguments: str, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        given = stdin if isinstance(stdin, bytes) else stdin.encode("utf-8", "surrogateescape")
        done = subprocess.run(
            [command, *arguments],
            input=given,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "TRIAGE_HOME": str(small_home)},
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), without_warnings(done.stderr.decode())
        )

    return run


def without_warnings(messages: str) -> str:
    """Leave out that the plain engine took over, where durable-rules is not installed."""
    lines = messages.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("triage: warning: durable-rules"))


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
