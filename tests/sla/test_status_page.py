"""Incidents of a status page, read and looked up."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sla.status_page import StatusPage, parse_status_page
from tickets import InputFaults

FOLDER = Path(__file__).with_name("status_page")


@pytest.fixture(scope="module")
def page() -> StatusPage:
    """A page with four incidents and one maintenance."""
    return parse_status_page({path.name: path.read_text("utf-8") for path in FOLDER.iterdir()})


def active(page: StatusPage, instant: str, component: str | None = None) -> list[str]:
    return [each.id for each in page.active_at(datetime.fromisoformat(instant), component)]


def test_incidents_come_oldest_first_and_maintenances_apart(page: StatusPage) -> None:
    assert [incident.id for incident in page.incidents] == ["inc1", "inc3", "inc2", "inc4"]
    assert [planned.id for planned in page.maintenances] == ["m1"]


@pytest.mark.parametrize(
    ("instant", "ids"),
    [
        ("2026-06-10T12:01:59Z", []),
        ("2026-06-10T12:02:00Z", ["inc1"]),
        ("2026-06-10T12:11:00Z", []),
        ("2026-06-20T12:20:00+02:00", ["inc3", "inc2"]),
        ("2027-01-01T00:00:00Z", ["inc4"]),
    ],
)
def test_an_incident_is_active_from_its_beginning_until_it_is_resolved(
    page: StatusPage, instant: str, ids: list[str]
) -> None:
    assert active(page, instant) == ids


def test_a_component_finds_its_incidents_and_those_that_name_none(page: StatusPage) -> None:
    assert active(page, "2026-06-20T10:20:00Z", " voice ") == ["inc3"]
    assert active(page, "2026-06-10T12:05:00Z", "Chat") == ["inc1"]


def test_the_first_update_holds_from_the_beginning_and_later_ones_from_their_time(
    page: StatusPage,
) -> None:
    (incident,) = (each for each in page.incidents if each.id == "inc3")
    assert [
        (each.status, f"{each.begins_at:%H:%M}", f"{each.ends_at:%H:%M}") for each in incident.spans
    ] == [
        ("major_outage", "10:00", "10:22"),
        ("degraded_performance", "10:22", "11:00"),
        ("operational", "11:00", "11:00"),
    ]


def test_the_same_incident_in_two_documents_counts_once() -> None:
    text = (FOLDER / "incidents.json").read_text("utf-8")
    assert len(parse_status_page({"incidents.json": text, "unresolved.json": text}).incidents) == 4


def _edited(**changes: Any) -> str:
    document = json.loads((FOLDER / "incidents.json").read_text("utf-8"))
    document["incidents"][3].update(changes)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "has neither incidents nor scheduled_maintenances"),
        ('{"incidents": [7]}', "incidents: is not a list of objects"),
        ('{"incidents": 7}', "incidents: is not a list of objects"),
        (_edited(started_at="soon"), 'incidents[3].started_at: "soon" is no ISO 8601 time'),
        (_edited(started_at="2026-06-10T12:02:00"), "has no UTC offset"),
        (_edited(started_at=None, created_at=None), "incidents[3].created_at: is missing"),
        (_edited(id=None), "incidents[3].id: is missing"),
        (_edited(components="Voice"), "incidents[3].components: is not a list of objects"),
        (_edited(incident_updates=[3]), "incidents[3].incident_updates: is not a list of objects"),
    ],
)
def test_a_document_that_cannot_be_read_is_named_with_the_place(text: str, problem: str) -> None:
    with pytest.raises(InputFaults) as refused:
        parse_status_page({"page.json": text})
    assert str(refused.value).startswith("page.json: ")
    assert problem in str(refused.value)
