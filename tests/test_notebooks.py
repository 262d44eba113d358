"""The notebooks: each runs from top to bottom, asks first, answers last, and leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("jupytext", reason="jupytext is not installed")
pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")
import jupytext
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
SECONDS = 180
"""For one cell, on a machine that is busy."""


def named(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_a_notebook_runs_and_answers_its_question(
    path: Path, small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("TRIAGE_HOME", str(small_home))
    before = {path: path.stat().st_mtime_ns for path in small_home.rglob("*")}
    notebook = jupytext.read(path)
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",  # that of this environment; none need be installed for the user
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    assert cells(notebook)[-2].source.startswith("## Answer")
    assert printed(cells(notebook)[-1]).strip()
    assert not [line for cell in cells(notebook) for line in complaints(cell)]
    assert {path: path.stat().st_mtime_ns for path in small_home.rglob("*")} == before


def cells(notebook: NotebookNode) -> list[NotebookNode]:
    return list(notebook.cells)


def printed(cell: NotebookNode) -> str:
    outputs = [one for one in cell.get("outputs", ()) if one.get("name") == "stdout"]
    return "".join(one.text for one in outputs)


def complaints(cell: NotebookNode) -> list[str]:
    """Return what stands on standard error and is no word of ours to the user."""
    errors = [one.text for one in cell.get("outputs", ()) if one.get("name") == "stderr"]
    lines = "".join(errors).splitlines()
    return [line for line in lines if not line.startswith("triage: ")]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_a_notebook_opens_with_a_question_its_data_and_its_date(path: Path) -> None:
    first, second, *_ = cells(jupytext.read(path))
    title, *rest = first.source.splitlines()
    assert re.fullmatch(r"# .+\?", title)
    assert "**Data:**" in "\n".join(rest)
    assert "%Y-%m-%d" in second.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_a_notebook_defines_nothing_and_says_every_figure_in_words(path: Path) -> None:
    for cell in cells(jupytext.read(path)):
        assert not re.search(r"^\s*(def|class|async def) |lambda|sys\.path", cell.source, re.M)
    source = path.read_text()
    assert source.count("plt.show()") <= source.count("display(")


def test_every_notebook_is_named_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text()
    assert [path.name for path in NOTEBOOKS if path.name not in readme] == []
    assert len(NOTEBOOKS) == 5
