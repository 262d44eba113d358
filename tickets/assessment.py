"""What each room adds to a ticket on its way, up to the whole assessment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tickets.facts import FactReading
from tickets.priority import PRIORITIES, Distribution, Priority


class Action(StrEnum):
    """What a bot may do with a suggestion."""

    AUTO = "auto"
    SUGGEST = "suggest"
    REVIEW = "review"


@dataclass(frozen=True)
class Reason:
    """A cause of the suggested priority: a rule that fired, or a remark on the views."""

    kind: str
    """`rule`, `default` or `remark`."""
    id: str
    because: str
    priority: Priority | None = None
    clause: str | None = None
    """The words of the support policy that a rule stands for."""


@dataclass(frozen=True)
class Change:
    """One fact that, read differently, would have led the rules to another priority."""

    fact: str
    value: str
    """The other value."""
    probability: float
    """How likely that value is by the reading."""
    priority: Priority
    """What the rules would say of it, all other facts being as read."""


@dataclass(frozen=True)
class Suggestion:
    """The priority proposed for a ticket, how sure that is, and why."""

    priority: Priority
    confidence: float
    """Calibrated probability of `priority`."""
    probabilities: Distribution
    threshold: float
    """The confidence that `auto` would have needed."""
    action: Action
    facts: Mapping[str, FactReading]
    reasons: tuple[Reason, ...]
    nearest_change: Change | None = None
    """The likeliest single change of a fact that would change the outcome; None without one."""


@dataclass(frozen=True)
class Entitlement:
    """Whether the customer's tier includes the channel by which the ticket came."""

    channel_included: bool | None
    """None when tier or channel is not known."""
    note: str | None = None


@dataclass(frozen=True)
class Response:
    """When a first response is due, by which clock, and what other priorities would make of it."""

    due_at: datetime
    """In the time zone of the policy."""
    target: str
    """The target in the words of the policy, such as `1 business hour`."""
    clock: str
    """`calendar`, `business` or `business_days`."""
    staffed_due_at: datetime | None
    """Beside a calendar-clock target: when the same time has passed in opening hours."""
    outside_availability: bool
    """Whether the ticket came when the tier is not staffed."""
    if_priority: Mapping[Priority, datetime]


@dataclass(frozen=True)
class Resource:
    """A place of the support policy that helps with this ticket meanwhile."""

    name: str
    url: str
    because: str


@dataclass(frozen=True)
class Versions:
    """What decided, so that any past assessment can be replayed."""

    model: str
    rules: str
    policy: str
    engine: str


@dataclass(frozen=True)
class Assessment:
    """A ticket's way through all rooms: one output row."""

    id: str
    suggestion: Suggestion | None
    entitlement: Entitlement | None
    response: Response | None
    versions: Versions
    resource: Resource | None = None
    notes: tuple[str, ...] = ()
    error: Mapping[str, str] | None = None

    def as_record(self) -> dict[str, Any]:
        """Return the assessment as nested plain values, ready for JSON; times as ISO 8601."""
        return {
            "id": self.id,
            **_suggestion_record(self.suggestion),
            "entitlement": dataclasses.asdict(self.entitlement) if self.entitlement else None,
            "response": _response_record(self.response) if self.response else None,
            "resource": dataclasses.asdict(self.resource) if self.resource else None,
            "notes": list(self.notes),
            "versions": dataclasses.asdict(self.versions),
            "error": dict(self.error) if self.error else None,
        }


def _suggestion_record(suggestion: Suggestion | None) -> dict[str, Any]:
    if suggestion is None:
        keys = (
            "priority",
            "confidence",
            "probabilities",
            "threshold",
            "action",
            "facts",
            "reasons",
            "nearest_change",
        )
        return dict.fromkeys(keys)
    return {
        "priority": str(suggestion.priority),
        "confidence": round(suggestion.confidence, 4),
        "probabilities": {str(p): round(suggestion.probabilities[p], 4) for p in PRIORITIES},
        "threshold": suggestion.threshold,
        "action": str(suggestion.action),
        "facts": {name: _fact_record(reading) for name, reading in suggestion.facts.items()},
        "reasons": [_reason_record(reason) for reason in suggestion.reasons],
        "nearest_change": _change_record(suggestion.nearest_change),
    }


def _fact_record(reading: FactReading) -> dict[str, Any]:
    return {
        "value": reading.value,
        "probability": round(reading.probability, 4),
        "evidence": [dataclasses.asdict(span) for span in reading.evidence],
    }


def _reason_record(reason: Reason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "id": reason.id,
        "because": reason.because,
        "priority": str(reason.priority) if reason.priority is not None else None,
        "clause": reason.clause,
    }


def _change_record(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "fact": change.fact,
        "value": change.value,
        "probability": round(change.probability, 4),
        "priority": str(change.priority),
    }


def _response_record(response: Response) -> dict[str, Any]:
    staffed = response.staffed_due_at
    return {
        "due_at": response.due_at.isoformat(),
        "target": response.target,
        "clock": response.clock,
        "staffed_due_at": staffed.isoformat() if staffed else None,
        "outside_availability": response.outside_availability,
        "if_priority": {str(p): due.isoformat() for p, due in response.if_priority.items()},
    }
