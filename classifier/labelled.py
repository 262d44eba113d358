"""Labelled tickets: what a model learns from and is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tickets import FactSchema, Priority, Ticket, TicketFault, parse_ticket
from tickets.faults import did_you_mean

_NAIVE_DATES = ZoneInfo("UTC")
"""Dates without an offset serve for ordering only, so any fixed zone will do."""


@dataclass(frozen=True)
class LabelledTicket:
    """A ticket with the priority held true for it and, where known, its facts and their words."""

    ticket: Ticket
    priority: Priority
    facts: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    writer: str = ""
    split: str = ""
    difficulty: str = ""
    language: str = ""
    product_area: str = ""


def parse_labelled(
    record: Mapping[str, Any],
    schema: FactSchema,
    *,
    default_id: str,
    label_names: Mapping[str, Priority] | None = None,
) -> LabelledTicket:
    """Return the labelled ticket of a raw record; `TicketFault` names the first wrong field.

    `label_names` says which priority each word of the label column stands for; without it the words
    are P0 to P4.
    """
    facts = record.get("facts") or {}
    return LabelledTicket(
        ticket=parse_ticket(record, default_id=default_id, timezone=_NAIVE_DATES),
        priority=_label(record, label_names),
        facts={name: _value(schema, name, value) for name, value in facts.items()},
        evidence={name: tuple(q) for name, q in (record.get("evidence") or {}).items()},
        writer=str(record.get("writer") or ""),
        split=str(record.get("split") or ""),
        difficulty=str(record.get("difficulty") or ""),
        language=str(record.get("language") or ""),
        product_area=str(record.get("product_area") or ""),
    )


def _label(record: Mapping[str, Any], names: Mapping[str, Priority] | None) -> Priority:
    column = "priority" if record.get("priority") not in (None, "") else "label"
    word = record.get(column)
    text = str(word).strip() if word is not None and word == word else ""
    if isinstance(word, float) and word.is_integer():
        text = str(int(word))
    if not text:
        raise TicketFault(column, text, "has no label", "label it, or leave the row out")
    known = names or {str(priority): priority for priority in Priority}
    for name, priority in known.items():
        if name.lower() == text.lower():
            return priority
    remedy = did_you_mean(text, known, "name its priority with --map, as in --map urgent=P0")
    raise TicketFault(column, text, f"unknown label {text!r}", remedy)


def _value(schema: FactSchema, name: str, value: Any) -> str:
    if name not in schema:
        remedy = did_you_mean(name, schema.names)
        raise TicketFault("facts", name, f"unknown fact {name!r}", remedy)
    if value not in schema[name].values:
        remedy = did_you_mean(str(value), schema[name].values)
        raise TicketFault("facts", value, f"fact {name!r} has no value {value!r}", remedy)
    return str(value)
