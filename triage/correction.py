"""A person corrects facts: what they say holds, and the rules decide alone.

All other facts keep the values that they were read with. The outcome has no probability: what a
person has looked at is no longer a matter of the reader's confidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules import Ruleset, parse_facts
from sla import OutsideHorizon, Policy
from tickets import Combination, Priority, Reason, Response, Ticket
from triage.assess import Rooms


@dataclass(frozen=True)
class Corrected:
    """What the rules say of a ticket as a person sees it."""

    facts: Combination
    """The value of every fact: corrected, or as read."""
    corrections: Combination
    """The values that differ from those read."""
    priority: Priority
    reasons: tuple[Reason, ...]
    response: Response | None
    """None without tier or receipt time, and beyond the dates that the policy knows."""


def correct(
    record: Mapping[str, Any], corrections: Combination, ticket: Ticket, rooms: Rooms
) -> Corrected:
    """Return what the rules say of a stored assessment with some facts corrected.

    `InputFaults` for facts or values that the rules do not know, and for an assessment from before
    the rules' facts were changed.
    """
    read = {name: fact["value"] for name, fact in record["facts"].items()}
    facts = parse_facts(rooms.ruleset, {**read, **corrections})
    verdict = rooms.engine.verdict(facts)
    return Corrected(
        facts=facts,
        corrections={name: value for name, value in facts.items() if value != read.get(name)},
        priority=verdict.priority,
        reasons=verdict.reasons,
        response=response_by(rooms.policy, ticket, verdict.priority),
    )


def parse_corrections(given: Mapping[str, object], ruleset: Ruleset) -> Combination:
    """Return the facts that a person corrects; `InputFaults` for what the rules do not know."""
    others = {fact.name: next(iter(fact.values)) for fact in ruleset.schema}
    facts = parse_facts(ruleset, {**others, **given})
    return {name: facts[name] for name in given}


def outcomes(facts: Combination, rooms: Rooms) -> dict[str, dict[str, Priority]]:
    """Return for each value of each fact what the rules say when that one fact has it."""
    return {
        fact.name: {
            value: rooms.engine.verdict({**facts, fact.name: value}).priority
            for value in fact.values
        }
        for fact in rooms.ruleset.schema
    }


def response_by(policy: Policy, ticket: Ticket, priority: Priority) -> Response | None:
    """Return when a ticket of a priority is due; None where that cannot be said."""
    if ticket.tier is None or ticket.received_at is None:
        return None
    try:
        return policy.response(ticket.tier, priority, ticket.received_at)
    except OutsideHorizon:
        return None
