"""Values of a payload that may be missing, null or of any type: read, never trusted.

Whatever a desk sends, these functions return a usable value or None; they raise nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tickets.ticket import EARLIEST, LATEST

Payload = Mapping[str, Any]
Headers = Mapping[str, str]

# A NUL and halves of surrogate pairs, which JSON can spell and no ticket may hold.
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST_NUMBER = 128
"""Bits of a whole number that may be an id; Python refuses to write out very long ones."""
_MILLISECONDS_FROM = 100_000_000_000
"""Greater numbers are milliseconds since 1970: as seconds they would lie after the year 5000."""


def value_at(value: Any, *steps: str | int) -> Any:
    """Return what stands at some keys and indexes, or None."""
    for step in steps:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: Any) -> str | None:
    """Return a text or a number as text, blanks around it left out; None for nothing."""
    found = raw_text(value)
    return found.strip() or None if found is not None else None


def raw_text(value: Any) -> str | None:
    """Return a text as it was sent, but for characters that no ticket may hold."""
    if isinstance(value, str):
        return _UNUSABLE.sub("\ufffd", value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value.bit_length() < _LONGEST_NUMBER else None
    return str(value) if isinstance(value, float) else None


def word(value: Any) -> str | None:
    """Return a text that decides what a payload is; None for nothing and for any other type."""
    return text(value) if isinstance(value, str) else None


def is_usable(value: Any) -> bool:
    """Tell whether a value is a text that can be taken over as it is."""
    return isinstance(value, str) and not _UNUSABLE.search(value)


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list of texts or of objects with a name, or of a text with blanks."""
    if isinstance(value, str):
        value = re.split(r"[\s,]+", value)
    if not isinstance(value, list):
        return ()
    found = (text(each.get("name") if isinstance(each, Mapping) else each) for each in value)
    return tuple(each for each in found if each is not None)


def flag(value: Any) -> bool | None:
    """Return true or false, as such or written out."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def instant(value: Any, *, is_utc: bool = False) -> datetime | None:
    """Return the instant in UTC of an ISO 8601 text with an offset, or of a number since 1970.

    `is_utc` says that a text without an offset is in UTC.
    """
    found = _from_number(value) if isinstance(value, int | float) else _from_text(value)
    if found is not None and found.utcoffset() is None:
        found = found.replace(tzinfo=UTC) if is_utc else None
    try:
        return found.astimezone(UTC) if found and EARLIEST <= found < LATEST else None
    except OverflowError:  # within a day of year 1 or 9999, an offset leaves the calendar
        return None


def header(headers: Headers, name: str) -> str | None:
    """Return a header by its name in any case, blanks around it left out; None if empty."""
    for key, value in headers.items():
        if key.lower() == name.lower():
            return value.strip() or None
    return None


def _from_number(value: float) -> datetime | None:
    try:
        seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _from_text(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None
