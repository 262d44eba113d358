"""The walk: a ticket's way through the rooms. Read this first.

    ticket ──▶ classifier: facts, direct view ──▶ rules: priority, reasons ──▶ sla: deadline

Pure: the same tickets and rooms give the same assessments; nothing here reads a clock or a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifier import Model
from rules import Diagram, Engine, Ruleset, VerdictTable
from sla import OutsideHorizon, Policy
from tickets import Assessment, Priority, Reading, Resource, Response, Suggestion, Ticket, Versions
from triage.suggest import suggest


@dataclass(frozen=True)
class Rooms:
    """The rooms that a ticket passes, furnished with the current model, rules and policy."""

    model: Model
    ruleset: Ruleset
    table: VerdictTable
    diagram: Diagram
    """The table, folded."""
    engine: Engine
    policy: Policy

    @property
    def versions(self) -> Versions:
        """What decides here, for the record."""
        return Versions(
            model=self.model.version,
            rules=self.ruleset.version,
            policy=self.policy.version,
            engine=self.engine.name,
        )


def assess(tickets: Sequence[Ticket], rooms: Rooms) -> list[Assessment]:
    """Walk tickets through all rooms: facts from the text, a priority by the rules, a deadline."""
    readings = rooms.model.read(tickets)
    suggestions = suggest(readings, rooms.model, rooms.engine, rooms.diagram, rooms.table)
    return [
        _assessment(ticket, reading, suggestion, rooms)
        for ticket, reading, suggestion in zip(tickets, readings, suggestions, strict=True)
    ]


def _assessment(
    ticket: Ticket, reading: Reading, suggestion: Suggestion, rooms: Rooms
) -> Assessment:
    response, response_note = _response(ticket, suggestion.priority, rooms.policy)
    notes = (_language_note(reading), response_note)
    return Assessment(
        id=ticket.id,
        suggestion=suggestion,
        entitlement=rooms.policy.entitlement(ticket.tier, ticket.channel),
        response=response,
        versions=rooms.versions,
        resource=_resource(suggestion, rooms.policy),
        notes=tuple(note for note in notes if note),
    )


def _response(ticket: Ticket, priority: Priority, policy: Policy) -> tuple[Response | None, str]:
    if ticket.tier is None:
        return None, "no tier given, so no response deadline"
    if ticket.received_at is None:
        return None, "no receipt time given, so no response deadline"
    try:
        return policy.response(ticket.tier, priority, ticket.received_at), ""
    except OutsideHorizon as error:
        return None, f"no response deadline: {error}"


def _resource(suggestion: Suggestion, policy: Policy) -> Resource | None:
    values = {name: reading.value for name, reading in suggestion.facts.items()}
    return policy.resource_for(suggestion.priority, values)


def _language_note(reading: Reading) -> str:
    if reading.is_supported_language:
        return ""
    return f"written in another language ({reading.language}); the suggestion is a best guess"
