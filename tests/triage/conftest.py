"""Commands without a process of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from triage import cli
from triage.settings import HOME_VARIABLE


@pytest.fixture
def call(small_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command in this process, with the small models, and returns its exit status.

    Faults of the user's input come as `InputFaults`.
    """
    monkeypatch.setenv(HOME_VARIABLE, str(small_home))

    def call(*arguments: str) -> int:
        return int(cli.app(arguments, standalone_mode=False) or 0)

    return call
