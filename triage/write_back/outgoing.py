"""The messages that a suggestion, a decision or an undo gives rise to, one for each target.

A desk is told of its own tickets: those that came by the endpoint of its name. Programs are told of
all, without the words of a ticket unless their target asks for them, and then redacted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tickets import Priority
from tickets.store import (
    Decision,
    DecisionKind,
    DecisionRow,
    Outgoing,
    StoredTicket,
    SuggestionRow,
)
from triage.redaction import redact
from triage.write_back.marks import tags_of
from triage.write_back.note import decision_note, suggestion_note, undo_note
from triage.write_back.targets import Target, Targets

AUTO, DECISION, UNDO = "auto", "decision", "undo"
"""Acts, as `written.yaml` explains them; those of suggestions are their actions."""


def of_suggestion(
    ticket: StoredTicket, suggestion: SuggestionRow, targets: Targets, now: datetime
) -> list[Outgoing]:
    """Return what a new suggestion tells; nothing where it is kept from the agents."""
    if suggestion.is_blind:
        return []
    occasion = _Occasion(ticket, f"suggestion:{suggestion.id}", now)
    act, priority = suggestion.action, suggestion.priority
    told = [
        occasion.to_desk(target, act, priority, suggestion_note(suggestion, target))
        for target in occasion.desks(act, targets)
    ]
    data = {"suggestion": {**suggestion.record, "id": suggestion.id}}
    return [*told, *occasion.to_programs("suggestion.created", data, targets)]


def of_decision(
    ticket: StoredTicket,
    suggestion: SuggestionRow,
    decision: Decision,
    targets: Targets,
    now: datetime,
) -> list[Outgoing]:
    """Return what a decision tells, for `decide` to queue; of a skip, desks are told nothing."""
    occasion = _Occasion(ticket, f"decision:{suggestion.id}:{ticket.version}", now)
    priority = _decided(suggestion, decision)
    told = [
        occasion.to_desk(
            target, DECISION, priority, decision_note(suggestion, decision, priority, target)
        )
        for target in occasion.desks(DECISION, targets)
        if priority is not None
    ]
    data = {
        "decision": {
            "kind": str(decision.kind),
            "priority": None if priority is None else str(priority),
            "reason": decision.reason,
            "actor": redact(decision.actor),
        },
        "suggestion": _in_short(suggestion),
    }
    return [*told, *occasion.to_programs("decision.made", data, targets)]


def of_undo(
    ticket: StoredTicket,
    suggestion: SuggestionRow,
    decision: DecisionRow,
    actor: str,
    targets: Targets,
    now: datetime,
) -> list[Outgoing]:
    """Return what taking a decision back tells, for `undo` to queue.

    What was applied automatically before holds again, or else the priority that the desk had.
    """
    occasion = _Occasion(ticket, f"undo:{decision.id}", now)
    told = []
    for target in occasion.desks(UNDO, targets):
        priority = _from_before(suggestion, decision, target)
        told.append(occasion.to_desk(target, UNDO, priority, undo_note(actor, priority)))
    data = {
        "decision": {"kind": "undo", "undoes": decision.id, "actor": redact(actor)},
        "suggestion": _in_short(suggestion),
    }
    return [*told, *occasion.to_programs("decision.undone", data, targets)]


def _decided(suggestion: SuggestionRow, decision: Decision) -> Priority | None:
    if decision.kind is DecisionKind.ACCEPT:
        return suggestion.priority
    return decision.priority


def _from_before(
    suggestion: SuggestionRow, decision: DecisionRow, target: Target
) -> Priority | None:
    """Return what was applied automatically before a person decided, if anything was."""
    was_applied = suggestion.action == AUTO and "priority" in target.writes[AUTO]
    is_by_person = decision.actor != AUTO
    return suggestion.priority if was_applied and is_by_person and not suggestion.is_blind else None


def _in_short(suggestion: SuggestionRow) -> dict[str, Any]:
    return {
        "id": suggestion.id,
        "priority": str(suggestion.priority),
        "confidence": suggestion.confidence,
        "action": suggestion.action,
    }


@dataclass(frozen=True)
class _Occasion:
    """Something that happened to a ticket, of which several targets may be told."""

    ticket: StoredTicket
    name: str
    """The same for the same occurrence, so that none is told twice."""
    now: datetime

    def desks(self, act: str, targets: Targets) -> Iterator[Target]:
        arrival = self.ticket.arrival
        target = targets.get(arrival.endpoint or "")
        kind = arrival.source.partition(":")[0]  # "zendesk:support" is a desk called support
        is_its_own = target and target.kind == kind and arrival.external_id
        if target and is_its_own and target.writes[act]:
            yield target

    def to_desk(self, target: Target, act: str, priority: Priority | None, note: str) -> Outgoing:
        arrival = self.ticket.arrival
        changed_at = arrival.changed_at
        payload = {
            "ticket": arrival.external_id,
            "act": act,
            "priority": None if priority is None else str(priority),
            "tags": [] if priority is None else tags_of(AUTO if act == UNDO else act, priority),
            "note": note,
            "seen": {
                "priority": arrival.extra.get("desk_priority"),
                "at": changed_at.isoformat() if changed_at else None,
            },
            "made_at": _written(self.now),
        }
        return self._message(target, payload)

    def to_programs(
        self, event: str, data: Mapping[str, Any], targets: Targets
    ) -> Iterator[Outgoing]:
        for target in targets.values():
            if target.kind == "webhook" and event in target.events:
                ticket = _ticket_record(self.ticket, target)
                payload = {
                    "type": event,
                    "timestamp": _written(self.now),
                    "data": {"ticket": ticket, **data},
                }
                yield self._message(target, payload)

    def _message(self, target: Target, payload: Mapping[str, Any]) -> Outgoing:
        key = f"{target.name}:{self.name}"
        return Outgoing(target.kind, target.name, payload, key, self.ticket.key)


def _written(now: datetime) -> str:
    """Return an instant as text whose order is that of time."""
    return now.astimezone(UTC).isoformat(timespec="microseconds")


def _ticket_record(stored: StoredTicket, target: Target) -> dict[str, Any]:
    ticket, arrival = stored.ticket, stored.arrival
    text = {"subject": redact(ticket.subject), "body": redact(ticket.body)}
    return {
        "key": stored.key,
        "source": arrival.source,
        "endpoint": arrival.endpoint,
        "external_id": arrival.external_id,
        "id": ticket.id,
        "tier": ticket.tier,
        "product_area": arrival.product_area,
        "received_at": stored.received_at.isoformat(),
        **(text if target.with_text else {}),
    }
