"""Blind tickets: their suggestion is seen by nobody before they are decided.

So decisions on them measure the model, and not how much it sways people.
"""

from __future__ import annotations

from tickets.store import DecisionKind, DecisionRow, SuggestionRow


def is_hidden(suggestion: SuggestionRow, standing: DecisionRow | None) -> bool:
    """Tell whether a newest suggestion must not be seen yet, given the decision that holds."""
    return suggestion.is_blind and not is_decided(suggestion, standing)


def is_decided(suggestion: SuggestionRow, standing: DecisionRow | None) -> bool:
    """Tell whether a priority is decided, and the newest suggestion says nothing new."""
    if standing is None or standing.kind is DecisionKind.SKIP:
        return False
    return suggestion.priority in (standing.priority, standing.suggested_priority)
