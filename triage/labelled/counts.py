"""What stands in a labelled file, counted: classes, facts, languages, lengths, gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from classifier.form_fields import is_missing
from classifier.language import detect_language
from tickets import PRIORITIES
from triage.labelled.file import LabelledFile

COUNTED = ("writer", "split", "difficulty", "product_area", "tier", "channel", "environment")
QUARTILES = {
    "shortest": 0.0,
    "quarter": 0.25,
    "median": 0.5,
    "three_quarters": 0.75,
    "longest": 1.0,
}
FEWEST_TO_LEARN = 20
"""Tickets below which neither a model nor its measurement can be relied on: of twenty, one more or
less right is five points."""


def counts(file: LabelledFile) -> dict[str, Any]:
    """Return how many tickets have each label, fact value, writer, language; and lengths."""
    tickets = file.tickets
    found = {name: _counted(file.cells(name)) for name in COUNTED if name in file.columns}
    return {
        "priority": {str(p): sum(t.priority == p for t in tickets) for p in PRIORITIES},
        "facts": _facts(file),
        "language": _counted(_languages(file)),
        **found,
        "words": _words(file),
    }


def _counted(values: Iterable[Any]) -> dict[str, int]:
    counter = Counter("" if is_missing(value) else str(value) for value in values)
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _facts(file: LabelledFile) -> dict[str, dict[str, int]]:
    if not any(labelled.facts for labelled in file.tickets):
        return {}
    held = Counter(pair for labelled in file.tickets for pair in labelled.facts.items())
    return {f.name: {value: held[f.name, value] for value in f.values} for f in file.schema}


def _languages(file: LabelledFile) -> Iterator[str]:
    """Yield the language of each ticket as the file gives it or as the text shows it."""
    for labelled, said in zip(file.tickets, file.said, strict=True):
        yield labelled.language or detect_language(said)


def _words(file: LabelledFile) -> dict[str, dict[str, int]]:
    lengths = np.array([len(row.text.split()) for row in file.rows])
    labels = np.array([int(labelled.priority) for labelled in file.tickets])
    parts = {str(p): lengths[labels == p] for p in PRIORITIES if p in labels}
    return {name: _quartiles(part) for name, part in {"all": lengths, **parts}.items()}


def _quartiles(lengths: Any) -> dict[str, int]:
    return {name: int(np.quantile(lengths, share)) for name, share in QUARTILES.items()}


def missing(file: LabelledFile) -> dict[str, int]:
    """Return for each column, and each fact where any is labelled, how many rows lack it."""
    gaps = {column: sum(map(is_missing, file.cells(column))) for column in file.columns}
    if any(labelled.facts for labelled in file.tickets):
        for fact in file.schema:
            lacking = sum(fact.name not in labelled.facts for labelled in file.tickets)
            gaps[f"facts.{fact.name}"] = lacking
    return {name: gap for name, gap in gaps.items() if gap}


def too_rare(counted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what too few tickets show for a model to learn it."""
    kinds = {"priority": counted["priority"], "language": counted["language"]}
    kinds |= {f"facts.{name}": values for name, values in counted["facts"].items()}
    for kind, values in kinds.items():
        for value, tickets in values.items():
            if tickets < FEWEST_TO_LEARN:
                yield {"kind": kind, "value": value, "tickets": tickets}


def misquoted(file: LabelledFile) -> Iterator[dict[str, Any]]:
    """Yield the evidence that does not stand, character for character, in subject or body."""
    for row in file.rows:
        ticket = row.labelled.ticket
        for fact, quotes in row.labelled.evidence.items():
            for quote in quotes:
                if quote not in ticket.subject and quote not in ticket.body:
                    yield {**row.place(), "fact": fact, "quote": quote}


def unusable(file: LabelledFile) -> list[dict[str, Any]]:
    """Return why rows cannot be used, the commonest cause first, with the rows it concerns."""
    causes: dict[tuple[str, str, str], list[int]] = {}
    for number, fault in file.faults:
        causes.setdefault((fault.field, fault.problem, fault.remedy), []).append(number)
    return [
        {"field": field, "problem": problem, "remedy": remedy, "rows": rows}
        for (field, problem, remedy), rows in sorted(causes.items(), key=lambda c: -len(c[1]))
    ]
