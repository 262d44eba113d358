"""P0 to P4 and their order."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Priority(IntEnum):
    """Order of work: P0 comes first, so the more urgent of two priorities is the smaller."""

    P0 = 0
    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4

    def __str__(self) -> str:
        return self.name

    @classmethod
    def parse(cls, text: str) -> Priority:
        """Return the priority written as `P0` to `P4`; `ValueError` for any other text."""
        try:
            return cls[text.strip().upper()]
        except KeyError:
            raise ValueError(f"{text!r} is not one of {', '.join(cls.__members__)}") from None


PRIORITIES: tuple[Priority, ...] = tuple(Priority)

Distribution = Mapping[Priority, float]
"""A probability for each priority; the five sum to 1."""
