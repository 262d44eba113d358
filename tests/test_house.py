"""The house itself: packages come from this checkout, rooms stay light, commands are documented."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer

from triage import cli

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_the_one_of_this_checkout(package: str) -> None:
    """django-rules, installed later, would silently overwrite `rules`."""
    loaded = import_module(package)
    assert loaded.__file__ is not None
    assert Path(loaded.__file__).parent == ROOT.joinpath(*package.split("."))


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("room", ["tickets", "rules", "sla"])
def test_these_rooms_need_neither_spacy_nor_scikit_learn(room: str) -> None:
    assert not modules_after(f"import {room}") & {"spacy", "sklearn", "pandas"}


def test_one_deadline_needs_neither_numpy_nor_pandas() -> None:
    statement = (
        "from sla import load_policy; from datetime import datetime, UTC\n"
        "load_policy().respond_by(tier='premium', priority='P2',"
        " received_at=datetime(2026, 7, 1, tzinfo=UTC))"
    )
    assert not modules_after(statement) & {"numpy", "pandas"}


def test_help_waits_for_no_room() -> None:
    assert not modules_after("import triage.cli") & {"numpy", "pandas", "spacy", "sklearn", "yaml"}


def test_serving_waits_for_no_training_library() -> None:
    assert "sklearn" not in modules_after("import triage.desk")


def commands(group: object, prefix: str = "triage") -> list[str]:
    names = []
    for name, command in getattr(group, "commands", {}).items():
        inner = commands(command, f"{prefix} {name}")
        names.extend(inner or [f"{prefix} {name}"])
    return names


def test_every_command_is_documented() -> None:
    text = "".join(path.read_text() for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")])
    root = typer.main.get_command(cli.app)
    assert commands(root)
    assert [name for name in commands(root) if name not in text] == []
