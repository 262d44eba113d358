"""Assessments as JSON: one object, a list, or one a line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any


def encoded(record: Any) -> bytes:
    """Return JSON in UTF-8; half a character that a client sent goes back as its JSON escape."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace")


def encoded_all(records: Iterable[Any]) -> list[bytes]:
    """Return the JSON of each record."""
    return [encoded(record) for record in records]


async def as_lines(chunks: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[bytes]:
    """Yield NDJSON as its lines become ready."""
    async for chunk in chunks:
        yield b"".join(line + b"\n" for line in chunk)


async def as_list(chunks: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[bytes]:
    """Yield a JSON list as its items become ready; cut short, it is no JSON."""
    start = b"["
    async for chunk in chunks:
        yield start + b",\n".join(chunk)
        start = b",\n"
    yield b"]" if start != b"[" else b"[]"


def in_chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield items in their order, `size` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))
