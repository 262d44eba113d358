"""Personal data leaves the house as labels, or stays as a mask where offsets must stay valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from triage.personal_data import BULLET, HIDDEN, PATTERNS, Pattern

_LOOKS = 2
"""A hostile line can make each look find one more; two are enough for what people write."""


@dataclass(frozen=True)
class Found:
    """A stretch of a text that is personal data, and of what kind."""

    start: int
    end: int
    label: str
    """Empty where an earlier redaction or mask stands already."""


def redact(text: str) -> str:
    """Return the text with labels such as `[email]` in the place of personal data."""
    return _looked_again(text, _labelled)


def mask(text: str) -> str:
    """Return the text with a bullet for each character of personal data; offsets stay valid."""
    return _looked_again(text, _masked)


def personal_data(text: str) -> list[Found]:
    """Return where one look finds personal data, in order; stretches never overlap."""
    everything: list[Found] = []
    rest = text
    for pattern in PATTERNS:
        news = [found for found in _matches(pattern, rest) if not _is_covered(found, rest)]
        rest = _covered(rest, news, HIDDEN)
        everything += news
    return [found for found in _outermost(everything) if found.label]


def _looked_again(text: str, cover: Callable[[str], str]) -> str:
    """Look again after a look that found something: a number may have stood before another."""
    for _ in range(_LOOKS):
        if (covered := cover(text)) == text:
            break
        text = covered
    return text


def _labelled(text: str) -> str:
    pieces, at = [], 0
    for found in personal_data(text):
        pieces += [text[at : found.start], f"[{found.label}]"]
        at = found.end
    return "".join(pieces) + text[at:]


def _masked(text: str) -> str:
    return _covered(text, personal_data(text), BULLET)


def _matches(pattern: Pattern, text: str) -> Iterator[Found]:
    at = 0
    while match := pattern.regex.search(text, at):
        at = max(match.end(), match.start() + 1)
        if span := pattern.part(match):
            yield Found(*span, pattern.label)
            at = max(at, span[1])


def _is_covered(found: Found, text: str) -> bool:
    return text.count(HIDDEN, found.start, found.end) == found.end - found.start


def _covered(text: str, stretches: Sequence[Found], char: str) -> str:
    pieces, at = [], 0
    for found in stretches:
        pieces += [text[at : found.start], char * (found.end - found.start)]
        at = found.end
    return "".join(pieces) + text[at:]


def _outermost(everything: list[Found]) -> Iterator[Found]:
    """Leave out what lies within another, as an address within a query."""
    last = 0
    for found in sorted(everything, key=lambda each: (each.start, -each.end)):
        if found.start >= last:
            yield found
            last = found.end
