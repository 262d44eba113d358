"""A status page's incidents and maintenances, as Atlassian Statuspage tells them in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickets import Fault, InputFaults


@dataclass(frozen=True)
class ComponentSpan:
    """A time in which one component had one status, within an incident."""

    component: str
    status: str
    begins_at: datetime
    ends_at: datetime | None
    """None while it lasts."""


@dataclass(frozen=True)
class Incident:
    """An unplanned event on the page."""

    id: str
    name: str
    impact: str
    began_at: datetime
    resolved_at: datetime | None
    """None while it lasts."""
    url: str
    components: tuple[str, ...]
    """The components that it names, if any."""
    spans: tuple[ComponentSpan, ...]
    """What its updates say of single components; empty where they say nothing."""

    def is_active_at(self, instant: datetime) -> bool:
        """Tell whether the incident had begun and was not resolved."""
        return self.began_at <= instant and (self.resolved_at is None or instant < self.resolved_at)

    def concerns(self, component: str) -> bool:
        """Tell whether the incident names a component, or none at all."""
        return not self.components or _key(component) in map(_key, self.components)


@dataclass(frozen=True)
class Maintenance:
    """A planned event on the page, with the times that were announced."""

    id: str
    name: str
    begins_at: datetime
    ends_at: datetime
    components: tuple[str, ...]


@dataclass(frozen=True)
class StatusPage:
    """What a status page has told."""

    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...] = ()

    def active_at(self, instant: datetime, component: str | None = None) -> tuple[Incident, ...]:
        """Return the incidents known at an instant, of one component or of all, oldest first.

        They explain a ticket and suggest an answer; they never raise a priority by themselves.
        """
        return tuple(
            incident
            for incident in self.incidents
            if incident.is_active_at(instant) and (not component or incident.concerns(component))
        )


def parse_status_page(documents: Mapping[str, str]) -> StatusPage:
    """Return the page that some JSON documents tell of, given by their names.

    Each is an answer of the page's API that lists `incidents`, `scheduled_maintenances` or both;
    what stands in several counts once. `InputFaults` with everything that cannot be read.
    """
    incidents: dict[str, Incident] = {}
    maintenances: dict[str, Maintenance] = {}
    faults: list[Fault] = []
    for name, text in documents.items():
        try:
            for place, record in _records(name, text):
                if "scheduled_for" in record:
                    maintenances[record["id"]] = _maintenance(place, record)
                else:
                    incidents[record["id"]] = _incident(place, record)
        except InputFaults as wrong:
            faults.extend(wrong.faults)
    if faults:
        raise InputFaults(*faults)
    return StatusPage(
        tuple(sorted(incidents.values(), key=lambda incident: incident.began_at)),
        tuple(sorted(maintenances.values(), key=lambda planned: planned.begins_at)),
    )


def _records(name: str, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the records of a document, each with its place."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "too deeply nested")
        raise InputFaults(Fault(name, f"is not JSON: {reason}", "save it again")) from None
    lists = ("incidents", "scheduled_maintenances")
    if not isinstance(document, dict) or not any(key in document for key in lists):
        remedy = "save /api/v2/incidents.json of a status page"
        raise InputFaults(Fault(name, f"has neither {' nor '.join(lists)}", remedy))
    for key in lists:
        for number, record in enumerate(_objects(f"{name}: ", document, key)):
            place = f"{name}: {key}[{number}]"
            _field(place, record, "id")
            yield place, record


def _maintenance(place: str, record: Mapping[str, Any]) -> Maintenance:
    return Maintenance(
        id=str(record["id"]),
        name=str(record.get("name", "")),
        begins_at=_instant(place, record, "scheduled_for"),
        ends_at=_instant(place, record, "scheduled_until"),
        components=_component_names(place, record),
    )


def _incident(place: str, record: Mapping[str, Any]) -> Incident:
    began_at = _instant(place, record, "started_at", "created_at")
    resolved_at = _instant(place, record, "resolved_at") if record.get("resolved_at") else None
    return Incident(
        id=str(record["id"]),
        name=str(record.get("name", "")),
        impact=str(record.get("impact") or "none"),
        began_at=began_at,
        resolved_at=resolved_at,
        url=str(record.get("shortlink") or ""),
        components=_component_names(place, record),
        spans=tuple(_spans(place, record, began_at, resolved_at)),
    )


def _component_names(place: str, record: Mapping[str, Any]) -> tuple[str, ...]:
    components = _objects(f"{place}.", record, "components")
    return tuple(str(component.get("name", "")) for component in components)


def _spans(
    place: str, record: Mapping[str, Any], began_at: datetime, resolved_at: datetime | None
) -> Iterator[ComponentSpan]:
    """Yield the statuses that the updates of an incident give to components.

    What the first update says held from the beginning: pages are updated after the fact.
    """
    current: dict[str, tuple[str, datetime]] = {}
    is_first = True
    for at, affected in _updates(place, record):
        for component in affected:
            name, status = str(component.get("name", "")), str(component.get("new_status", ""))
            if name in current:
                yield ComponentSpan(name, *current[name], at)
            current[name] = (status, began_at if is_first else at)
        is_first = False
    for name, (status, since) in current.items():
        yield ComponentSpan(name, status, since, resolved_at)


def _updates(
    place: str, record: Mapping[str, Any]
) -> list[tuple[datetime, list[Mapping[str, Any]]]]:
    """Return the updates of an incident, oldest first; the page lists them the other way round."""
    updates = [
        (
            _instant(f"{place}.incident_updates[{number}]", update, "display_at", "created_at"),
            _objects(f"{place}.incident_updates[{number}].", update, "affected_components"),
        )
        for number, update in enumerate(_objects(f"{place}.", record, "incident_updates"))
    ]
    return sorted(updates, key=lambda update: update[0])


def _objects(place: str, record: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return a list of objects; one that is null or not there is empty."""
    objects = record.get(key) or []
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        raise InputFaults(Fault(f"{place}{key}", "is not a list of objects", "save it again"))
    return objects


def _field(place: str, record: Mapping[str, Any], *keys: str) -> tuple[str, Any]:
    """Return the first of some keys that has a value, by its place, and the value."""
    for key in keys:
        if record.get(key) not in (None, ""):
            return f"{place}.{key}", record[key]
    raise InputFaults(Fault(f"{place}.{keys[-1]}", "is missing", "save it again"))


def _instant(place: str, record: Mapping[str, Any], *keys: str) -> datetime:
    place, value = _field(place, record, *keys)
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        remedy = "write it as 2026-07-10T09:05:00Z"
        raise InputFaults(Fault(place, f'"{value}" is no ISO 8601 time', remedy)) from None
    if instant.utcoffset() is None:
        raise InputFaults(Fault(place, f'"{value}" has no UTC offset', "add one"))
    return instant


def _key(component: str) -> str:
    return " ".join(component.split()).casefold()
