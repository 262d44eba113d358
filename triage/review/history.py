"""A ticket's history in words, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickets.store import DecisionKind, DecisionRow, EventKind, Message, MessageState, SuggestionRow
from triage.intake import AUTOMATIC
from triage.review.dossier import Dossier
from triage.review.keys import REASONS

EVENTS = {
    EventKind.REPLIED: "A first response was sent",
    EventKind.WAITING: "Waits for the customer",
    EventKind.RESUMED: "The customer answered",
    EventKind.SOLVED: "Solved at the desk",
    EventKind.REOPENED: "Reopened at the desk",
    EventKind.PRIORITY_CHANGED: "The priority was changed at the desk",
}
MESSAGES = {
    MessageState.PENDING: "not sent yet; undo takes it back",
    MessageState.CLAIMED: "is being sent",
    MessageState.SENT: "sent",
    MessageState.KEPT: "left as it was there, which has precedence",
    MessageState.GAVE_UP: "could not be sent",
    MessageState.WITHDRAWN: "withdrawn before it was sent",
}
REASON_WORDS = {each.reason: each.label.lower() for each in REASONS} | {
    "corrected-facts": "facts corrected",
    "set-at-desk": "set at the desk",
}


@dataclass(frozen=True)
class Entry:
    """Something that happened."""

    at: datetime
    what: str
    detail: str = ""


def history(dossier: Dossier) -> list[Entry]:
    """Return what happened to a ticket; nothing of suggestions that must not be seen yet."""
    return sorted(_entries(dossier), key=lambda entry: entry.at)


def _entries(dossier: Dossier) -> Iterator[Entry]:
    matter, ticket = dossier.matter, dossier.matter.ticket
    channel = f" by {ticket.ticket.channel}" if ticket.ticket.channel else ""
    yield Entry(ticket.received_at, f"Received{channel}")
    if not matter.is_hidden:
        told: Mapping[str, Any] = {}
        for suggestion in (*matter.earlier, matter.suggestion):
            if suggestion.record != told:  # a blind one laid open says the same once more
                yield _suggested(suggestion)
            told = suggestion.record
    for decision in dossier.decisions:
        yield _decided(decision)
    for event in matter.happened:
        yield Entry(event.at, EVENTS[event.kind])
    for message in dossier.messages:
        yield _told(message)


def _suggested(suggestion: SuggestionRow) -> Entry:
    what = f"{suggestion.priority} suggested, {_percent(suggestion.confidence)} sure"
    versions = suggestion.record["versions"]
    return Entry(suggestion.made_at, what, f"model {versions['model']}, rules {versions['rules']}")


def _percent(share: float) -> str:
    """Return a probability in words; no suggestion is certain."""
    return f"{share:.0%}" if share <= 0.995 else ">99%"


def _decided(decision: DecisionRow) -> Entry:
    who = "The suggestion itself" if decision.actor == AUTOMATIC else decision.actor
    what = {
        DecisionKind.ACCEPT: f"{who} accepted {decision.priority}",
        DecisionKind.OVERRIDE: f"{who} set {decision.priority}",
        DecisionKind.SKIP: f"{who} skipped it",
        DecisionKind.UNDO: f"{who} undid a decision",
    }[decision.kind]
    return Entry(decision.decided_at, what, "; ".join(_details(decision)))


def _details(decision: DecisionRow) -> Iterator[str]:
    if decision.reason:
        yield REASON_WORDS.get(decision.reason, decision.reason)
    for name, value in decision.corrected_facts.items():
        yield f"{name} is {value}"
    if decision.note:
        yield f"“{decision.note}”"


def _told(message: Message) -> Entry:
    return Entry(message.created_at, f"Message to {message.target}", MESSAGES[message.state])
