"""What the models see of a ticket: named parts, each giving features with their place in the text.

A part turns a ticket into named features; `Vocabulary` gives each known name a column and a weight
(term frequency, damped, times inverse document frequency, to one length within its part, as
scikit-learn's `TfidfTransformer(sublinear_tf=True)`). The same code trains and serves.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from classifier.cues import CueFinder
from classifier.text import CleanText, clean
from tickets import Ticket

Feature = tuple[str, int, int]
"""One observation in a clean text: its name, and where the characters that show it start and end.

A plain tuple, as a ticket has some thousand of them."""


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

    def features(self, ticket: TicketText) -> Iterable[Feature]:
        """Yield everything the part observes, repetitions included."""
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

    def features(self, ticket: TicketText) -> Iterator[Feature]:
        """Yield each word, and each pair with the one before."""
        yield from ticket.words
        for (first, start, _), (second, _, end) in pairwise(ticket.words):
            yield f"{first} {second}", start, end


class Subwords:
    """Runs of four and five letters inside words, which survive misspelling and inflection."""

    name = "subwords"

    def features(self, ticket: TicketText) -> Iterator[Feature]:
        """Yield each run of letters, with a blank at the borders of a word."""
        for word, start, end in ticket.words:
            for run in _runs(word):
                yield run, start, end


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

    def features(self, ticket: TicketText) -> Iterator[Feature]:
        """Yield each cue once for each scope that holds it, or once plainly."""
        for cue in self.finder.find(ticket.clean.text):
            for scope in cue.scopes or ("plain",):
                yield f"{cue.fact}={cue.value} {scope}", cue.start, cue.end


class Form:
    """What the form said of the environment; the text may contradict it."""

    name = "form"

    def features(self, ticket: TicketText) -> Iterator[Feature]:
        """Yield the form's words; they have no place in the text."""
        said = (ticket.ticket.environment or "nothing").lower()
        yield f"environment {said[:30]}", 0, 0


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

    def weigh(self, features: Sequence[Feature]) -> Iterator[tuple[int, float, Feature]]:
        """Yield column and weight of each known feature; repetitions share a name's weight."""
        counts = Counter(name for name, _, _ in features if name in self.idf)
        weights = {name: (1 + math.log(n)) * self.idf[name] for name, n in counts.items()}
        scale = self.weight / (math.sqrt(sum(w * w for w in weights.values())) or 1.0)
        shares = {name: scale * weight / counts[name] for name, weight in weights.items()}
        columns = self.columns
        for feature in features:
            name = feature[0]
            if name in shares:
                yield columns[name], shares[name], feature


def learn_vocabulary(
    part: Part,
    tickets: Sequence[TicketText],
    *,
    weight: float,
    fewest_tickets: int,
    most_names: int,
) -> Vocabulary:
    """Keep the names found in at least `fewest_tickets` of the tickets, the commonest first."""
    found: Counter[str] = Counter()
    for ticket in tickets:
        found.update({name for name, _, _ in part.features(ticket)})
    kept = [(n, name) for name, n in found.items() if n >= fewest_tickets]
    kept.sort(key=lambda item: (-item[0], item[1]))
    total = len(tickets)
    idf = {name: math.log((1 + total) / (1 + n)) + 1 for n, name in kept[:most_names]}
    return Vocabulary(part.name, weight, idf)


@dataclass(frozen=True)
class Observed:
    """The known features of one ticket, in m parallel arrays."""

    columns: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int32]
    """Where each stands in the clean text; equal to `ends` when it has no place there."""
    ends: npt.NDArray[np.int32]


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
        columns: list[int] = []
        weights: list[float] = []
        places: list[tuple[int, int]] = []
        base = 0
        for part, vocabulary in zip(self.parts, self.vocabularies, strict=True):
            for column, weight, (_, start, end) in vocabulary.weigh(list(part.features(ticket))):
                columns.append(base + column)
                weights.append(weight)
                places.append((start, end))
            base += len(vocabulary)
        starts, ends = np.array(places, np.int32).reshape(-1, 2).T
        return Observed(np.array(columns, np.int32), np.array(weights, np.float32), starts, ends)
