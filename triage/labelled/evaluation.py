"""The current model, measured on labelled tickets."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier import LabelledTicket, Reader
from classifier.evaluation import (
    actions,
    agreement,
    calibration_error,
    fact_accuracy,
    measures,
)
from classifier.form_fields import is_missing
from rules import load_ruleset
from tickets import Fault, InputFaults, Priority, Suggestion
from tickets.faults import did_you_mean
from triage.desk import Desk
from triage.labelled.corpus import MOST_SHOWN, SHIPPED
from triage.labelled.file import LabelledFile, LabelledRow, read_labelled_file
from triage.retraining.training import HELD_OUT

Report = dict[str, Any]
Groups = Mapping[str, Sequence[int]]
"""Rows of a file by their number from 0, under what they have in common."""

NOTHING = "(none)"
"""The group of the rows without a value."""


@dataclass(frozen=True)
class LabelledData:
    """Where labelled tickets come from, and how they are grouped."""

    path: str
    """Of a row file; empty for our corpus."""
    columns: Mapping[str, str]
    label_names: Mapping[str, Priority]
    group_by: str = ""
    """A column; empty for none."""

    def read(self) -> LabelledFile:
        """Read the file and name on standard error the rows that are no labelled tickets.

        `InputFaults` when the file cannot be used or lacks the column to group by.
        """
        schema = load_ruleset().schema
        file = read_labelled_file(self.path or SHIPPED, schema, self.columns, self.label_names)
        if self.group_by and self.group_by not in file.columns:
            problem = f'{file.name} has no column "{self.group_by}"'
            remedy = did_you_mean(self.group_by, file.columns)
            raise InputFaults(Fault("--group-by", problem, remedy))
        for number, fault in file.faults[:MOST_SHOWN]:
            print(f"triage: left out row {number}: {fault}", file=sys.stderr)
        if len(file.faults) > MOST_SHOWN:
            print(f"triage: left out {len(file.faults) - MOST_SHOWN:,} more rows", file=sys.stderr)
        return file

    def groups(self, rows: Sequence[LabelledRow]) -> dict[str, list[int]]:
        """Return which of the rows belong together, by name; nothing without a column."""
        if not self.group_by:
            return {}
        found: dict[str, list[int]] = {}
        for at, row in enumerate(rows):
            value = row.cells.get(self.group_by)
            found.setdefault(NOTHING if is_missing(value) else str(value), []).append(at)
        return dict(sorted(found.items()))


def evaluate_file(data: LabelledData, reader: Reader) -> Report:
    """Return the metrics of a reader's current model on a labelled file.

    Of a file with splits only the held-out `test` split counts.
    """
    file = data.read()
    held_out = [row for row in file.rows if row.labelled.split in (HELD_OUT, "")]
    rows = held_out or file.rows
    report = evaluate(rows, data.groups(rows), Desk.load(reader=reader))
    return {**report, "left_out": len(file.faults)}


def evaluate(rows: Sequence[LabelledRow], groups: Groups, desk: Desk) -> Report:
    """Return the metrics of a desk's suggestions on labelled tickets, and on groups of them."""
    tickets = [row.labelled for row in rows]
    suggestions = desk.suggest_many([labelled.ticket for labelled in tickets])
    of_groups = {
        name: _figures([tickets[at] for at in found], [suggestions[at] for at in found], desk)
        for name, found in groups.items()
    }
    return {
        "measured": "current model",
        **_figures(tickets, suggestions, desk),
        "groups": of_groups,
        "versions": {"model": desk.rooms.model.version, "rules": desk.rooms.ruleset.version},
    }


def _figures(
    tickets: Sequence[LabelledTicket], suggestions: Sequence[Suggestion], desk: Desk
) -> Report:
    labels = np.array([int(labelled.priority) for labelled in tickets])
    suggested = np.array([int(suggestion.priority) for suggestion in suggestions])
    is_right = labels == suggested
    confidence = np.array([suggestion.confidence for suggestion in suggestions])
    read = [{n: fact.value for n, fact in s.facts.items()} for s in suggestions]
    by_rules = [desk.rooms.engine.verdict(facts).priority for facts in read]
    return {
        **measures(labels, suggested),
        "calibration_error": calibration_error(confidence, is_right),
        "actions": actions([str(s.action) for s in suggestions], is_right),
        "facts": fact_accuracy([labelled.facts for labelled in tickets], read),
        "likeliest_facts_then_rules": agreement(labels, np.array(by_rules)),
        "excluded": {},
    }
