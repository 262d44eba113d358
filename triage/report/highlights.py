"""A ticket's text as it is shown: personal data covered, evidence marked, long texts cut short."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

HEAD = 1_200
"""Characters shown from the start of a text."""
AROUND = 160
"""Characters shown on either side of evidence that stands further down."""
WORTH_CUTTING = 500
"""Characters that are shown rather than left out when there are no more."""

Show = Callable[[str], str]
"""Returns a text of the same length that may be shown."""

_DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Controls that HTML forbids, or that turn the direction of what stands around a text."""
_STAND_IN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Mark:
    """Characters of a text that are evidence of a fact."""

    start: int
    end: int
    fact: str


@dataclass(frozen=True)
class Piece:
    """Some of a text."""

    text: str
    marks: tuple[str, ...] = ()
    """The facts that it is evidence of."""
    ending: tuple[str, ...] = ()
    """The facts whose evidence ends with it."""
    left_out: int = 0
    """Characters that are left out here; then there is no text."""


def without_controls(text: str) -> str:
    """Return a text of the same length that cannot disturb what it is shown in."""
    return _DANGEROUS.sub(_STAND_IN, text.replace("\r", " "))


def highlighted(text: str, marks: Sequence[Mark], show: Show) -> tuple[Piece, ...]:
    """Return the pieces of a text with evidence marked; what is far from both ends is left out."""
    shown = show(without_controls(text))
    return tuple(_pieces(shown, marks, list(_kept(len(text), marks))))


def _kept(length: int, marks: Sequence[Mark]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a text that are shown, in order, none touching the next."""
    around = [(max(mark.start - AROUND, 0), mark.end + AROUND) for mark in marks]
    start, end = 0, HEAD
    for from_, to in sorted(around):
        if from_ > end + WORTH_CUTTING:
            yield start, end
            start = from_
        end = max(end, to)
    yield start, length if end + WORTH_CUTTING >= length else end


def _pieces(text: str, marks: Sequence[Mark], kept: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for start, end in kept:
        if start > at:
            yield Piece("", left_out=start - at)
        yield from _marked(text, start, end, marks)
        at = end
    if at < len(text):
        yield Piece("", left_out=len(text) - at)


def _marked(text: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Piece]:
    inside = [mark for mark in marks if mark.start < end and mark.end > start]
    bounds = {start, end, *(at for mark in inside for at in (mark.start, mark.end))}
    cuts = sorted(at for at in bounds if start <= at <= end)
    for left, right in pairwise(cuts):
        over = [mark for mark in inside if mark.start <= left and right <= mark.end]
        yield Piece(
            text[left:right],
            _named(over),
            _named([mark for mark in over if mark.end == right]),
        )


def _named(marks: Sequence[Mark]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark.fact for mark in marks))
