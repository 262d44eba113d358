"""Small labelled files with known faults."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

Records = Sequence[Mapping[str, Any]]
Write = Callable[[str, Records], str]

WORDS = {
    "P0": "alarm outage dead silence nothing rings everywhere collapse blackout total",
    "P2": "slow lag sluggish queue delay waiting several sites partly degraded",
    "P4": "question wondering rename colour documentation curious howto setting guide tidy",
}
COMMON = "please our the we today team since morning customer agent desk screen window page again"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes records as JSON Lines and returns the path."""

    def to(name: str, records: Records) -> str:
        path = tmp_path / name
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        path.write_text("".join(lines), encoding="utf-8")
        return str(path)

    return to


@pytest.fixture
def plain() -> list[dict[str, Any]]:
    """150 tickets in three classes, each told by words of its own; nothing wrong with them."""
    dice = random.Random(7)
    records = []
    for number in range(150):
        priority = ("P0", "P2", "P4")[number % 3]
        own = dice.sample(WORDS[priority].split(), 5)
        body = (
            own + dice.sample(COMMON.split(), 8) + [f"{dice.randrange(10**6):06x}" for _ in "123"]
        )
        dice.shuffle(body)
        records.append(
            {
                "id": f"T-{number:03}",
                "body": " ".join(body),
                "channel": dice.choice(["web", "email", "phone"]),
                "opened": f"2026-03-{dice.randint(1, 28):02}T{dice.randint(0, 23):02}:15:00",
                "priority": priority,
            }
        )
    return records
