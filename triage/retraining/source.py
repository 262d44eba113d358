"""Where labelled tickets come from: a file of the user, and how its columns and labels are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classifier import LabelledTicket
from rules import load_ruleset
from tickets import Fault, InputFaults, Priority
from triage.labelled.corpus import load_labelled, name_left_out

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """A labelled file."""

    file: str
    """An absolute path, or `-`, which cannot be read again."""
    columns: Mapping[str, str]
    """The file's name for a column of ours."""
    label_names: Mapping[str, Priority]
    group: str = ""
    """The file's column that says which tickets must stay together; nothing for none."""
    with_default_corpus: bool = False
    """Whether a model learns from our corpus too; it is never judged by it."""
    left_out: list[str] = field(default_factory=list, init=False, compare=False)
    """A line for each row, of those read so far, that is no labelled ticket."""

    @classmethod
    def named(
        cls,
        path: str,
        columns: Mapping[str, str],
        label_names: Mapping[str, Priority],
        group: str = "",
        with_default_corpus: bool = False,
    ) -> Source:
        """Return the source that a user names by a path, from wherever they stand."""
        file = path if path == STANDARD_INPUT else str(Path(path).absolute())
        return cls(file, columns, label_names, group, with_default_corpus)

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
        return cls.from_record(record)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Source:
        """Return the source that a model's manifest tells of."""
        names = {word: Priority.parse(name) for word, name in record["labels"].items()}
        return cls(
            record["file"],
            record["columns"],
            names,
            record.get("group", ""),  # models of an older program know neither
            record.get("with_default_corpus", False),
        )

    def as_record(self) -> dict[str, Any]:
        """Return what a model's manifest says of it."""
        names = {word: str(priority) for word, priority in self.label_names.items()}
        return {
            "file": self.file,
            "columns": dict(self.columns),
            "labels": names,
            "group": self.group,
            "with_default_corpus": self.with_default_corpus,
        }

    def tickets(self) -> list[LabelledTicket]:
        """Read the labelled tickets; rows that are none are named on standard error, and noted.

        `InputFaults` when the file cannot be used.
        """
        tickets, faults = load_labelled(
            self.file,
            load_ruleset().schema,
            columns=self.columns,
            label_names=self.label_names,
            group=self.group,
        )
        name_left_out(faults)
        self.left_out[:] = faults
        return tickets
