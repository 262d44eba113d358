"""The README's ticket comes out as the README says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
SHOWN = re.search(r"<!-- command: suggest -->\n```\n\$ (.*?)\n(.*?)```", README, re.DOTALL)


def without_probabilities(output: str) -> list[str]:
    """The last digits of a probability depend on the numerical libraries of the machine."""
    return [re.sub(r"\b[01]\.\d\d\b", "0.00", line).rstrip() for line in output.splitlines()]


def test_the_ticket_of_the_readme_comes_out_as_shown(default_home: Path) -> None:
    assert SHOWN is not None
    command, shown = SHOWN.groups()
    program, *arguments = shlex.split(command)
    assert program == ".venv/bin/triage"
    done = subprocess.run(
        [Path(sys.executable).with_name("triage"), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(default_home)},
        check=True,
    )
    assert without_probabilities(done.stdout) == without_probabilities(shown)


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) < 100
