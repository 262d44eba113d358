"""What another policy or an unplanned holiday would change for tickets that are still open.

A ticket keeps the policy that it was received under until someone says otherwise: first the
difference is shown, then, if it is wanted, it becomes an event in the log like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sla.clock import ClockState, Policies, Run, state_at
from sla.events import Event, EventKind, Log
from sla.instants import to_micros
from sla.policy import Policy


@dataclass(frozen=True)
class Move:
    """An open ticket under its own policy, and as it would stand under another."""

    ticket_id: str
    before: ClockState
    after: ClockState
    event: Event
    """What the log has to say for it to be so."""

    @property
    def is_visible(self) -> bool:
        """Whether the ticket would get another deadline or another standing."""
        return _seen(self.before) != _seen(self.after)


@dataclass(frozen=True)
class Stuck:
    """A ticket that cannot be read under one of the policies."""

    ticket_id: str
    because: str


def moves(log: Log, former: Policy, current: Policy, instant: datetime) -> Iterator[Move | Stuck]:
    """Yield the open tickets of a log that could move to another policy at an instant.

    Left out are tickets that were answered, that are under that policy already, or that were
    received when it was not in force.
    """
    policies = Policies(former, (current,))
    event = Event(instant, EventKind.POLICY_CHANGED, policy=current.version)
    for ticket_id, events in log.items():
        try:
            before = state_at(events, instant, policies)
            if _may_move(before, current):
                after = state_at((*events, event), instant, policies)
                yield Move(ticket_id, before, after, event)
        except ValueError as error:  # a policy that is not at hand, a deadline beyond its horizon
            yield Stuck(ticket_id, str(error))


def _may_move(state: ClockState, current: Policy) -> bool:
    if state.received_at is None or state.run is Run.STOPPED or state.policy == current.version:
        return False
    first, last = current.receipts
    return first <= to_micros(state.received_at) < last


def _seen(state: ClockState) -> tuple[object, ...]:
    return state.standing, state.progress and state.progress.due_at
