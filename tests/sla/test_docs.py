"""The examples of the documentation, run."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from triage.commands.sla import app

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "sla.md", ROOT / "sla" / "README.md")
TEXT = PAGES[0].read_text("utf-8")


def blocks(language: str, text: str = TEXT) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A folder with the files that the examples speak of."""
    for path in Path(__file__).with_name("status_page").iterdir():
        shutil.copy(path, tmp_path)
    shutil.copy(ROOT / "tests" / "cases" / "response_deadlines.csv", tmp_path / "tickets.csv")
    (tmp_path / "events.jsonl").write_text(blocks("json")[0], "utf-8")
    return tmp_path


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: block.splitlines()[0])
def test_a_command_prints_what_the_page_says(
    command: Callable[..., Any], examples: Path, block: str
) -> None:
    call, *expected = block.splitlines()
    prompt, program, room, *arguments = shlex.split(call)
    assert (prompt, program, room) == ("$", "triage", "sla")
    done = command(*arguments)
    assert done.status == 0
    assert [line.rstrip() for line in done.out.splitlines()] == expected


def test_the_python_of_the_page_runs(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(examples)
    program = "\n".join(
        block for page in PAGES for block in blocks("python", page.read_text("utf-8"))
    )
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "sla.md", "exec"), {})
    assert printed.getvalue() == "running at_risk 0:30:00\n"


def test_every_command_stands_on_the_page() -> None:
    names = [
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    ]
    assert [name for name in names if f"triage sla {name}" not in TEXT] == []


def test_every_module_stands_in_the_readme() -> None:
    text = PAGES[1].read_text("utf-8")
    modules = [path.name for path in (ROOT / "sla").glob("*.py") if path.name != "__init__.py"]
    assert [name for name in modules if f"`{name}`" not in text] == []


def test_nothing_in_the_readme_is_due_at_another_time() -> None:
    from datetime import datetime

    from sla import load_policy

    at = datetime.fromisoformat("2026-07-04T03:00:00-07:00")
    due = load_policy().respond_by(tier="premium", priority="P2", received_at=at)
    assert due.isoformat() == "2026-07-05T02:00:00-07:00"
