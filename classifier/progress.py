"""Telling how far a long piece of work is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

Progress = Callable[[int, int], None]
"""Told the steps done and the steps in all."""

_STEPS = 10_000
"""How finely stretches of different lengths are told."""


def unwatched(done: int, total: int) -> None:
    """Tell nobody."""


def stretch(progress: Progress, number: int, count: int) -> Progress:
    """Return the progress of one of `count` stretches of equal length, counted from 0."""
    return lambda done, total: progress(number * total + done, count * total)


def shares(progress: Progress, lengths: Sequence[float]) -> list[Progress]:
    """Return the progress of stretches of different lengths, such as the seconds they may take."""
    whole = sum(lengths) or 1.0
    ends = list(accumulate(lengths))
    return [
        _share(progress, (end - length) / whole, length / whole)
        for end, length in zip(ends, lengths, strict=True)
    ]


def _share(progress: Progress, start: float, length: float) -> Progress:
    return lambda done, total: progress(
        round(_STEPS * (start + length * done / max(total, 1))), _STEPS
    )
