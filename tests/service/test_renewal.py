"""A service goes on with the model that is current, and never with a broken one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from classifier import Registry

NOW = datetime(2026, 7, 1, tzinfo=UTC)
NOTHING_LEARNT = np.zeros(0, np.uint64)


@pytest.fixture
def home(small_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_home, tmp_path / "home"))


@pytest.fixture
def serving(home: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [Path(sys.executable).with_name("triage"), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(home)},
    )
    yield process
    process.kill()
    process.communicate(timeout=30)


def address(serving: subprocess.Popen[str]) -> str:
    assert serving.stderr is not None
    return serving.stderr.readline().split()[3].rstrip(",")


def promoted(home: Path, name: str) -> str:
    """Promote a copy of the current model under another version."""
    registry = Registry(home)
    current = registry.load_current()
    named = replace(current, description={**current.description, "name": name})
    stored = registry.add(named, NOTHING_LEARNT, NOW)
    registry.promote(stored, current.version, NOW, "it is a test")
    return stored.version


def within(seconds: float, claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(0.1)
    return False


def test_a_promoted_model_serves_without_a_restart_and_a_broken_one_never(
    home: Path, serving: subprocess.Popen[str]
) -> None:
    with httpx.Client(base_url=address(serving), timeout=30) as client:

        def serves() -> str:
            answer = client.post("/v1/triage", json={"body": "Chat is down"})
            return str(answer.json()["versions"]["model"])

        second = promoted(home, "second")
        assert within(30, lambda: serves() == second)
        assert client.get("/readyz").json()["versions"]["model"] == second

        registry = Registry(home)
        (registry.folder / "0123456789ab").mkdir()
        (registry.folder / "current-full").write_text("0123456789ab")
        assert not within(4, lambda: serves() != second)

        (registry.folder / "current-full").write_text(second)
        third = promoted(home, "third")
        assert within(30, lambda: serves() == third)
    serving.send_signal(signal.SIGINT)
    _, log = serving.communicate(timeout=30)
    assert log.count("new desk serves") == 2
    assert log.count('"new desk refused", "model": "0123456789ab"') == 1
    assert "Traceback" not in log
