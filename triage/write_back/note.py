"""The internal note: what was decided, why, until when, by what, and how to correct it.

It holds no words of the ticket. Its first word is our mark, by which the desk's webhooks tell us
that the note is our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tickets import Priority
from tickets.store import Decision, SuggestionRow
from triage.integrations.own_marks import TAG_PREFIX
from triage.redaction import redact
from triage.write_back.targets import Target

_AS_APPLIED = {"auto": "set automatically", "suggest": "suggested", "review": "a first guess"}


def suggestion_note(suggestion: SuggestionRow, target: Target) -> str:
    """Return the note on a suggestion."""
    how = f"{_AS_APPLIED[suggestion.action]}, confidence {suggestion.confidence:.2f}"
    return _note(f"{suggestion.priority} {how}", suggestion, suggestion.priority, target)


def decision_note(
    suggestion: SuggestionRow, decision: Decision, priority: Priority, target: Target
) -> str:
    """Return the note on what a person decided."""
    of = f"{decision.kind} of {suggestion.priority}"
    reason = f", {decision.reason}" if decision.reason else ""
    headline = f"{priority} decided by {decision.actor} ({of}{reason})"
    return _note(headline, suggestion, priority, target)


def undo_note(actor: str, priority: Priority | None) -> str:
    """Return the note on a decision taken back."""
    again = f"{priority} as suggested" if priority is not None else "the priority from before"
    return redact(f"{TAG_PREFIX}: decision taken back by {actor}; {again} holds again")


def _note(headline: str, suggestion: SuggestionRow, priority: Priority, target: Target) -> str:
    lines = [f"{TAG_PREFIX}: {headline}", *_body(suggestion.record, priority), _remedy(target)]
    return redact("\n".join(lines))


def _body(record: Mapping[str, Any], priority: Priority) -> Iterator[str]:
    if record["response"]:
        due_at = datetime.fromisoformat(record["response"]["if_priority"][str(priority)])
        yield f"Respond by {due_at:%a %Y-%m-%d %H:%M} UTC{due_at.isoformat()[-6:]}"
    yield "Why:"
    for reason in record["reasons"]:
        yield f"- {reason['because']} [{reason['id']}]"
    facts = (
        f"{name} {fact['value']} ({fact['probability']:.2f})"
        for name, fact in record["facts"].items()
    )
    yield f"Facts as read: {', '.join(facts)}"
    versions = record["versions"]
    yield f"By model {versions['model']}, rules {versions['rules']}, policy {versions['policy']}"


def _remedy(target: Target) -> str:
    desk = f", or override it at {target.review_url}" if target.review_url else ""
    return f"To correct this, set another priority here, which will be kept{desk}"
