"""Targets: what a person asks of the thresholds, and the thresholds that reach it.

A target precision must be certain, not only measured: the lowest threshold from which suggestions
were right often enough on some tickets owes that to luck, and on others it falls short more often
than not. So the lower end of Wilson's interval counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from classifier import Thresholds
from classifier.decision import NEVER
from tickets import Priority
from triage.report.shares import Share
from triage.thresholds.precision import Acted
from triage.thresholds.sample import Sample

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

DEVIATIONS = 1.644854
"""Standard deviations down to a bound that the truth is above with 95 % certainty."""
STEPS = 10_000
"""Thresholds and floors are kept to so many steps, rounded down."""
FOLDS = 5

_SEED = 20261122


@dataclass(frozen=True)
class Wish:
    """What is asked of the thresholds; priorities that it does not name stay as they are."""

    precision: Mapping[Priority, float] = field(default_factory=dict)
    """The share of suggestions applied unseen that must be right."""
    recall: Mapping[Priority, float] = field(default_factory=dict)
    """The share of a priority's tickets that must be suggested so."""
    never_auto: frozenset[Priority] = frozenset()
    always_review: frozenset[Priority] = frozenset()
    from_trained: bool = False
    """Whether all that was asked before is forgotten."""

    def __bool__(self) -> bool:
        return bool(
            self.precision
            or self.recall
            or self.never_auto
            or self.always_review
            or self.from_trained
        )

    def __str__(self) -> str:
        return ", ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        if self.from_trained:
            yield "as trained"
        yield from (f"{p} precision {target:g}" for p, target in self.precision.items())
        yield from (f"{p} recall {target:g}" for p, target in self.recall.items())
        yield from (f"{p} never auto" for p in sorted(self.never_auto))
        yield from (f"{p} always review" for p in sorted(self.always_review))


def fulfilled(wish: Wish, thresholds: Thresholds, sample: Sample) -> Thresholds:
    """Return thresholds changed as asked; targets are chosen on the sample.

    A precision that no threshold reaches gives `NEVER`, as does a recall that no floor reaches.
    """
    changed = _with_floors(wish, _with_switches(wish, thresholds), sample)
    acted, auto = sample.acted(changed), list(changed.auto)
    for priority, target in wish.precision.items():
        auto[priority] = lowest_threshold(acted, priority, target)
    return replace(changed, auto=tuple(auto))


def _with_switches(wish: Wish, thresholds: Thresholds) -> Thresholds:
    """Switch classes off and on: the last word about a class counts."""
    auto, always_review = list(thresholds.auto), list(thresholds.always_review)
    for priority in {*wish.precision, *wish.never_auto, *wish.always_review}:
        auto[priority] = NEVER
        always_review[priority] = priority in wish.always_review
    return replace(thresholds, auto=tuple(auto), always_review=tuple(always_review))


def _with_floors(wish: Wish, thresholds: Thresholds, sample: Sample) -> Thresholds:
    """Choose floors, the most urgent first: it takes tickets from all others."""
    floors = list(thresholds.floors)
    for priority in wish.recall:
        floors[priority] = NEVER
    for priority in sorted(wish.recall):
        rest = replace(thresholds, floors=tuple(floors))
        floors[priority] = highest_floor(sample, rest, priority, wish.recall[priority]) or NEVER
    return replace(thresholds, floors=tuple(floors))


def lowest_threshold(acted: Acted, priority: Priority, target: float) -> float:
    """Return the lowest threshold from which a priority surely is right in the target share.

    `NEVER` when there is none.
    """
    thresholds, right, total = _by_threshold(acted, priority)
    reached = np.flatnonzero(lower_bounds(right, total) >= target)
    return float(thresholds[reached[0]]) if len(reached) else NEVER


def surest(acted: Acted, priority: Priority) -> Share:
    """Return how right a priority is from that threshold on at which most is certain."""
    _, right, total = _by_threshold(acted, priority)
    if not len(total):
        return Share(0, 0)
    best = lower_bounds(right, total).argmax()
    return Share(int(right[best]), int(total[best]))


def _by_threshold(acted: Acted, priority: Priority) -> tuple[Floats, Labels, Labels]:
    """Return each threshold, lowest first, with how many are right from it on, and of how many."""
    own = acted.is_open & (acted.suggested == priority)
    order = np.argsort(acted.confidence[own])
    confidence, is_right = acted.confidence[own][order], acted.is_right[own][order]
    thresholds = np.unique(_rounded(confidence))
    below = np.searchsorted(confidence, thresholds)
    right = is_right.sum() - np.concatenate([[0], np.cumsum(is_right)])[below]
    return thresholds, right, len(confidence) - below


def highest_floor(
    sample: Sample, thresholds: Thresholds, priority: Priority, target: float
) -> float | None:
    """Return the highest floor by which the target share of a priority's tickets is suggested so.

    `NEVER` when it is so without, None when no floor does it: only what is suggested less urgent
    can be raised.
    """
    suggested = sample.acted(thresholds).suggested
    is_own = sample.labels == priority
    found = int((is_own & (suggested == priority)).sum())
    missing = _ticket_count(target, int(is_own.sum())) - found
    if missing <= 0:
        return NEVER
    low = np.sort(sample.pooled[is_own & (suggested > priority), priority])[::-1]
    floor = float(_rounded(low[missing - 1])) if missing <= len(low) else 0.0
    return floor if floor > 0 else None


def _ticket_count(target: float, total: int) -> int:
    """Return how many of some tickets make a share; 0.9 of 10 is 9 whatever floats say."""
    return int(np.ceil(target * total - 1e-9))


def _rounded(probabilities: npt.ArrayLike) -> Floats:
    """Round down, so that rounding noise of another machine does not matter, and below `NEVER`."""
    steps = np.floor(np.asarray(probabilities) * STEPS)
    return np.asarray(np.minimum(steps, STEPS - 1) / STEPS)


def surely(share: Share) -> float:
    """Return what a share is at least, with 95 % certainty; 0 of no tickets."""
    return float(lower_bounds(share.part, share.total)) if share.total else 0.0


def lower_bounds(parts: npt.ArrayLike, totals: npt.ArrayLike) -> Floats:
    """Return what shares of at least one ticket are at least, each with 95 % certainty.

    The lower end of Wilson's interval (JASA 1927), of which nine tenths lie inside.
    """
    part, total, square = np.asarray(parts, float), np.asarray(totals, float), DEVIATIONS**2
    share = part / total
    spread = DEVIATIONS * np.sqrt(share * (1 - share) / total + square / (2 * total) ** 2)
    return np.asarray((share + square / (2 * total) - spread) / (1 + square / total))


def fewest_for(target: float) -> int | None:
    """Return how many tickets, all right, make a precision certain; None when no number does."""
    if target >= 1:
        return None
    return int(np.ceil(target * DEVIATIONS**2 / (1 - target)))


def tried(wish: Wish, thresholds: Thresholds, sample: Sample) -> Acted:
    """Return what thresholds make of each fifth of a sample when chosen on the other four.

    Of tickets that they were chosen on, thresholds look better than they are.
    """
    count = len(sample.labels)
    folds = np.random.default_rng(_SEED).permutation(count) % FOLDS
    parts = []
    for fold in range(FOLDS):
        chosen = fulfilled(wish, thresholds, sample.those(folds != fold))
        parts.append(sample.those(folds == fold).acted(chosen))
    return Acted.joined(parts)
