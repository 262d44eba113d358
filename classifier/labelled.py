"""Labelled tickets: what a model learns from and is measured on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tickets import FactSchema, Priority, Ticket, TicketFault, parse_ticket
from tickets.faults import did_you_mean
from tickets.ticket import LONGEST_QUOTE, has_value

_NAIVE_DATES = ZoneInfo("UTC")
"""Dates without an offset serve for ordering only, so any fixed zone will do."""
LEAST_WEIGHT, MOST_WEIGHT = 1e-3, 1e3
"""Weights further apart are slips of the pen, and single precision could not add them up."""


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
    exercise: str = ""
    """What the ticket was made hard for, if it was: such tickets teach, and are no measure of how
    sure a model may be of ordinary ones."""
    weight: float = 1.0
    """How much the label counts beside others when heads are fitted and calibrated."""
    group: str = ""
    """What it has in common with others that must stay on its side of a split: a customer, a
    thread; nothing for most."""


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
    return LabelledTicket(
        ticket=parse_ticket(record, default_id=default_id, timezone=_NAIVE_DATES),
        priority=parse_label(record, label_names),
        facts=parse_fact_labels(record, schema),
        evidence={name: _quotes(words) for name, words in _mapping(record, "evidence").items()},
        writer=str(record.get("writer") or ""),
        split=str(record.get("split") or ""),
        difficulty=str(record.get("difficulty") or ""),
        language=str(record.get("language") or ""),
        product_area=str(record.get("product_area") or ""),
        exercise=str(record.get("exercise") or ""),
        weight=parse_weight(record),
    )


def parse_fact_labels(record: Mapping[str, Any], schema: FactSchema) -> dict[str, str]:
    """Return the facts of a raw record; `TicketFault` for one that the schema does not declare."""
    facts = _mapping(record, "facts")
    return {name: _value(schema, name, value) for name, value in facts.items()}


def _mapping(record: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return what a record says of each fact; CSV carries it as JSON text, Parquet with nulls."""
    value = record.get(field)
    if value is None or value != value or value == "":
        return {}
    if isinstance(value, str):
        with suppress(ValueError):
            value = json.loads(value)
    if not isinstance(value, Mapping):
        remedy = 'write it as {"reach": …}, in CSV as JSON text'
        raise TicketFault(field, value, f"{field} is not a mapping by fact", remedy)
    return {str(name): said for name, said in value.items() if said is not None}


def _quotes(words: Any) -> tuple[str, ...]:
    return tuple(map(str, words)) if isinstance(words, list | tuple) else (str(words),)


def parse_label(record: Mapping[str, Any], names: Mapping[str, Priority] | None = None) -> Priority:
    """Return the priority of a raw record; `TicketFault` when it has none that is known."""
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


def parse_weight(record: Mapping[str, Any]) -> float:
    """Return how much a label counts, 1 where a raw record does not say; `TicketFault` if wrong."""
    if not has_value(record, "weight"):
        return 1.0
    try:
        weight = float(record["weight"])
    except (TypeError, ValueError):
        weight = math.nan
    if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
        said = str(record["weight"])[:LONGEST_QUOTE]
        problem = f"{said!r} is no number from {LEAST_WEIGHT:g} to {MOST_WEIGHT:,g}"
        remedy = "write 0.5 for a label that counts half; nothing counts as 1"
        raise TicketFault("weight", record["weight"], problem, remedy)
    return weight


def _value(schema: FactSchema, name: str, value: Any) -> str:
    if name not in schema:
        remedy = did_you_mean(name, schema.names)
        raise TicketFault("facts", name, f"unknown fact {name!r}", remedy)
    if not isinstance(value, str) or value not in schema[name].values:
        remedy = did_you_mean(str(value), schema[name].values)
        raise TicketFault("facts", value, f"fact {name!r} has no value {value!r}", remedy)
    return value
