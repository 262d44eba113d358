"""Decisions on suggestions, with what desks and programs are told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tickets.store import Decision, DecisionRow, NotFound, Store, StoredTicket, SuggestionRow
from triage.blindness import is_decided, lay_open
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
        """Decide, as `tickets.store` does, and queue the messages that follow from it.

        Decided anew, a blind suggestion has been seen: the decision is about a copy laid open.
        """
        subject = self.subject(suggestion_id)
        if version == subject.ticket.version and self._is_decided(subject):
            subject = self._laid_open(subject, now)
            suggestion_id, version = subject.suggestion.id, subject.ticket.version
        messages = of_decision(subject.ticket, subject.suggestion, decision, self.targets, now)
        return self.store.decisions.decide(suggestion_id, decision, version, now, messages)

    def undo(self, decision_id: str, actor: str, now: datetime) -> DecisionRow:
        """Take a decision back, with the messages that have not left, and tell of it otherwise.

        The suggestion stays to be seen, blind or not; a skip had shown nothing.
        """
        undone = self.store.decisions.load(decision_id)
        if undone is None:
            raise NotFound(f"There is no decision {decision_id[:40]!r}.")
        subject = self.subject(undone.suggestion_id)
        messages = of_undo(subject.ticket, subject.suggestion, undone, actor, self.targets, now)
        row = self.store.decisions.undo(decision_id, actor, now, messages)
        if undone.priority is not None:
            self._laid_open(subject, now)
        return row

    def _is_decided(self, subject: Subject) -> bool:
        standing_id = subject.ticket.standing_decision_id
        standing = self.store.decisions.load(standing_id) if standing_id else None
        return is_decided(subject.suggestion, standing)

    def _laid_open(self, subject: Subject, now: datetime) -> Subject:
        """Return a subject with a suggestion that is not blind, or is not the newest one."""
        ticket, suggestion = subject.ticket, subject.suggestion
        if not suggestion.is_blind or ticket.suggestion_id != suggestion.id:
            return subject
        return self.subject(lay_open(self.store, ticket, suggestion, now).id)
