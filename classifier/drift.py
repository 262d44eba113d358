"""Drift: whether what comes in now is distributed as it was, and whether chance alone explains it.

How far a measure has moved is its population stability index, PSI = Σ (p - q) ln(p / q) over the
measure's bins, where q is the reference and p is now. A small sample has a high PSI by chance, so
what chance gives on average is subtracted. How probable a shift is by chance is found by drawing
both samples from what they have in common and comparing Pearson's chi-square, which tells a shift
from chance better than the PSI does. Words are many, rare and yes-or-no, so each is tested exactly
(Fisher's test) and the smallest probability is corrected for the words that could have reached it
(Tarone, Biometrics 1990).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HALF = 0.5
"""Added to every bin, so that an empty one has a logarithm (Jeffreys' prior)."""
DRAWS = (500, 20_000)
"""Samples drawn: the first for a look, all only where that look leaves a doubt."""
DOUBTFUL = 0.02
"""Probability below which the look is followed by all draws."""


@dataclass(frozen=True)
class Shift:
    """How far a measure is from its reference."""

    size: float
    """PSI beyond what chance gives on average; 0 when it is no more than that."""
    p_value: float
    """How probable a difference like this is when nothing has changed."""
    risen: int
    """Of the bins that hold a larger share now, the one that adds most to the PSI."""


def shift(reference: Counts, counts: Counts, random: np.random.Generator) -> Shift:
    """Compare the counts of a measure's bins, both of shape (b,), neither of them all empty."""
    seen = _chi_square(reference, counts)
    for draws in DRAWS:
        first, second = _drawn(reference, counts, draws, random)
        as_far = int((_chi_square(first, second) >= seen - 1e-9).sum())
        p_value = (1 + as_far) / (1 + draws)
        if p_value > DOUBTFUL:
            break
    parts = stability(reference, counts)
    by_chance = stability(first, second).sum(axis=-1).mean()
    has_risen = _shares(counts) >= _shares(reference)
    risen = int(np.where(has_risen, parts, -1.0).argmax())
    return Shift(max(float(parts.sum() - by_chance), 0.0), p_value, risen)


def stability(reference: Counts, counts: Counts) -> Floats:
    """Return what each bin (the last axis) adds to the PSI."""
    q, p = _shares(reference), _shares(counts)
    return np.asarray((p - q) * np.log(p / q))


def _shares(counts: Counts) -> Floats:
    smoothed = counts + HALF
    return np.asarray(smoothed / smoothed.sum(axis=-1, keepdims=True))


def _chi_square(reference: Counts, counts: Counts) -> Floats:
    """Return Pearson's statistic of two samples being of one kind; bins are the last axis."""
    together = reference + counts
    share = counts.sum(axis=-1, keepdims=True) / together.sum(axis=-1, keepdims=True)
    expected = together * share
    squared = (counts - expected) ** 2
    parts = np.divide(
        squared, expected * (1 - share), out=np.zeros(squared.shape), where=together > 0
    )
    return np.asarray(parts.sum(axis=-1))


def _drawn(
    reference: Counts, counts: Counts, draws: int, random: np.random.Generator
) -> tuple[Counts, Counts]:
    """Draw pairs of samples of the same sizes from both samples put together."""
    together = reference + counts
    shares = together / together.sum()
    first = random.multinomial(reference.sum(), shares, size=draws)
    return first, random.multinomial(counts.sum(), shares, size=draws)


@dataclass(frozen=True)
class WordShift:
    """How far the words of tickets are from those of the reference, for w words by position."""

    order: Counts
    """The words, the least probable change first."""
    sizes: Floats
    """The PSI of having the word or not."""
    p_value: float
    """How probable it is that any word changes so much by chance."""


def word_shift(reference: Counts, total: int, counts: Counts, size: int) -> WordShift:
    """Compare in how many tickets each of w words, w at least 1, stands.

    `reference` and `counts`, both of shape (w,), are out of `total` and `size` tickets.
    """
    p_values = _fisher(counts, reference + counts, total, size)
    least = float(p_values.min())
    could_reach = int((_least_possible(reference + counts, total, size) <= least).sum())
    sizes = stability(_with_and_without(reference, total), _with_and_without(counts, size))
    return WordShift(
        order=np.argsort(p_values, kind="stable"),
        sizes=sizes.sum(axis=-1),
        p_value=min(could_reach * least, 1.0),
    )


def _fisher(counts: Counts, both: Counts, total: int, size: int) -> Floats:
    """Return how probable such counts among `size` of all tickets are, or ones further off."""
    # Imported here: nothing else of this room needs SciPy's distributions.
    from scipy.stats import hypergeom

    at_most = hypergeom.cdf(counts, total + size, both, size)
    at_least = hypergeom.sf(counts - 1, total + size, both, size)
    return np.asarray(np.minimum(2 * np.minimum(at_most, at_least), 1.0))


def _least_possible(both: Counts, total: int, size: int) -> Floats:
    """Return the smallest probability that words which stand in `both` tickets can have."""
    most, fewest = np.minimum(both, size), np.maximum(both - total, 0)
    return np.minimum(_fisher(most, both, total, size), _fisher(fewest, both, total, size))


def _with_and_without(counts: Counts, total: int) -> Counts:
    return np.stack([counts, total - counts], axis=-1)


def shared_alarm(false_alarms: float, measures: int) -> float:
    """Return the p-value below which one of several measures may raise the alarm (Šidák).

    All of them together then raise a false one with the probability `false_alarms`, or a smaller
    one where measures go together.
    """
    return float(1 - (1 - false_alarms) ** (1 / measures))
