"""A text cut into pieces, so that the words behind each fact can be marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

LONGEST = 40_000
"""Characters of one text that a page shows; logs are pasted at the end, and one may be 10 MB."""


@dataclass(frozen=True)
class Piece:
    """Words that speak for the same facts, perhaps for none."""

    text: str
    facts: tuple[str, ...]
    ending: tuple[str, ...]
    """Those of the facts whose evidence ends here, where they are named."""


Marks = Iterable[tuple[str, int, int]]
"""A fact, and where its evidence begins and ends."""


def pieces(text: str, marks: Marks) -> Iterator[Piece]:
    """Yield a text in pieces; what lies beyond `LONGEST` is left out."""
    text = text[:LONGEST]
    inside = [(fact, start, min(end, len(text))) for fact, start, end in marks]
    inside = [(fact, start, end) for fact, start, end in inside if 0 <= start < end]
    cuts = sorted({0, len(text), *(at for _, start, end in inside for at in (start, end))})
    for begin, end in pairwise(cuts):
        facts = [fact for fact, start, stop in inside if start <= begin and end <= stop]
        ending = [fact for fact, _, stop in inside if stop == end]
        yield Piece(text[begin:end], tuple(dict.fromkeys(facts)), tuple(dict.fromkeys(ending)))


def marks_of(record: Mapping[str, Any], field: str) -> list[tuple[str, int, int]]:
    """Return the evidence of an assessment within one field of the ticket."""
    return [
        (name, span["start"], span["end"])
        for name, fact in record["facts"].items()
        for span in fact["evidence"]
        if span["field"] == field
    ]
