"""Suggestions are stored, listed, decided on and taken back over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tickets.store import open_store
from triage.desk import Desk

Serve = Callable[..., Any]
TICKETS = [
    {"id": "R-1", "body": "Nobody can take calls, all 200 agents", "tier": "premium"},
    {"id": "R-2", "body": "How do I rename a queue?", "tier": "standard"},
]
RECEIVED = {"received_at": "2026-07-10T09:05:00-07:00"}


@pytest.fixture
def desk_of_two(serve: Serve) -> Iterator[httpx.Client]:
    """A service that has two tickets."""
    with serve() as client:
        client.post("/v1/triage/batch", json=[{**ticket, **RECEIVED} for ticket in TICKETS])
        yield client


def listed(client: httpx.Client, **asked: Any) -> dict[str, dict[str, Any]]:
    answer = client.get("/v1/suggestions", params=asked)
    assert answer.status_code == 200, answer.text
    return {item["assessment"]["id"]: item for item in answer.json()["suggestions"]}


def test_the_queue_is_listed_by_state_and_filtered(desk_of_two: httpx.Client) -> None:
    client = desk_of_two
    assert set(listed(client)) == {"R-1", "R-2"}
    assert set(listed(client, tier="premium")) == {"R-1"}
    assert set(listed(client, text="renam")) == {"R-2"}
    assert set(listed(client, state="decided")) == set()
    page = client.get("/v1/suggestions", params={"limit": 1}).json()
    assert page["counts"] == {"pending": 2, "decided": 0, "skipped": 0, "closed": 0}
    after = client.get("/v1/suggestions", params={"limit": 1, "cursor": page["next"]}).json()
    names = [item["assessment"]["id"] for item in (*page["suggestions"], *after["suggestions"])]
    assert sorted(names) == ["R-1", "R-2"]
    assert after["next"] is None


def test_a_decision_is_kept_and_can_be_taken_back(desk_of_two: httpx.Client) -> None:
    client, item = desk_of_two, listed(desk_of_two)["R-2"]
    address = f"/v1/suggestions/{item['suggestion_id']}"
    choice = {"decision": "override", "priority": "P3", "reason": "seen", "facts": {"reach": "one"}}
    made = client.post(f"{address}/decision", json=choice)
    assert made.status_code == 201
    decision = made.json()
    assert (decision["kind"], decision["priority"]) == ("override", "P3")
    assert decision["facts"] == {"reach": "one"}
    assert listed(client, state="decided")["R-2"]["decision"]["id"] == decision["id"]

    undone = client.post(f"/v1/decisions/{decision['id']}/undo")
    assert undone.status_code == 201
    assert undone.json()["undoes"] == decision["id"]
    assert set(listed(client, state="pending")) == {"R-1", "R-2"}
    log = client.get(address).json()["decisions"]
    assert [entry["kind"] for entry in log] == ["override", "undo"]
    assert client.post(f"/v1/decisions/{decision['id']}/undo").status_code == 409


def test_two_people_on_one_ticket_never_overwrite_each_other(desk_of_two: httpx.Client) -> None:
    client, item = desk_of_two, listed(desk_of_two)["R-1"]
    address = f"/v1/suggestions/{item['suggestion_id']}/decision"
    seen = client.get(f"/v1/suggestions/{item['suggestion_id']}").headers["etag"]
    first = client.post(address, json={"decision": "accept"}, headers={"If-Match": seen})
    assert first.status_code == 201
    second = client.post(
        address, json={"decision": "override", "priority": "P4"}, headers={"If-Match": seen}
    )
    assert second.status_code == 409
    assert "Look again" in second.json()["detail"]
    assert client.post(address, json={"decision": "skip"}).status_code == 409
    knowing = {"If-Match": second.headers["etag"]}
    again = client.post(address, json={"decision": "override", "priority": "P4"}, headers=knowing)
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"decision": "maybe"}, "accept, override or skip"),
        ({"decision": "override"}, "priority"),
        ({"decision": "override", "priority": "P9"}, "P9"),
        ({"decision": "accept", "priority": "P1"}, "priority"),
        ({"decision": "accept", "reason": "two words"}, "reason"),
        ({"decision": "accept", "facts": ["reach"]}, "facts"),
        ({"decision": "accept", "facts": {"rech": "all"}}, "rech"),
        ({"decision": "accept", "facts": {"reach": "bogus"}}, "bogus"),
        ({"decision": "accept", "note": "x" * 2_001}, "note"),
        ([], "accept"),
    ],
)
def test_a_decision_that_is_none_says_why(service: httpx.Client, body: Any, said: str) -> None:
    answer = service.post("/v1/suggestions/any/decision", json=body)
    assert answer.status_code == 422
    assert said in answer.text


def test_every_wrong_field_is_named_with_its_value_and_a_remedy(service: httpx.Client) -> None:
    address = "/v1/suggestions/any/decision"
    wrong = {"decision": "accept", "facts": {"rech": "all", "reach": "bogus"}}
    errors = service.post(address, json=wrong).json()["errors"]
    assert ["rech" in errors[0]["problem"], "bogus" in errors[1]["problem"]] == [True, True]
    assert "reach" in errors[0]["remedy"]
    [error] = service.post(address, json={"decision": "maybe"}).json()["errors"]
    assert (error["field"], error["value"]) == ("decision", "maybe")
    [error] = service.get("/v1/suggestions", params={"tier": "gold"}).json()["errors"]
    assert (error["field"], error["value"]) == ("tier", "gold")


def test_the_product_area_of_a_ticket_narrows_the_queue(serve: Serve) -> None:
    with serve() as client:
        areas = [{**TICKETS[0], "product_area": "voice"}, {**TICKETS[1], "product_area": "chat"}]
        client.post("/v1/triage/batch", json=areas)
        assert set(listed(client, product_area="voice")) == {"R-1"}


def test_what_does_not_exist_is_not_found(service: httpx.Client) -> None:
    assert service.get("/v1/suggestions/none").status_code == 404
    choice = {"decision": "accept"}
    assert service.post("/v1/suggestions/none/decision", json=choice).status_code == 404
    assert service.post("/v1/decisions/none/undo").status_code == 404
    assert service.get("/v1/suggestions", params={"cursor": "none"}).status_code == 422


def test_a_blind_suggestion_is_hidden_until_it_is_decided(serve: Serve) -> None:
    with serve(blind_share=1.0) as client:
        made = client.post("/v1/triage", json=TICKETS[0]).json()
        address = f"/v1/suggestions/{made['suggestion_id']}"
        [item] = client.get("/v1/suggestions").json()["suggestions"]
        assert (item["is_blind"], item["assessment"]) == (True, None)
        assert client.get(address).json()["assessment"] is None
        client.post(f"{address}/decision", json={"decision": "override", "priority": "P1"})
        assert client.get(address).json()["assessment"]["priority"] == made["priority"]


def test_a_blind_suggestion_decided_anew_was_seen(serve: Serve) -> None:
    with serve(blind_share=1.0) as client:
        made = client.post("/v1/triage", json=TICKETS[0]).json()
        override = {"decision": "override", "priority": "P1"}
        first = client.post(f"/v1/suggestions/{made['suggestion_id']}/decision", json=override)
        client.post(f"/v1/decisions/{first.json()['id']}/undo")
        [item] = client.get("/v1/suggestions").json()["suggestions"]
        assert (item["is_blind"], item["assessment"]["priority"]) == (False, made["priority"])
        again = client.post(
            f"/v1/suggestions/{item['suggestion_id']}/decision", json={"decision": "accept"}
        )
        assert again.status_code == 201


def test_a_request_with_an_idempotency_key_is_done_once(serve: Serve) -> None:
    nameless = {"body": "Chat is down for some of us"}
    with serve() as client:
        first = client.post("/v1/triage", json=nameless, headers={"Idempotency-Key": "k1"})
        again = client.post("/v1/triage", json=nameless, headers={"Idempotency-Key": "k1"})
        assert first.json() == again.json()
        other = client.post("/v1/triage", json=TICKETS[0], headers={"Idempotency-Key": "k1"})
        assert other.status_code == 422
        wrong = client.post("/v1/triage", json={"body": ""}, headers={"Idempotency-Key": "k2"})
        assert wrong.status_code == 422
        mended = client.post("/v1/triage", json=nameless, headers={"Idempotency-Key": "k2"})
        assert mended.status_code == 200
        assert client.get("/v1/suggestions").json()["counts"]["pending"] == 2


def test_metrics_count_what_happened(desk_of_two: httpx.Client) -> None:
    text = desk_of_two.get("/metrics").text
    assert 'triage_queue_tickets{state="pending"} 2.0' in text
    assert 'source="api"' in text


def test_a_caller_cannot_make_the_measures_grow_with_words_of_its_own(
    service: httpx.Client,
) -> None:
    for word in ("BREW1", "BREW2"):
        assert service.request(word, "/healthz").status_code == 405
    text = service.get("/metrics").text
    assert "BREW" not in text
    assert 'method="other"' in text


def test_a_shadow_assesses_live_tickets_and_is_not_shown(
    serve: Serve, desk: Desk, tmp_path: Path
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/triage.db")
    with serve(store=store, shadow=desk) as client:
        made = client.post("/v1/triage", json=TICKETS[0]).json()
        assert "shadow" not in client.get("/v1/suggestions").text
        [pair] = store.shadow.pairs(desk.rooms.model.version)
        assert str(pair.priority) == made["priority"]
        assert pair.shown_version == made["versions"]["model"]
