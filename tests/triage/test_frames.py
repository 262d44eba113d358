"""Labelled tickets as a data frame."""

from __future__ import annotations

from pathlib import Path

from rules import load_ruleset
from triage.frames import labelled_frame
from triage.labelled.file import LabelledFile, read_labelled_file


def file_of(folder: Path, text: str) -> LabelledFile:
    path = folder / "labelled.jsonl"
    path.write_text(text)
    return read_labelled_file(str(path), load_ruleset().schema, {}, {})


def test_priorities_and_facts_are_in_their_own_order_and_no_text_is_there(tmp_path: Path) -> None:
    frame = labelled_frame(
        file_of(
            tmp_path,
            '{"id": "a", "body": "one two three", "priority": "P3", "facts": {"reach": "few"}}\n'
            '{"id": "b", "subject": "four", "body": "five", "priority": "P0", "tier": "premium",'
            ' "received_at": "2026-07-10T09:00:00-07:00", "facts": {"reach": "all"}}\n',
        )
    )
    assert frame.sort_values("priority")["id"].tolist() == ["b", "a"]
    assert frame.sort_values("facts.reach")["id"].tolist() == ["b", "a"]
    assert frame["words"].tolist() == [3, 2]
    assert str(frame["received_at"][1]) == "2026-07-10 16:00:00+00:00"
    assert not {"subject", "body"} & set(frame.columns)


def test_without_facts_and_dates_their_columns_are_empty(tmp_path: Path) -> None:
    frame = labelled_frame(file_of(tmp_path, '{"body": "one", "priority": "P3"}\n'))
    assert frame["facts.reach"].isna().all()
    assert frame["received_at"].isna().all()
