"""Where labelled tickets come from: a file of the user, and how its columns and labels are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier import LabelledTicket
from tickets import Fault, InputFaults, Priority
from triage.corpus import load_labelled_or_shipped

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """A labelled file."""

    file: str
    """An absolute path, or `-`, which cannot be read again."""
    columns: Mapping[str, str]
    """The file's name for a column of ours."""
    label_names: Mapping[str, Priority]

    @classmethod
    def named(
        cls, path: str, columns: Mapping[str, str], label_names: Mapping[str, Priority]
    ) -> Source:
        """Return the source that a user names by a path, from wherever they stand."""
        file = path if path == STANDARD_INPUT else str(Path(path).absolute())
        return cls(file, columns, label_names)

    @classmethod
    def of(cls, version: str, description: Mapping[str, Any]) -> Source:
        """Return what a model was trained on; `InputFaults` when it cannot be read again."""
        place, remedy = f"model {version}", "name labelled tickets with --data FILE"
        record = description.get("source")
        if record is None:
            raise InputFaults(Fault(place, "comes without held-out tickets to judge by", remedy))
        if not Path(record["file"]).exists():
            problem = f"{record['file']}, which it was trained on, is no longer there"
            raise InputFaults(Fault(place, problem, remedy))
        names = {word: Priority.parse(name) for word, name in record["labels"].items()}
        return cls(record["file"], record["columns"], names)

    def as_record(self) -> dict[str, Any]:
        """Return what a model's manifest says of it."""
        names = {word: str(priority) for word, priority in self.label_names.items()}
        return {"file": self.file, "columns": dict(self.columns), "labels": names}

    def tickets(self) -> list[LabelledTicket]:
        """Read the labelled tickets; rows that are none are named on standard error."""
        return load_labelled_or_shipped(self.file, self.columns, self.label_names)
