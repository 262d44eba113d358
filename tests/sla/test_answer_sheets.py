"""Deadlines that a person can check by hand, each odd one with its why."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from sla import Policy

WORKED = Path(__file__).with_name("worked_instants.csv")
SHEET = Path(__file__).parents[1] / "cases" / "response_deadlines.csv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("row", _rows(WORKED), ids=lambda row: row["why"])
def test_a_worked_instant_falls_due_as_its_reason_says(policy: Policy, row: dict[str, str]) -> None:
    due = policy.respond_by(
        tier=row["tier"],
        priority=row["priority"],
        received_at=datetime.fromisoformat(row["received_at"]),
    )
    assert due.isoformat() == row["due_at"]


def test_all_rows_of_the_answer_sheet_are_exact(policy: Policy) -> None:
    rows = _rows(SHEET)
    due = [
        policy.respond_by(
            tier=row["tier"],
            priority=row["priority"],
            received_at=datetime.fromisoformat(row["received_at"]),
        ).isoformat()
        for row in rows
    ]
    assert len(rows) == 400
    assert due == [row["due_at"] for row in rows]


def test_all_rows_of_the_answer_sheet_are_exact_in_bulk(policy: Policy) -> None:
    rows = _rows(SHEET)
    tiers = np.array([list(policy.tiers).index(row["tier"]) for row in rows])
    priorities = np.array([int(row["priority"][1]) for row in rows])
    assert np.array_equal(
        policy.respond_by_many(tiers, priorities, _nanoseconds(rows, "received_at")),
        _nanoseconds(rows, "due_at"),
    )


def _nanoseconds(
    rows: list[dict[str, str]], column: str
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    seconds = [int(datetime.fromisoformat(row[column]).timestamp()) for row in rows]
    return np.array(seconds, np.int64) * 1_000_000_000
