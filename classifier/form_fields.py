"""Any column of a desk's export as numbers, without knowing what it means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST_WORDS = 50
"""Distinct values of a column that are told apart; the rarer ones count as one."""
MOSTLY = 0.9
"""Share of the values given that must read as numbers or times for the column to be of them."""
LARGEST_NUMBER = 1e30
"""Anything larger is no measurement, and single precision could not hold it."""


def encoded(values: Sequence[Any]) -> Floats:
    """Return a column of n values as (n, k) numbers; what is missing is NaN.

    Numbers stay as they are, times become day, hour and weekday, words the commonest values and
    first words, one column each, and their length.
    """
    given = [None if is_missing(value) else value for value in values]
    for parse in (_number, _instant):
        parsed = [None if value is None else parse(value) for value in given]
        if 0 < MOSTLY * _count(given) <= _count(parsed):
            width = len(next(numbers for numbers in parsed if numbers is not None))
            return np.array([numbers or (np.nan,) * width for numbers in parsed])
    return _words([None if value is None else str(value).strip() for value in given])


def is_missing(value: Any) -> bool:
    """Tell whether a cell holds nothing."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value != value or value in ([], {})


def _count(values: Sequence[Any]) -> int:
    return sum(value is not None for value in values)


def _number(value: Any) -> tuple[float, ...] | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return (number,) if abs(number) < LARGEST_NUMBER else None


def _instant(value: Any) -> tuple[float, ...] | None:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return _times(at)
    except (ValueError, OverflowError):
        return None


def _times(at: datetime) -> tuple[float, ...]:
    day = at.replace(tzinfo=at.tzinfo or UTC).timestamp() / 86_400
    return day, at.hour + at.minute / 60, float(at.weekday())


def _words(texts: Sequence[str | None]) -> Floats:
    whole = _indicators(texts)
    if len({text for text in texts if text is not None}) <= MOST_WORDS:
        return whole
    lengths = np.array([[np.nan if text is None else len(text)] for text in texts])
    return np.hstack([whole, _indicators([_first_word(text) for text in texts]), lengths])


def _first_word(text: str | None) -> str | None:
    found = re.match(r"\w+", text) if text else None
    return found.group().lower() if found else None


def _indicators(texts: Sequence[str | None]) -> Floats:
    """Return one column of 0 and 1 for each common value, missing among them."""
    columns = {text: at for at, (text, _) in enumerate(Counter(texts).most_common(MOST_WORDS))}
    found = np.zeros((len(texts), len(columns)))
    for row, text in enumerate(texts):
        if text in columns:
            found[row, columns[text]] = 1.0
    return found
