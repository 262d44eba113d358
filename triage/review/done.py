"""What the viewer did last, with the way to undo it."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.store import DecisionKind, DecisionRow, Store


@dataclass(frozen=True)
class Done:
    """A decision of the viewer that still stands."""

    decision: DecisionRow
    subject: str

    @property
    def words(self) -> str:
        """What was done."""
        if self.decision.kind is DecisionKind.SKIP:
            return "Skipped"
        if self.decision.kind is DecisionKind.ACCEPT:
            return f"{self.decision.priority} accepted"
        return f"{self.decision.priority} set"


def read_done(store: Store, decision_id: str, user: str) -> Done | None:
    """Return a decision, if it is the viewer's and still stands."""
    decision = store.decisions.load(decision_id) if decision_id else None
    if decision is None or decision.actor != user:
        return None
    ticket = store.tickets.load(decision.ticket_key)
    if ticket is None or ticket.standing_decision_id != decision.id:
        return None
    return Done(decision, ticket.ticket.subject)
