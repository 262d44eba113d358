"""What has drifted: each measure of some tickets beside the reference, with a verdict.

A measure has drifted when it differs from the reference by more than chance, at a level at which
all measures together raise a false alarm once in a hundred weeks, and by enough to matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from classifier.drift import shared_alarm, shift, word_shift
from classifier.estimation import more_errors_than_expected
from triage.drift.histogram import Histogram
from triage.drift.observation import Observation
from triage.drift.reference import Reference, counted_words

FALSE_ALARMS = 0.01
"""Share of weeks without drift in which some measure is beyond chance all the same."""
WATCH_FROM, ACT_FROM = 0.10, 0.25
"""PSI from which a shift counts as moderate and as large: the custom of credit scoring (Siddiqi,
Credit Risk Scorecards, 2006)."""
WATCH_OVERRIDES_FROM, ACT_OVERRIDES_FROM = 0.05, 0.10
"""Share of decisions that are overrides, beyond the errors that suggestions themselves expect."""
MOST_WORDS = 8
WORDS, OVERRIDES = "words", "overrides"

_SEED = 20261122


class Verdict(StrEnum):
    """What a person should make of a measure, or of a week."""

    TOO_FEW = "too few"
    STEADY = "steady"
    WATCH = "watch"
    ACT = "act"

    @property
    def rank(self) -> int:
        """Its place in the order above, the gravest last."""
        return list(Verdict).index(self)


@dataclass(frozen=True)
class Finding:
    """One measure of some tickets beside the reference."""

    measure: str
    verdict: Verdict
    size: float
    """PSI beyond chance; of overrides, their share beyond the errors expected."""
    p_value: float
    risen: str
    """The value, bin or word that has grown most tellingly."""
    share: float
    """Of the tickets that have it now."""
    before: float
    """Of those of the reference that have it."""
    words: tuple[str, ...] = ()
    """Of the measure `words`, those that have grown, the most telling first."""


def findings_of(observed: Sequence[Observation], reference: Reference) -> list[Finding]:
    """Compare observations, at least one, with a reference, measure by measure.

    A measure without any value on one side is left out, as there is nothing to compare.
    """
    counted = [(one, one.count(observed)) for one in reference.histograms]
    compared = [(one, counts) for one, counts in counted if is_comparable(one, counts)]
    decided = [one for one in observed if one.decided is not None]
    has_words = bool(reference.words and _with_words(observed))
    alarm = shared_alarm(FALSE_ALARMS, len(compared) + has_words + bool(decided))
    found = [_of_histogram(one, counts, alarm) for one, counts in compared]
    if has_words:
        found.append(_of_words(observed, reference, alarm))
    if decided:
        found.append(_of_overrides(decided, alarm))
    return found


def is_comparable(histogram: Histogram, counts: Mapping[str, int]) -> bool:
    """Tell whether both the reference and the counts know a value of a measure."""
    return not (histogram.says_nothing or Histogram(histogram.measure, counts).says_nothing)


def _of_histogram(histogram: Histogram, counts: Mapping[str, int], alarm: float) -> Finding:
    now = np.array(list(counts.values()))
    before = np.array([histogram.counts.get(value, 0) for value in counts])
    found = shift(before, now, np.random.default_rng(_SEED))
    return Finding(
        histogram.measure,
        _verdict(found.p_value <= alarm, found.size, WATCH_FROM, ACT_FROM),
        found.size,
        found.p_value,
        list(counts)[found.risen],
        float(now[found.risen] / now.sum()),
        float(before[found.risen] / before.sum()),
    )


def _of_words(observed: Sequence[Observation], reference: Reference, alarm: float) -> Finding:
    counts = counted_words(observed)
    words = list(dict.fromkeys([*reference.words, *counts]))
    now = np.array([counts[word] for word in words])
    before = np.array([reference.words.get(word, 0) for word in words])
    tickets, tickets_before = _with_words(observed), reference.with_words
    found = word_shift(before, tickets_before, now, tickets)
    shares, shares_before = now / tickets, before / tickets_before
    first, size = int(found.order[0]), float(found.sizes[found.order[0]])
    return Finding(
        WORDS,
        _verdict(found.p_value <= alarm, size, WATCH_FROM, ACT_FROM),
        size,
        found.p_value,
        words[first],
        float(shares[first]),
        float(shares_before[first]),
        tuple(words[at] for at in found.order if shares[at] > shares_before[at])[:MOST_WORDS],
    )


def _with_words(observed: Sequence[Observation]) -> int:
    return sum(one.words is not None for one in observed)


def _of_overrides(decided: Sequence[Observation], alarm: float) -> Finding:
    confidence = np.array([one.confidence for one in decided])
    overridden = sum(one.decided != one.suggested for one in decided)
    share, expected = overridden / len(decided), float((1 - confidence).mean())
    p_value = more_errors_than_expected(confidence, overridden)
    size = max(share - expected, 0.0)
    verdict = _verdict(p_value <= alarm, size, WATCH_OVERRIDES_FROM, ACT_OVERRIDES_FROM)
    return Finding(OVERRIDES, verdict, size, p_value, "overridden", share, expected)


def _verdict(is_beyond_chance: bool, size: float, watch_from: float, act_from: float) -> Verdict:
    if not is_beyond_chance or size < watch_from:
        return Verdict.STEADY
    return Verdict.ACT if size >= act_from else Verdict.WATCH
