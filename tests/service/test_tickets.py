"""One ticket over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tickets import parse_ticket
from triage.desk import Desk

OUTAGE: dict[str, Any] = {
    "id": "T-1",
    "subject": "Phones are dead",
    "body": "Nobody can take calls since 9am, all 200 agents affected",
    "tier": "premium",
    "channel": "phone",
    "received_at": "2026-07-10T09:05:00-07:00",
}


def test_a_ticket_gets_the_assessment_that_python_gives(service: httpx.Client, desk: Desk) -> None:
    answer = service.post("/v1/triage", json=OUTAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    record = answer.json()
    assert record.pop("suggestion_id")
    assert record == desk.assess(parse_ticket(OUTAGE, default_id="1")).as_record()
    assert answer.json()["response"]["due_at"].startswith("2026-07-10T09:")


def test_without_id_tier_and_time_there_is_a_priority_and_a_note(service: httpx.Client) -> None:
    record = service.post("/v1/triage", json={"body": "How do I rename a queue?"}).json()
    assert (record["id"], record["priority"], record["response"]) == ("1", "P4", None)
    assert record["notes"] == ["no tier given, so no response deadline"]


def test_unknown_keys_are_left_out_of_account(service: httpx.Client) -> None:
    plain = service.post("/v1/triage", json=OUTAGE).json()
    assert service.post("/v1/triage", json={**OUTAGE, "tags": ["a", {"b": 1}]}).json() == plain


def test_a_number_is_an_id_and_created_at_a_receipt_time(service: httpx.Client) -> None:
    ticket = {"id": 17, "body": "Chat is down", "tier": "standard"}
    record = service.post("/v1/triage", json={**ticket, "created_at": OUTAGE["received_at"]}).json()
    assert record["id"] == "17"
    assert record["response"] is not None


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_media_types_are_read_as_http_has_them(service: httpx.Client, content_type: str) -> None:
    headers = {"content-type": content_type}
    content = '\ufeff{"body": "Chat is déäd"}'.encode()  # a byte-order mark is fine
    assert service.post("/v1/triage", content=content, headers=headers).status_code == 200


def test_a_dry_run_gives_the_same_and_stores_nothing(service: httpx.Client) -> None:
    ticket = {**OUTAGE, "id": "T-dry"}
    dry = service.post("/v1/triage", json=ticket, params={"dry_run": True}).json()
    found = service.get("/v1/suggestions", params={"limit": 500}).json()["suggestions"]
    assert "T-dry" not in [listed["assessment"]["id"] for listed in found]
    stored = service.post("/v1/triage", json=ticket).json()
    assert stored.pop("suggestion_id")
    assert dry == stored


def test_a_field_of_ten_megabytes_is_a_ticket(service: httpx.Client) -> None:
    answer = service.post("/v1/triage", json={"body": "calls drop. " * 833_333})
    assert answer.status_code == 200


def test_readiness_names_what_decides(service: httpx.Client, desk: Desk) -> None:
    assert service.get("/healthz").json() == {"status": "ok"}
    ready = service.get("/readyz").json()
    assert ready["status"] == "ready"
    assert ready["versions"]["model"] == desk.rooms.model.version
    assert ready["versions"] == service.post("/v1/triage", json=OUTAGE).json()["versions"]
