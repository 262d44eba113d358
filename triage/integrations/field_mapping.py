"""The mapping file of plain JSON: where our fields stand in a delivery, what its events are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickets import Fault
from tickets.document import Document, Steps, read_document
from triage.integrations.fields import value_at

SCHEMA = Path(__file__).with_name("field_mapping.schema.json")

PathSteps = tuple[str | int, ...]
"""The keys and indexes from the top of a payload to a value."""


@dataclass(frozen=True)
class FieldMapping:
    """Where each of our fields stands, and which of their events is which of ours."""

    fields: Mapping[str, PathSteps]
    event: PathSteps | None
    """Where the kind of event stands; without it every delivery is a ticket."""
    events: Mapping[str, str]

    def value(self, payload: Mapping[str, Any], field: str) -> Any:
        """Return what a payload holds for one of our fields, or None."""
        return value_at(payload, *self.fields[field]) if field in self.fields else None


def load_mapping(path: Path) -> FieldMapping:
    """Return the mapping of a file; `InputFaults` with all that is wrong."""
    document = read_document(path, json.loads(SCHEMA.read_text("utf-8")))
    document.refuse_if(*_faults(document))
    values = document.values
    return FieldMapping(
        fields={name: _parsed(written) or () for name, written in values["fields"].items()},
        event=_parsed(values["event"]) if "event" in values else None,
        events=values.get("events", {}),
    )


_STEP = re.compile(r"\.([^.\[\]\s]+)|\[(\d{1,4})\]")
_PATH = re.compile(rf"(?:{_STEP.pattern})+")


def _parsed(written: str) -> PathSteps | None:
    """Return the steps of a path like `$.ticket.notes[0].text`; None if it is none."""
    rest = written.removeprefix("$")
    rest = rest if rest.startswith((".", "[")) else f".{rest}"
    if not _PATH.fullmatch(rest):
        return None
    return tuple(key or int(index) for key, index in _STEP.findall(rest))


def _faults(document: Document) -> Iterator[Fault]:
    values = document.values if isinstance(document.values, Mapping) else {}
    fields = values.get("fields")
    fields = fields if isinstance(fields, Mapping) else {}
    paths: list[Steps] = [("fields", name) for name in fields]
    for path in [*paths, *([("event",)] if "event" in values else [])]:
        written = fields[path[-1]] if len(path) > 1 else values["event"]
        if isinstance(written, str) and _parsed(written) is None:
            yield document.fault(path, f'"{written}" is no path', "write it as $.ticket.notes[0]")
    if "fields" in values and document.is_sound(("fields",)):
        yield from _missing_fields(document, fields)
    if "event" in values and not values.get("events"):
        remedy = 'name them, as in "opened: created"'
        yield document.fault(("event",), '"event" needs "events"', remedy)


def _missing_fields(document: Document, fields: Mapping[str, Any]) -> Iterator[Fault]:
    if "id" not in fields:
        remedy = "say where the ticket's id stands: without it a ticket cannot be known again"
        yield document.fault(("fields",), 'the field "id" is missing', remedy)
    if not {"subject", "body"} & set(fields):
        remedy = "say where at least one of them stands"
        yield document.fault(("fields",), 'the fields "subject" and "body" are missing', remedy)
