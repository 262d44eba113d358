"""Intake: tickets become stored suggestions. Every door that keeps what passes leads through here.

A ticket that is known and reads as before gets the suggestion it has, so that whatever is delivered
twice, or worked on again after a crash, is there once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from tickets import Action, Assessment, Ticket
from tickets.store import (
    Arrival,
    Conflict,
    Decision,
    DecisionKind,
    Outgoing,
    Store,
    StoredTicket,
    SuggestionRow,
)
from triage.desk import Desk
from triage.write_back.outgoing import AUTO, of_suggestion
from triage.write_back.targets import Targets

AUTOMATIC = "auto"
"""The actor of decisions that nobody made but a suggestion whose action is `auto`."""


@dataclass(frozen=True)
class Taken:
    """A ticket that was taken in."""

    ticket: StoredTicket
    suggestion: SuggestionRow
    is_new: bool
    """Whether the suggestion was made just now."""


@dataclass(frozen=True)
class Intake:
    """Where tickets are kept, and on which terms."""

    store: Store
    blind_share: float = 0.0
    """Share of the tickets whose suggestion agents do not see before they have decided."""
    targets: Targets = field(default_factory=dict)
    """The desks and programs that are told of suggestions."""

    def take(
        self,
        arrivals: Sequence[tuple[Ticket, Arrival]],
        desk: Desk,
        now: datetime,
        shadow: Desk | None = None,
    ) -> list[Taken]:
        """Store tickets with their suggestions and return both, in their order.

        `StoreUnavailable` when that fails; the same call again does what was left undone.

        A shadow desk assesses the new ones as well; what it says is stored beside and not shown.
        """
        return [
            taken
            for portion in _without_repeats(arrivals)
            for taken in self._take(portion, desk, now, shadow)
        ]

    def _take(
        self,
        arrivals: Sequence[tuple[Ticket, Arrival]],
        desk: Desk,
        now: datetime,
        shadow: Desk | None,
    ) -> list[Taken]:
        stored = self.store.tickets.receive_many(arrivals, now)
        known = {ticket.key: self._known(ticket, desk) for ticket in stored}
        self._tell_again(stored, known, now)
        new = {ticket.key: ticket for ticket in stored if known[ticket.key] is None}
        made = self._assessed(list(new.values()), desk, now)
        if shadow is not None:
            self._shadowed(list(new.values()), shadow, now)
        return [
            Taken(ticket, known[ticket.key] or made[ticket.key], ticket.key in made)
            for ticket in stored
        ]

    def _known(self, ticket: StoredTicket, desk: Desk) -> SuggestionRow | None:
        """Return the suggestion that a ticket has, if it is of today or a person has judged it."""
        if not ticket.is_assessed or ticket.suggestion_id is None:
            return None
        suggestion = self.store.suggestions.load(ticket.suggestion_id)
        if suggestion is None or ticket.standing_decision_id is not None:
            return suggestion
        is_of_today = suggestion.record["versions"] == asdict(desk.rooms.versions)
        return suggestion if is_of_today else None

    def _tell_again(
        self,
        stored: Sequence[StoredTicket],
        known: Mapping[str, SuggestionRow | None],
        now: datetime,
    ) -> None:
        """Tell of suggestions whose process died before it could; what was told is told once."""
        for ticket in stored:
            suggestion = known[ticket.key]
            if suggestion and self.targets and not self.store.decisions.of_ticket(ticket.key):
                self._told(ticket, suggestion, now)

    def _assessed(
        self, tickets: Sequence[StoredTicket], desk: Desk, now: datetime
    ) -> dict[str, SuggestionRow]:
        assessments = desk.assess_many([stored.ticket for stored in tickets])
        made = {}
        for stored, assessment in zip(tickets, assessments, strict=True):
            made[stored.key] = suggestion = self._recorded(stored, assessment, now)
            self._told(stored, suggestion, now)
        return made

    def _recorded(
        self, stored: StoredTicket, assessment: Assessment, now: datetime
    ) -> SuggestionRow:
        if stored.arrival.incomplete:
            assessment = for_review(assessment, stored.arrival.incomplete)
        return self.store.suggestions.record(
            stored.key,
            assessment.as_record(),
            now,
            is_blind=is_blind(stored.key, self.blind_share),
            text_version=stored.text_version,
        )

    def _told(self, stored: StoredTicket, suggestion: SuggestionRow, now: datetime) -> None:
        """Queue what desk and programs are told; what is set there by itself counts as decided."""
        messages = of_suggestion(stored, suggestion, self.targets, now)
        if not self._is_applied(suggestion, messages):
            for message in messages:
                self.store.outbox.put(message, now)
            return
        decision = Decision(DecisionKind.ACCEPT, AUTOMATIC)
        with suppress(Conflict):  # somebody was quicker
            self.store.decisions.decide(suggestion.id, decision, None, now, messages)

    def _is_applied(self, suggestion: SuggestionRow, messages: Sequence[Outgoing]) -> bool:
        """Tell whether messages set the suggested priority at a desk, without a person."""
        if suggestion.action != Action.AUTO:
            return False
        return any("priority" in self.targets[m.target].writes.get(AUTO, ()) for m in messages)

    def _shadowed(self, tickets: Sequence[StoredTicket], shadow: Desk, now: datetime) -> None:
        suggestions = shadow.suggest_many([stored.ticket for stored in tickets])
        version = shadow.rooms.model.version
        for stored, suggestion in zip(tickets, suggestions, strict=True):
            self.store.shadow.record(
                stored.key,
                version,
                suggestion.priority,
                suggestion.confidence,
                suggestion.probabilities,
                now,
            )


def _without_repeats(
    arrivals: Sequence[tuple[Ticket, Arrival]],
) -> Iterator[list[tuple[Ticket, Arrival]]]:
    """Yield portions in which no ticket stands twice: each text of it is assessed for itself."""
    portion: list[tuple[Ticket, Arrival]] = []
    seen: set[tuple[str, str]] = set()
    for ticket, arrival in arrivals:
        if arrival.external_id is not None:
            identity = (arrival.source, arrival.external_id)
            if identity in seen:
                yield portion
                portion, seen = [], set()
            seen.add(identity)
        portion.append((ticket, arrival))
    if portion:
        yield portion


def is_blind(key: str, share: float) -> bool:
    """Tell whether a ticket is among those judged unseen: by its key, so the answer stays."""
    digest = hashlib.sha256(f"blind {key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def for_review(assessment: Assessment, missing: Sequence[str]) -> Assessment:
    """Return an assessment of a ticket that came without some fields: a person has to look."""
    assert assessment.suggestion is not None  # every parsed ticket gets one
    note = f"the desk sent no {', '.join(missing)}"
    return replace(
        assessment,
        suggestion=replace(assessment.suggestion, action=Action.REVIEW),
        notes=(*assessment.notes, note),
    )


def answer(taken: Taken) -> dict[str, Any]:
    """Return what a caller is told: the assessment, and the id under which it can be decided."""
    record: Mapping[str, Any] = taken.suggestion.record
    return {**record, "suggestion_id": taken.suggestion.id}
