"""What the room shows to others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sla

HEAVY = {"numpy", "pandas", "spacy", "sklearn", "rules", "classifier"}


def test_the_names_of_the_room_are_few_and_sorted() -> None:
    assert sla.__all__ == ["OutsideHorizon", "Policy", "load_policy"]


def test_the_room_is_loaded_from_this_checkout() -> None:
    assert Path(sla.__file__).parents[1] == Path(__file__).parents[2]


def test_single_tickets_are_answered_without_heavy_imports() -> None:
    program = (
        "import sys\n"
        "from datetime import datetime\n"
        "from sla import load_policy\n"
        "at = datetime.fromisoformat('2026-07-02T17:50:00-07:00')\n"
        "load_policy().response('standard', 'P0', at)\n"
        f"print(sorted({HEAVY!r} & sys.modules.keys()))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_beyond_the_horizon_a_value_error_is_raised() -> None:
    assert issubclass(sla.OutsideHorizon, ValueError)
