"""A measure of tickets counted by value; numbers are counted in bins that the reference sets."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from triage.drift.observation import Observation

BINS = 8
"""Of a number: each holds as many tickets of the reference, as far as equal numbers allow."""
MOST_VALUES = 30
"""Values that are counted by name; rarer ones are counted together."""
NOTHING, OTHER = "(none)", "(other)"


@dataclass(frozen=True)
class Histogram:
    """How many tickets of a reference have each value of a measure."""

    measure: str
    counts: Mapping[str, int]
    edges: tuple[float, ...] = ()
    """Where the bins of a number end; a number on an edge belongs to the bin above."""

    @classmethod
    def of_values(cls, measure: str, observed: Sequence[Observation]) -> Histogram:
        """Count the values of a measure, the commonest first."""
        found = Counter(one.values.get(measure, NOTHING) for one in observed).most_common()
        rest = sum(count for _, count in found[MOST_VALUES:])
        return cls(measure, {**dict(found[:MOST_VALUES]), **({OTHER: rest} if rest else {})})

    @classmethod
    def of_numbers(cls, measure: str, observed: Sequence[Observation]) -> Histogram:
        """Count a measure's numbers, in bins of like size; tickets without one do not count."""
        numbers = [one.numbers[measure] for one in observed if measure in one.numbers]
        quantiles = np.quantile(numbers or [0.0], np.arange(1, BINS) / BINS)
        edges = tuple(float(edge) for edge in np.unique(quantiles.round(2)))
        empty = cls(measure, dict.fromkeys(_bin_names(edges), 0), edges)
        return cls(measure, empty.count(observed), edges)

    def count(self, observed: Sequence[Observation]) -> dict[str, int]:
        """Count other tickets by the same values, which come first, and by any that are new."""
        if self.edges:
            observed = [one for one in observed if self.measure in one.numbers]
        found = Counter(map(self._value, observed))
        return {value: found[value] for value in dict.fromkeys([*self.counts, *found])}

    def _value(self, observed: Observation) -> str:
        if self.edges:
            at = bisect_right(self.edges, observed.numbers[self.measure])
            return _bin_names(self.edges)[at]
        value = observed.values.get(self.measure, NOTHING)
        return value if value in self.counts or OTHER not in self.counts else OTHER

    @property
    def says_nothing(self) -> bool:
        """Whether no ticket has a value."""
        return not any(count for value, count in self.counts.items() if value != NOTHING)


def _bin_names(edges: Sequence[float]) -> list[str]:
    written = [f"{edge:g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(written)]
    return [f"below {written[0]}", *between, f"{written[-1]} or more"]
