"""All that a ticket's page tells, read from the store at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from tickets.store import (
    Claim,
    ClockEvent,
    DecisionRow,
    Message,
    SimilarTicket,
    Store,
    StoredTicket,
    SuggestionRow,
)
from triage.blindness import is_decided, is_hidden
from triage.review.seen import Seen
from triage.service.problems import Problem

LEASE = timedelta(minutes=2)
"""For which a ticket is in the hands of whoever opened it; an open page prolongs it."""
SIMILAR = 5


@dataclass(frozen=True)
class Matter:
    """A ticket with its newest suggestion, to be decided."""

    ticket: StoredTicket
    suggestion: SuggestionRow
    earlier: Sequence[SuggestionRow]
    """Suggestions that the newest replaced."""
    standing: DecisionRow | None
    """The decision that holds."""
    happened: Sequence[ClockEvent]

    @property
    def seen(self) -> Seen:
        """What a page made of it shows."""
        return Seen(self.suggestion.id, self.ticket.version)

    @property
    def is_hidden(self) -> bool:
        """Whether the suggestion must not be seen yet."""
        return is_hidden(self.suggestion, self.standing)

    @property
    def is_decided(self) -> bool:
        """Whether a priority is decided, and the newest suggestion says nothing new."""
        return is_decided(self.suggestion, self.standing)


@dataclass(frozen=True)
class Dossier:
    """All else that there is about a ticket."""

    matter: Matter
    decisions: Sequence[DecisionRow]
    messages: Sequence[Message]
    """What desks and programs are told of the decision that holds."""
    similar: Sequence[SimilarTicket]
    """None while the suggestion is hidden."""
    claim: Claim


def read_matter(store: Store, key: str) -> Matter:
    """Return what there is to decide on a ticket.

    `Problem` 404 for a ticket that is not there or was not assessed yet.
    """
    ticket = store.tickets.load(key)
    if ticket is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such ticket.")
    suggestions = store.suggestions.of_ticket(key)
    newest = next((each for each in suggestions if each.id == ticket.suggestion_id), None)
    if newest is None:
        raise Problem(HTTPStatus.NOT_FOUND, "This ticket is still being read; try again shortly.")
    standing_id = ticket.standing_decision_id
    return Matter(
        ticket=ticket,
        suggestion=newest,
        earlier=[each for each in suggestions if each.id != newest.id],
        standing=store.decisions.load(standing_id) if standing_id else None,
        happened=store.clock_events.of_ticket(key),
    )


def open_dossier(store: Store, key: str, user: str, now: datetime) -> Dossier:
    """Return all about a ticket, now in the hands of a user unless somebody else has it."""
    matter = read_matter(store, key)
    texts = (matter.ticket.ticket.subject, matter.ticket.ticket.body)
    return Dossier(
        matter=matter,
        decisions=store.decisions.of_ticket(key),
        messages=store.outbox.of_decision(matter.standing.id) if matter.standing else (),
        similar=() if matter.is_hidden else store.similarity.of(key, texts, SIMILAR),
        claim=store.claims.take(key, user, now, LEASE),
    )
