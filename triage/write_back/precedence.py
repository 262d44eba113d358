"""Whose priority stands: what anyone else set since we looked is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.write_back.outcome import Kept


@dataclass(frozen=True)
class Seen:
    """The priority of a ticket when we assessed it, in the desk's own word."""

    priority: str | None
    at: datetime | None
    """When the desk had last changed the ticket by then; None where it did not say."""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Seen:
        """Return what a message remembers."""
        seen = payload["seen"]
        return cls(seen["priority"], datetime.fromisoformat(seen["at"]) if seen["at"] else None)


@dataclass(frozen=True)
class PriorityChange:
    """A priority of a ticket became another."""

    at: datetime
    to: str | None
    is_ours: bool
    by: str = "a person"


def kept(seen: Seen, changes: Sequence[PriorityChange]) -> Kept | None:
    """Return that someone else's priority stands, unless ours may replace what is there.

    `changes` come oldest first. What others set before we looked, or before we last wrote, we knew.
    """
    if not changes or changes[-1].is_ours:
        return None
    last = changes[-1]
    if seen.at is not None and last.at <= seen.at:
        return None
    if seen.at is None and last.to == seen.priority:
        return None
    return Kept(f'{last.by} set "{last.to}"' if last.to else f"{last.by} took the priority away")
