"""What the models see of a ticket: named parts, each giving features with their place in the text.

A part turns a ticket into named features; `Vocabulary` gives each known name a column and a weight
(term frequency, damped, times inverse document frequency, to one length within its part, as
scikit-learn's `TfidfTransformer(sublinear_tf=True)`). The same code trains and serves.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from classifier.cues import CueFinder
from classifier.text import CleanText, clean
from tickets import Ticket

Feature = tuple[str, int, int]
"""A name seen in a clean text, and where the characters that show it start and end."""
Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Features:
    """What one part observes in a ticket, repetitions included: m names with their places.

    Parallel columns, as a ticket has some thousand of them.
    """

    names: list[str]
    starts: Places
    """Where each stands in the clean text, shape (m,); equal to `ends` when it has no place."""
    ends: Places

    @classmethod
    def of(cls, features: Sequence[Feature]) -> Features:
        """Put features into columns."""
        places = np.array([place for _, *place in features], np.int32).reshape(-1, 2)
        return cls([name for name, _, _ in features], places[:, 0], places[:, 1])


@dataclass(frozen=True)
class TicketText:
    """A ticket with what its customer says."""

    ticket: Ticket
    clean: CleanText

    @cached_property
    def words(self) -> tuple[Feature, ...]:
        """The words of the clean text."""
        return tuple(_words(self.clean.text))


def ticket_text(ticket: Ticket) -> TicketText:
    """Clean a ticket's text."""
    return TicketText(ticket, clean(ticket.subject, ticket.body))


class Part(Protocol):
    """A named way to look at a ticket."""

    @property
    def name(self) -> str:
        """The name under which a model stores the part's columns."""
        ...

    def features(self, ticket: TicketText) -> Features:
        """Return everything the part observes."""
        ...


_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|\d+|[?!]")
RUN_LENGTHS = (4, 5)
"""Letters in a run inside a word."""
LONGEST_WORD = 40
"""Letters of a word that are looked at; longer ones are no words."""

_HTTP_STATUS = re.compile(r"[1-5]\d\d")


def _words(text: str) -> Iterator[Feature]:
    """Yield the words of a text in lower case; numbers become `#`, but for three-digit codes."""
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if word[0].isdigit() and not _HTTP_STATUS.fullmatch(word):
            word = "#"
        yield word, match.start(), match.end()


class Words:
    """Single words and pairs of neighbours."""

    name = "words"

    def features(self, ticket: TicketText) -> Features:
        """Return each word, and each pair with the one before."""
        pairs = [
            (f"{first} {second}", start, end)
            for (first, start, _), (second, _, end) in pairwise(ticket.words)
        ]
        return Features.of([*ticket.words, *pairs])


class Subwords:
    """Runs of four and five letters inside words, which survive misspelling and inflection."""

    name = "subwords"

    def features(self, ticket: TicketText) -> Features:
        """Return each run of letters, with a blank at the borders of a word."""
        words = Features.of(ticket.words)
        runs = [_runs(word) for word in words.names]
        counts = [len(of_word) for of_word in runs]
        return Features(
            list(chain.from_iterable(runs)),
            np.repeat(words.starts, counts),
            np.repeat(words.ends, counts),
        )


@lru_cache(maxsize=50_000)
def _runs(word: str) -> tuple[str, ...]:
    """Return the runs of letters of a word; words recur, so most are known already."""
    padded = f" {word[:LONGEST_WORD]} "
    return tuple(
        padded[at : at + length]
        for length in RUN_LENGTHS
        for at in range(max(len(padded) - length + 1, 1))
    )


@dataclass(frozen=True)
class Cues:
    """The lexicon's cues with their scopes."""

    finder: CueFinder
    name: str = "cues"

    def features(self, ticket: TicketText) -> Features:
        """Return each cue once for each scope that holds it, or once plainly."""
        return Features.of(
            [
                (f"{cue.fact}={cue.value} {scope}", cue.start, cue.end)
                for cue in self.finder.find(ticket.clean.text)
                for scope in cue.scopes or ("plain",)
            ]
        )


class Form:
    """What the form said of the environment; the text may contradict it."""

    name = "form"

    def features(self, ticket: TicketText) -> Features:
        """Return the form's words; they have no place in the text."""
        said = (ticket.ticket.environment or "nothing").lower()
        return Features.of([(f"environment {said[:30]}", 0, 0)])


@dataclass(frozen=True)
class Observed:
    """The known features of one ticket, in m parallel arrays."""

    columns: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    starts: Places
    """Where each stands in the clean text; equal to `ends` when it has no place there."""
    ends: Places


@dataclass(frozen=True)
class Vocabulary:
    """The known names of one part: a column and an inverse document frequency each."""

    part: str
    weight: float
    """The length of a ticket's features in this part; parts with more of it count for more."""
    idf: Mapping[str, float]
    """In column order."""

    @cached_property
    def columns(self) -> dict[str, int]:
        """The column of each name, from 0."""
        return {name: column for column, name in enumerate(self.idf)}

    def __len__(self) -> int:
        return len(self.idf)

    @cached_property
    def _idf(self) -> npt.NDArray[np.float64]:
        return np.array(list(self.idf.values()), float)

    def weigh(self, features: Features) -> Observed:
        """Return the known features with their weights; repetitions share a name's weight."""
        columns = self.columns
        numbers = np.array([columns.get(name, -1) for name in features.names], np.int32)
        known = numbers >= 0
        of_name, at, counts = np.unique(numbers[known], return_inverse=True, return_counts=True)
        weights = (1 + np.log(counts)) * self._idf[of_name]
        length = math.sqrt(float(weights @ weights)) or 1.0
        shares = self.weight / length * weights / counts
        return Observed(
            numbers[known],
            shares[at].astype(np.float32),
            features.starts[known],
            features.ends[known],
        )


def names_found(part: Part, tickets: Sequence[TicketText]) -> Counter[str]:
    """Return in how many of the tickets a part observes each name."""
    found: Counter[str] = Counter()
    for ticket in tickets:
        found.update(set(part.features(ticket).names))
    return found


def vocabulary_of(
    part: Part,
    found: Counter[str],
    total: int,
    *,
    weight: float,
    fewest_tickets: int,
    most_names: int,
) -> Vocabulary:
    """Keep the names `found` in at least `fewest_tickets` of `total`, the commonest first."""
    kept = [(n, name) for name, n in found.items() if n >= fewest_tickets]
    kept.sort(key=lambda item: (-item[0], item[1]))
    idf = {name: math.log((1 + total) / (1 + n)) + 1 for n, name in kept[:most_names]}
    return Vocabulary(part.name, weight, idf)


@dataclass(frozen=True)
class FeatureSpace:
    """All parts with their vocabularies, side by side."""

    parts: tuple[Part, ...]
    vocabularies: tuple[Vocabulary, ...]

    @property
    def size(self) -> int:
        """The number of columns."""
        return sum(len(vocabulary) for vocabulary in self.vocabularies)

    def observe(self, ticket: TicketText) -> Observed:
        """Return the features of a ticket."""
        seen = [
            vocabulary.weigh(part.features(ticket))
            for part, vocabulary in zip(self.parts, self.vocabularies, strict=True)
        ]
        bases = np.cumsum([0, *(len(vocabulary) for vocabulary in self.vocabularies[:-1])])
        return Observed(
            np.concatenate(
                [one.columns + np.int32(base) for one, base in zip(seen, bases, strict=True)]
            ),
            np.concatenate([one.weights for one in seen]),
            np.concatenate([one.starts for one in seen]),
            np.concatenate([one.ends for one in seen]),
        )
