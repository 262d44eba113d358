"""The types of a fact schema and of facts read; the schema itself stands in the rules file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

from tickets.priority import Distribution

Combination = Mapping[str, str]
"""One value for each fact of a schema."""


@dataclass(frozen=True)
class Fact:
    """A question about a ticket with a small, closed set of answers."""

    name: str
    meaning: str
    values: Mapping[str, str]
    """Each value and the sentence that says when it holds."""
    order: tuple[str, ...] = ()
    """Values from mildest to worst, where they have an order; worse never lowers a priority."""


@dataclass(frozen=True)
class FactSchema:
    """Every fact that rules may name and a classifier reads, in the order of the rules file."""

    facts: tuple[Fact, ...]
    _by_name: Mapping[str, Fact] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {fact.name: fact for fact in self.facts})

    def __getitem__(self, name: str) -> Fact:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the facts, in order."""
        return tuple(self._by_name)

    @property
    def size(self) -> int:
        """How many combinations of values there are."""
        return prod(len(fact.values) for fact in self.facts)


@dataclass(frozen=True, order=True)
class Span:
    """Words of a ticket: character offsets into one field, as received."""

    field: str
    start: int
    end: int


@dataclass(frozen=True)
class FactReading:
    """What a reader makes of one fact: a probability for each value, and the words that show it."""

    probabilities: Mapping[str, float]
    evidence: tuple[Span, ...] = ()

    @property
    def value(self) -> str:
        """The likeliest value; of equally likely ones, the first declared."""
        return max(self.probabilities, key=lambda value: self.probabilities[value])

    @property
    def probability(self) -> float:
        """The probability of the likeliest value."""
        return self.probabilities[self.value]


@dataclass(frozen=True)
class Reading:
    """All that the classifier reads from one ticket: its facts and a direct view."""

    facts: Mapping[str, FactReading]
    direct_view: Distribution
    language: str = "en"
    is_supported_language: bool = True
