"""How values travel into the database and back, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

NO_SUCH_NUMBER = -1
LARGEST_NUMBER = 2**63 - 1


class Instant(TypeDecorator[datetime]):
    """An aware instant; kept and given back in UTC, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value.isoformat()} has no UTC offset")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Plain(TypeDecorator[str]):
    """Text; what no database can keep (NUL, half a surrogate pair) becomes a replacement mark."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Return a text as both databases can keep it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text.replace("\x00", "\ufffd")


class Number(TypeDecorator[str]):
    """A whole number inside, a text outside; a text that is no such number is that of no row."""

    impl = BigInteger().with_variant(Integer(), "sqlite")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        is_number = value.isascii() and value.isdecimal() and len(value) <= 19
        number = int(value) if is_number else NO_SUCH_NUMBER
        return number if number <= LARGEST_NUMBER else NO_SUCH_NUMBER

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(value)


Record = JSON(none_as_null=True)
"""Nested plain values. On PostgreSQL `json`, not `jsonb`: it keeps every value as it was given."""
