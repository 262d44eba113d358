"""Decisions on suggestions, with what desks and programs are told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tickets.store import Decision, DecisionRow, NotFound, Store, StoredTicket, SuggestionRow
from triage.write_back.outgoing import of_decision, of_undo
from triage.write_back.targets import Targets


@dataclass(frozen=True)
class Subject:
    """A suggestion and the ticket that it is about."""

    ticket: StoredTicket
    suggestion: SuggestionRow


@dataclass(frozen=True)
class Decisions:
    """Where decisions are kept, and who is told of them."""

    store: Store
    targets: Targets

    def subject(self, suggestion_id: str) -> Subject:
        """Return a suggestion with its ticket; `NotFound` when there is none."""
        suggestion = self.store.suggestions.load(suggestion_id)
        ticket = self.store.tickets.load(suggestion.ticket_key) if suggestion else None
        if suggestion is None or ticket is None:
            raise NotFound(f"There is no suggestion {suggestion_id[:40]!r}.")
        return Subject(ticket, suggestion)

    def decide(
        self, suggestion_id: str, decision: Decision, version: int | None, now: datetime
    ) -> DecisionRow:
        """Decide, as `tickets.store` does, and queue the messages that follow from it."""
        subject = self.subject(suggestion_id)
        messages = of_decision(subject.ticket, subject.suggestion, decision, self.targets, now)
        return self.store.decisions.decide(suggestion_id, decision, version, now, messages)

    def undo(self, decision_id: str, actor: str, now: datetime) -> DecisionRow:
        """Take a decision back, with the messages that have not left, and tell of it otherwise."""
        undone = self.store.decisions.load(decision_id)
        if undone is None:
            raise NotFound(f"There is no decision {decision_id[:40]!r}.")
        subject = self.subject(undone.suggestion_id)
        messages = of_undo(subject.ticket, subject.suggestion, undone, actor, self.targets, now)
        return self.store.decisions.undo(decision_id, actor, now, messages)
