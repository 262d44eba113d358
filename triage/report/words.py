"""Figures as a reader meets them, in the page and in the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from triage.report.highlights import without_controls
from triage.report.shares import Share
from triage.retraining.comparison import Difference

NOTHING = "–"
"""Stands where there is no figure."""
LONGEST_NAME = 60


def figure(value: float | None) -> str:
    """Return a measure to three places."""
    return NOTHING if value is None or value != value else _signed(f"{value:.3f}")


def signed(value: float | None) -> str:
    """Return a difference to three places with its sign."""
    if value is None or value != value:
        return NOTHING
    return _signed(f"{value:+.3f}")


def points(value: float, sign: str = "") -> str:
    """Return a difference of shares in percentage points."""
    return _signed(f"{100 * value:{sign}.1f}")


def _signed(number: str) -> str:
    is_zero = not number.strip("+-0.")
    return number.lstrip("+-") if is_zero else number.replace("-", "\N{MINUS SIGN}")


def between(bounds: tuple[float, float] | None) -> str:
    """Return an interval of a measure."""
    return NOTHING if bounds is None else " to ".join(map(figure, bounds))


def apart(difference: Difference) -> str:
    """Return the interval of a difference; none where nothing differs in any draw."""
    low, high = difference.low, difference.high
    return f"{signed(low)} to {signed(high)}" if low < high else NOTHING


def percent(value: float | None) -> str:
    """Return a share in percent."""
    return NOTHING if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def count(number: float) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number:,.0f}"


def many(number: int, noun: str) -> str:
    """Return a number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def likely(share: Share) -> str:
    """Return the interval of a share in percent."""
    if not share.total:
        return NOTHING
    return f"{100 * share.low:.1f} to {100 * share.high:.1f}"


def day(at: datetime) -> str:
    """Return the day of an instant."""
    return at.strftime("%Y-%m-%d")


def name(word: str) -> str:
    """Return an id, a file's name or a cell of a stranger, as it may stand in a table."""
    word = without_controls(word)
    return word if len(word) <= LONGEST_NAME else f"{word[: LONGEST_NAME - 1]}…"


FILTERS: Mapping[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (
        *(figure, signed, points, percent, count, many, name, day),
        *(between, apart, likely),
    )
}
"""What templates may apply."""
