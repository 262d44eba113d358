"""Where a ticket stands in the queue, from its newest suggestion and its standing decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from tickets.priority import PRIORITIES

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for no deadline in orders, so that those without one come last on both databases."""
PLAUSIBLE = 0.10
"""A priority at least this likely may well be the right one."""


class QueueState(StrEnum):
    """What is left to do with the newest suggestion of a ticket."""

    PENDING = "pending"
    DECIDED = "decided"
    SKIPPED = "skipped"
    CLOSED = "closed"
    """The ticket was solved or erased before anyone decided."""


SUPERSEDED = "superseded"
"""In place of a queue state: a newer suggestion took this one's place."""


@dataclass(frozen=True)
class Standing:
    """The decision that holds for a ticket: its latest that has not been undone."""

    kind: str
    priority: int | None
    suggested_priority: int


@dataclass(frozen=True)
class Place:
    """Columns of a suggestion that the queue filters and orders by."""

    state: QueueState
    due_key: datetime
    urgent_key: datetime
    sure_key: float


def place(
    priority: int,
    due_at: datetime | None,
    plausible_due_at: datetime | None,
    confidence: float,
    *,
    is_blind: bool,
    standing: Standing | None,
    is_over: bool,
    is_replied: bool,
) -> Place:
    """Return the place of a newest suggestion.

    A suggestion that came after a decision is pending only if it says something that the decision
    did not know of: neither the priority decided nor the one suggested then. After a reply no
    response deadline can be missed any more, so the ticket stands with those that have none.
    One whose suggestion is hidden stands where any ticket of its tier and receipt time would, and
    before those of which more is known: its place must not tell what was suggested.
    """
    state = _state(priority, standing, is_over)
    is_hidden = is_blind and state is not QueueState.DECIDED
    due = plausible_due_at if is_hidden else due_at
    return Place(
        state=state,
        due_key=NEVER if is_replied or due is None else due,
        urgent_key=NEVER if is_replied or plausible_due_at is None else plausible_due_at,
        sure_key=0.0 if is_hidden else confidence,
    )


def _state(priority: int, standing: Standing | None, is_over: bool) -> QueueState:
    is_known = standing is not None and priority in (
        standing.priority,
        standing.suggested_priority,
    )
    if standing is not None and is_known:
        return QueueState.SKIPPED if standing.kind == "skip" else QueueState.DECIDED
    return QueueState.CLOSED if is_over else QueueState.PENDING


def plausible_due_at(record: Mapping[str, Any], *, is_blind: bool) -> datetime | None:
    """Return the nearest deadline that may well hold: the order by urgency.

    It is the earliest deadline among the suggested priority and those that are at least 10 %
    likely. So time to breach and uncertainty make one order without weights to tune: a ticket of
    which the model is sure stands at its deadline; a likely P3 of Monday that is a P0 with 20 %
    stands where that P0 would be due, since a look now costs seconds and a missed P0 an hour.
    Doubt between P3 and P4 moves nothing, for it endangers nothing. The key needs no clock, so an
    index holds the order; of equal keys the less certain comes first. Of a blind suggestion nothing
    may be known, so the deadline of any priority may hold.
    """
    response = record.get("response")
    if not response:
        return None
    likely = [
        str(each)
        for each in PRIORITIES
        if is_blind or (record.get("probabilities") or {}).get(str(each), 0.0) >= PLAUSIBLE
    ]
    alternatives = response.get("if_priority") or {}
    written = [response["due_at"], *(alternatives[each] for each in likely if each in alternatives)]
    return min(datetime.fromisoformat(each) for each in written)


def due_at(record: Mapping[str, Any]) -> datetime | None:
    """Return the response deadline of an assessment record."""
    response = record.get("response")
    return datetime.fromisoformat(response["due_at"]) if response else None
