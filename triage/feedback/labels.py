"""Feedback: what people decided becomes labels that training and evaluation take."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from rules import load_ruleset
from tickets import FactSchema, Fault, InputFaults
from tickets.document import read_document
from tickets.store import DecisionKind, Store, StoredTicket
from triage.intake import AUTOMATIC
from triage.period import Period

WEIGHTS = Path(__file__).with_name("feedback.yaml")
_SCHEMA = Path(__file__).with_name("feedback.schema.json")

COLUMNS = (
    *("id", "subject", "body", "tier", "channel", "received_at", "environment"),
    *("product_area", "language", "priority", "facts", "weight"),
    *("decision", "suggested", "is_blind", "reason", "decided_at", "decided_by", "source"),
)


class Circumstance(StrEnum):
    """How a label came about."""

    BLIND = "blind"
    """Without a suggestion in sight."""
    OVERRIDE = "override"
    ACCEPTED = "accepted"
    """The suggestion was shown and taken."""


Record = Mapping[str, Any]


@dataclass
class Feedback:
    """The labels of a period, and why other decisions are none."""

    labels: list[dict[str, Any]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """Yield what to tell the user beside the labels."""
        counts = Counter(label["decision"] for label in self.labels)
        shown = ", ".join(f"{counts[one]:,} {one}" for one in Circumstance)
        yield f"{len(self.labels):,} labels: {shown}"
        if self.left_out:
            others = ", ".join(f"{count:,} {why}" for why, count in self.left_out.items())
            yield f"left out: {others}"


def load_weights(path: Path = WEIGHTS) -> dict[Circumstance, float]:
    """Return how much labels count; `InputFaults` lists everything wrong in the file."""
    document = read_document(path, json.loads(_SCHEMA.read_text("utf-8")))
    document.refuse_if()
    return {one: float(document.values["weights"][one]) for one in Circumstance}


def feedback_labels(store: Store, period: Period) -> Feedback:
    """Return the decisions of a period as labels, oldest first.

    Only what stands and a person decided counts, and only where the ticket's text is still there.
    `InputFaults` when nothing does.
    """
    weights, schema = load_weights(), load_ruleset().schema
    feedback = Feedback()
    for decision in store.decisions.export(period.since, period.until):
        if decision["kind"] == DecisionKind.UNDO:
            continue
        stored = store.tickets.load(decision["ticket_key"])
        assert stored is not None  # a decision never outlives its ticket
        if why_not := _why_no_label(decision, stored):
            feedback.left_out[why_not] += 1
        else:
            feedback.labels.append(_label(decision, stored, weights, schema))
    if not feedback.labels:
        _, *why = [*feedback.lines(), "nothing was decided in it"][:2]
        raise InputFaults(Fault("database", "holds no label of this time", *why))
    return feedback


def _why_no_label(decision: Record, stored: StoredTicket) -> str:
    """Tell why a decision is no label; empty when it is one."""
    if stored.standing_decision_id != decision["id"]:
        return "undone or replaced"
    if decision["priority"] is None:
        return "skipped"
    if decision["actor"] == AUTOMATIC:
        return "decided by nobody (auto)"
    if stored.erased_at is not None:
        return "erased"
    return ""


def _label(
    decision: Record,
    stored: StoredTicket,
    weights: Mapping[Circumstance, float],
    schema: FactSchema,
) -> dict[str, Any]:
    circumstance, ticket = _circumstance(decision), stored.ticket
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "body": ticket.body,
        "tier": ticket.tier,
        "channel": ticket.channel,
        "received_at": stored.received_at.isoformat(),
        "environment": ticket.environment,
        "product_area": stored.arrival.product_area,
        "language": stored.arrival.language,
        "priority": decision["priority"],
        "facts": _declared(decision["corrected_facts"], schema),
        "weight": weights[circumstance],
        "decision": str(circumstance),
        "suggested": decision["suggested_priority"],
        "is_blind": decision["is_blind"],
        "reason": decision["reason"],
        "decided_at": decision["decided_at"],
        "decided_by": decision["actor"],
        "source": decision["source"],
    }


def _circumstance(decision: Record) -> Circumstance:
    if decision["is_blind"]:
        return Circumstance.BLIND
    is_taken = decision["priority"] == decision["suggested_priority"]
    return Circumstance.ACCEPTED if is_taken else Circumstance.OVERRIDE


def _declared(facts: Mapping[str, str], schema: FactSchema) -> dict[str, str]:
    """Return the corrected facts that the rules still know: they may have changed since."""
    return {
        name: value
        for name, value in facts.items()
        if name in schema and value in schema[name].values
    }
