"""Blind tickets: their suggestion is seen by nobody before they are decided.

So decisions on them measure the model, and not how much it sways people. That holds for the first
priority that is decided: from then on the suggestion can be seen, and whatever is decided anew is
decided on a copy of it that is not blind.
"""

from __future__ import annotations

from datetime import datetime

from tickets.store import DecisionKind, DecisionRow, Store, StoredTicket, SuggestionRow


def is_hidden(suggestion: SuggestionRow, standing: DecisionRow | None) -> bool:
    """Tell whether a newest suggestion must not be seen yet, given the decision that holds."""
    return suggestion.is_blind and not is_decided(suggestion, standing)


def is_decided(suggestion: SuggestionRow, standing: DecisionRow | None) -> bool:
    """Tell whether a priority is decided, and the newest suggestion says nothing new."""
    if standing is None or standing.kind is DecisionKind.SKIP:
        return False
    return suggestion.priority in (standing.priority, standing.suggested_priority)


def lay_open(
    store: Store, ticket: StoredTicket, suggestion: SuggestionRow, now: datetime
) -> SuggestionRow:
    """Keep a blind suggestion once more as one that was seen; decisions on it are not blind."""
    return store.suggestions.record(
        ticket.key, suggestion.record, now, text_version=ticket.text_version
    )
