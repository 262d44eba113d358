"""A suggestion as the store has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickets.priority import Priority
from tickets.store.database import AnyRow
from tickets.store.place import SUPERSEDED


@dataclass(frozen=True)
class SuggestionRow:
    """One assessment of a ticket, and what of it the queue filters by."""

    id: str
    ticket_key: str
    made_at: datetime
    record: Mapping[str, Any]
    """The assessment, as `Assessment.as_record` gave it."""
    priority: Priority
    confidence: float
    action: str
    due_at: datetime | None
    model_version: str
    rules_version: str
    policy_version: str
    language: str | None
    is_blind: bool
    """Kept from the agents, so that their decision measures the model and not its influence."""
    is_superseded: bool
    """Whether there is a newer one for the ticket."""


def suggestion_row(row: AnyRow) -> SuggestionRow:
    """Return the suggestion of a database row."""
    return SuggestionRow(
        id=row.id,
        ticket_key=row.ticket_key,
        made_at=row.made_at,
        record=row.record,
        priority=Priority(row.priority),
        confidence=row.confidence,
        action=row.action,
        due_at=row.due_at,
        model_version=row.model_version,
        rules_version=row.rules_version,
        policy_version=row.policy_version,
        language=row.language,
        is_blind=row.is_blind,
        is_superseded=row.state == SUPERSEDED,
    )
