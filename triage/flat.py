"""Assessments as flat rows: the columns of the CSV and Parquet forms and of data frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tickets import PRIORITIES, Assessment, FactSchema

_PRIORITY_NAMES = tuple(str(priority) for priority in PRIORITIES)

NUMBERS = ("confidence", "threshold", "nearest_change.probability")
FLAGS = ("entitlement.channel_included", "response.outside_availability")


def flat_columns(schema: FactSchema) -> tuple[str, ...]:
    """Return the names of all columns of a flat assessment, in order."""
    return (
        *("id", "priority", "confidence"),
        *(f"probabilities.{name}" for name in _PRIORITY_NAMES),
        *("threshold", "action"),
        *(f"facts.{fact}.{key}" for fact in schema.names for key in _FACT_KEYS),
        "reasons",
        *(f"nearest_change.{key}" for key in ("fact", "value", "probability", "priority")),
        *("entitlement.channel_included", "entitlement.note"),
        *("response.due_at", "response.target", "response.clock", "response.staffed_due_at"),
        "response.outside_availability",
        *(f"response.if_priority.{name}" for name in _PRIORITY_NAMES),
        *("resource.name", "resource.url", "resource.because", "notes"),
        *("versions.model", "versions.rules", "versions.policy", "versions.engine"),
        *("error.field", "error.value", "error.problem", "error.remedy"),
    )


_FACT_KEYS = ("value", "probability", "evidence")


def is_number(column: str) -> bool:
    """Tell whether a flat column holds numbers; all but the flags among the others hold text."""
    return (
        column in NUMBERS
        or column.startswith("probabilities.")
        or (column.startswith("facts.") and column.endswith(".probability"))
    )


def flat_record(assessment: Assessment, columns: Iterable[str]) -> dict[str, Any]:
    """Return an assessment with nested keys joined by dots and lists as JSON text."""
    flat: dict[str, Any] = dict.fromkeys(columns)
    for key, value in assessment.as_record().items():
        flat.update(_flattened(key, value))
    return flat


def _flattened(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {
            k: v for inner in value for k, v in _flattened(f"{key}.{inner}", value[inner]).items()
        }
    if isinstance(value, list):
        return {key: json.dumps(value, ensure_ascii=False)}
    return {} if value is None else {key: value}


def carried_names(
    columns: Sequence[str], ours: Iterable[str], id_column: str = "id"
) -> dict[str, str]:
    """Return under which name each column of the input travels along.

    One that collides with an output name becomes `input.NAME`. A column `id` that the ids came from
    does not travel, as the assessment repeats it.
    """
    taken = set(ours)
    names = {}
    for column in columns:
        if column == id_column == "id":
            continue
        name = column
        while name in taken or (name != column and name in columns):
            name = f"input.{name}"
        names[column] = name
        taken.add(name)
    return names
