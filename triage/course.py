"""How far a ticket is at its desk, learnt afterwards: its clock and its place in the queue follow.

A webhook tells what has just happened; a history tells what has come of it. So of a ticket that was
solved long ago, nobody is asked, and one that was answered has no deadline to miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.store import ClockEvent, EventKind, Store, StoredTicket
from triage.integrations.desk_words import Stage, change_of_stage

TOLD_BY = "history "
"""Begins what stands in place of a delivery's id."""
_OF_STAGE = frozenset(EventKind) - {EventKind.REPLIED, EventKind.PRIORITY_CHANGED}
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Course:
    """How far a ticket was when its desk was asked."""

    as_of: datetime
    """When the desk had last changed it: what it told live after that is known better."""
    stage: Stage | None = None
    """None where the desk does not say."""
    stage_at: datetime | None = None
    """Since when; None counts as the ticket's receipt."""
    replied_at: datetime | None = None
    """When a person first answered in public."""


def follow(store: Store, stored: StoredTicket, course: Course) -> None:
    """Note in a ticket's clock what its course adds to it; a second time adds nothing."""
    events = store.clock_events.of_ticket(stored.key)
    if _is_known_better(stored, events, course):
        return
    if course.replied_at is not None and stored.replied_at is None:
        _note(store, stored, EventKind.REPLIED, course.replied_at)
    kind = course.stage and change_of_stage(Stage(stored.state), course.stage)
    if kind:
        _note(store, stored, EventKind(kind), _after(events, course.stage_at or stored.received_at))


def _is_known_better(stored: StoredTicket, events: Sequence[ClockEvent], course: Course) -> bool:
    assert stored.arrival.changed_at is not None  # every stored one has it
    live = (event.at for event in events if not (event.delivery_id or "").startswith(TOLD_BY))
    latest = max((stored.arrival.changed_at, *live))
    return latest.replace(microsecond=0) > course.as_of  # some desks count seconds when asked


def _after(events: Sequence[ClockEvent], at: datetime) -> datetime:
    """Return when an event is to be, so that it is the latest: the state is that of the latest."""
    latest = max((event.at for event in events if event.kind in _OF_STAGE), default=None)
    return at if latest is None else max(at, latest + _MOMENT)


def _note(store: Store, stored: StoredTicket, kind: EventKind, at: datetime) -> None:
    told_by = f"{TOLD_BY}{at.isoformat()}"
    store.clock_events.add(stored.key, kind, max(at, stored.received_at), {}, told_by)
