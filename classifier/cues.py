"""Cues: phrases that speak for a value of a fact, with the scope that may turn their meaning."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from spacy.lang.en import English
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from classifier.lexicon import Lexicon, Quantities, Scope

LONGEST_TEXT = 20_000
"""Characters in which cues are looked for; the case is stated long before."""

_NO_WORD = re.compile(r"\S{100,}")
"""Characters without a blank that spaCy would take apart one by one, in quadratic time: a hundred
emoji in a row, an address of the web. No cue stands in them."""

_SENTENCE_END = frozenset({".", "!", "?", ";", "…", "\n"})
_CLAUSE_END = _SENTENCE_END | {",", "but", "(", ")", ":", "–", "—", "-"}


@dataclass(frozen=True, order=True)
class Cue:
    """A phrase of a text that speaks for a fact's value, and the scopes in which it stands."""

    start: int
    end: int
    fact: str
    value: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CueFinder:
    """Finds the cues of a lexicon in texts; the tokens and the matching are spaCy's."""

    lexicon: Lexicon
    _language: English = field(init=False, repr=False)
    _matcher: PhraseMatcher = field(init=False, repr=False)

    def __post_init__(self) -> None:
        language = English()
        language.max_length = LONGEST_TEXT + 1
        matcher = PhraseMatcher(language.vocab, attr="LOWER")
        for index, cue in enumerate(self.lexicon.cues):
            matcher.add(f"cue {index}", [language.make_doc(phrase) for phrase in cue.phrases])
        for index, scope in enumerate(self.lexicon.scopes):
            matcher.add(f"scope {index}", [language.make_doc(phrase) for phrase in scope.phrases])
        object.__setattr__(self, "_language", language)
        object.__setattr__(self, "_matcher", matcher)

    def find(self, text: str) -> list[Cue]:
        """Return the cues of a clean text in its order; offsets count its characters."""
        text = _NO_WORD.sub(lambda run: " " * len(run.group()), text[:LONGEST_TEXT])
        doc = self._language.make_doc(text)
        found, markers = self._matches(doc)
        borders = _Borders(doc)
        cues = [
            Cue(
                doc[start].idx,
                doc[end - 1].idx + len(doc[end - 1]),
                self.lexicon.cues[index].fact,
                self.lexicon.cues[index].value,
                _scopes_of(start, end, markers, borders),
            )
            for index, start, end in found
        ]
        return sorted({*cues, *_quantity_cues(text, self.lexicon.quantities)})

    def _matches(self, doc: Doc) -> tuple[list[tuple[int, int, int]], list[_Marker]]:
        found, markers = [], []
        names = self._language.vocab.strings
        for match, start, end in self._matcher(doc):
            kind, _, index = names[match].partition(" ")
            if kind == "cue":
                found.append((int(index), start, end))
            else:
                markers.append(_Marker(self.lexicon.scopes[int(index)], start, end))
        return found, sorted(markers, key=_start)


@dataclass(frozen=True)
class _Marker:
    scope: Scope
    start: int
    end: int


class _Borders:
    """Where the sentences and clauses of a text end, by token."""

    def __init__(self, doc: Doc) -> None:
        words = [token.lower_ for token in doc]
        self.sentence_ends = [i for i, word in enumerate(words) if _ends(word, _SENTENCE_END)]
        self.clause_ends = [i for i, word in enumerate(words) if _ends(word, _CLAUSE_END)]

    def same_sentence(self, first: int, second: int) -> bool:
        """Tell whether no sentence ends between two tokens."""
        return not _any_between(self.sentence_ends, first, second)

    def same_clause(self, first: int, second: int) -> bool:
        """Tell whether no clause ends between two tokens."""
        return not _any_between(self.clause_ends, first, second)


def _ends(word: str, ends: frozenset[str]) -> bool:
    return word in ends or word.startswith("\n")


def _any_between(positions: list[int], first: int, second: int) -> bool:
    low, high = min(first, second), max(first, second)
    return bisect_left(positions, low) < bisect_right(positions, high - 1)


LONGEST_SENTENCE = 100
"""Words from a cue in which its sentence is looked through."""


def _scopes_of(start: int, end: int, markers: list[_Marker], borders: _Borders) -> tuple[str, ...]:
    """Return the scopes that hold a cue; `markers` stand in the order of the text."""
    first = bisect_left(markers, start - LONGEST_SENTENCE, key=_start)
    last = bisect_right(markers, end + LONGEST_SENTENCE, key=_start)
    near = markers[first:last]
    return tuple(sorted({m.scope.name for m in near if _governs(m, start, end, borders)}))


def _start(marker: _Marker) -> int:
    return marker.start


def _governs(marker: _Marker, start: int, end: int, borders: _Borders) -> bool:
    if marker.start < end and start < marker.end:
        return False  # part of the cue itself, as in "no workaround"
    if marker.scope.window is None:
        return borders.same_sentence(marker.start, start)
    is_near = 0 <= start - marker.end < marker.scope.window
    return is_near and borders.same_clause(marker.start, start)


_SHARE_OF = re.compile(
    r"\b(\d{1,6})\s*(?:/|of|out of)\s*(?:our|the|all|my|about|some)?\s*(\d{1,6})\b", re.IGNORECASE
)
_PERCENT = re.compile(r"\b(\d{1,3}(?:\.\d+)?)\s?(?:%|percent\b|per cent\b|pct\b)", re.IGNORECASE)
_ALL_OF = re.compile(r"\ball (?:of )?(?:our |the |my )?(\d{1,6})\b", re.IGNORECASE)


_ReachOf = Callable[[re.Match[str]], str | None]


def _quantity_cues(text: str, quantities: Quantities) -> Iterator[Cue]:
    taken = bytearray(len(text))
    for pattern, reach_of in _quantity_readers(quantities):
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
            if reach := reach_of(match):
                yield Cue(match.start(), match.end(), "reach", reach, ("quantity",))


def _quantity_readers(quantities: Quantities) -> tuple[tuple[re.Pattern[str], _ReachOf], ...]:
    """Return the patterns of numbers, the most telling first: each number is read once."""
    return (
        (_ALL_OF, lambda match: "all"),
        (_SHARE_OF, lambda match: _reach_of_fraction(match, quantities)),
        (_PERCENT, lambda match: quantities.reach_of_share(float(match[1]) / 100)),
        (_counts(quantities.people), lambda match: quantities.reach_of_count(int(match[1]))),
    )


def _reach_of_fraction(match: re.Match[str], quantities: Quantities) -> str | None:
    part, whole = int(match[1]), int(match[2])
    return quantities.reach_of_share(part / whole) if 0 < part <= whole else None


def _counts(people: Iterable[str]) -> re.Pattern[str]:
    nouns = "|".join(re.escape(noun) for noun in people)
    return re.compile(rf"\b(\d{{1,6}})\s+(?:[a-z-]+\s+)?(?:{nouns})\b", re.IGNORECASE)
