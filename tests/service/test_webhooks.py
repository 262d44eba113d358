"""From a desk's webhook to a stored suggestion: proven, acknowledged, worked on once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tickets.store import DeliveryState, Store, open_store
from triage.integrations import Customers, Endpoint
from triage.integrations.desk_words import words_of
from triage.integrations.endpoints import Authentication

Serve = Callable[..., Any]
FIXTURES = Path(__file__).parent.parent / "integrations" / "fixtures" / "github"
SECRET = b"a secret of the tests, of no other use"
HERE = "/v1/webhooks/github/repository"
ENDPOINT = Endpoint(
    "repository", "github", Authentication.SIGNATURE, SECRET, words_of("github"), own_user="ours"
)
CUSTOMERS = Customers({"northwind": "premium"}, {}, default="standard")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/triage.db")
    yield store
    store.close()


@pytest.fixture
def client(serve: Serve, store: Store) -> Iterator[httpx.Client]:
    """A service with one endpoint."""
    furniture = {"endpoints": {"repository": ENDPOINT}, "customers": CUSTOMERS}
    with serve(store=store, **furniture) as client:
        yield client


def deliver(
    client: httpx.Client, case: str, delivery: str, event: str = "issues", **changes: Any
) -> httpx.Response:
    payload = json.loads((FIXTURES / f"{case}.json").read_text("utf-8"))
    payload["issue"].update(changes)
    body = json.dumps(payload).encode()
    digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={digest}",
    }
    return client.post(HERE, content=body, headers=headers)


def when_worked_on(store: Store) -> dict[DeliveryState, int]:
    """Wait until nothing is left to do in the inbox; return what became of the deliveries."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        counts = store.inbox.counts()
        if not counts[DeliveryState.WAITING] and not counts[DeliveryState.CLAIMED]:
            return counts
        time.sleep(0.05)
    raise AssertionError(f"still {store.inbox.counts()}")


def test_a_delivery_becomes_a_suggestion_with_the_customers_tier(
    client: httpx.Client, store: Store
) -> None:
    answer = deliver(client, "created", "d-1")
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert when_worked_on(store)[DeliveryState.DONE] == 1
    [item] = client.get("/v1/suggestions").json()["suggestions"]
    assert item["source"] == "github:repository"
    assert item["subject"] == "Softphone stays mute after transfer"
    assert item["tier"] in ("standard", "premium")
    assert item["assessment"]["response"]["due_at"]


def test_a_delivery_that_comes_again_is_acknowledged_and_done_once(
    client: httpx.Client, store: Store
) -> None:
    assert deliver(client, "created", "d-1").json() == {"status": "accepted"}
    assert deliver(client, "created", "d-1").json() == {"status": "repeated"}
    assert deliver(client, "created", "d-2").json() == {"status": "accepted"}  # sent anew by hand
    assert when_worked_on(store)[DeliveryState.DONE] == 2
    assert client.get("/v1/suggestions").json()["counts"]["pending"] == 1


def test_an_unproven_delivery_is_refused_and_not_kept(client: httpx.Client, store: Store) -> None:
    body = (FIXTURES / "created.json").read_bytes()
    headers = {"content-type": "application/json", "x-hub-signature-256": "sha256=00"}
    answer = client.post(HERE, content=body, headers=headers)
    assert answer.status_code == 401
    assert client.post("/v1/webhooks/github/other", content=body).status_code == 404
    assert client.post("/v1/webhooks/zendesk/repository", content=body).status_code == 404
    assert sum(store.inbox.counts().values()) == 0


def test_what_a_person_does_at_the_desk_moves_the_clock(client: httpx.Client, store: Store) -> None:
    deliver(client, "created", "d-1")
    when_worked_on(store)
    deliver(client, "agent_replied", "d-2", event="issue_comment")
    deliver(client, "solved", "d-3")
    assert when_worked_on(store)[DeliveryState.DONE] == 3
    [item] = client.get("/v1/suggestions", params={"state": "closed"}).json()["suggestions"]
    stored = store.tickets.load(item["ticket_key"])
    assert stored is not None
    assert stored.replied_at is not None
    assert stored.state == "solved"


def test_a_changed_text_is_assessed_anew(client: httpx.Client, store: Store) -> None:
    deliver(client, "created", "d-1")
    when_worked_on(store)
    [before] = client.get("/v1/suggestions").json()["suggestions"]
    title = "Every phone is dead since the transfer"
    deliver(client, "edited", "d-2", title=title, updated_at="2026-07-10T18:05:00Z")
    when_worked_on(store)
    [after] = client.get("/v1/suggestions").json()["suggestions"]
    assert after["ticket_key"] == before["ticket_key"]
    assert after["suggestion_id"] != before["suggestion_id"]
    stored = store.tickets.load(after["ticket_key"])
    assert stored is not None
    assert stored.ticket.subject == title


def test_a_delivery_about_a_ticket_that_is_not_here_waits_for_it(
    client: httpx.Client, store: Store
) -> None:
    deliver(client, "solved", "d-2")
    time.sleep(1)
    assert store.inbox.counts()[DeliveryState.WAITING] == 1


def test_a_payload_without_its_fields_still_lands_and_is_for_review(
    client: httpx.Client, store: Store
) -> None:
    deliver(client, "created", "d-1", body=None, title=None, created_at=None)
    when_worked_on(store)
    [item] = client.get("/v1/suggestions").json()["suggestions"]
    assert item["assessment"]["action"] == "review"
    assert "the desk sent no" in " ".join(item["assessment"]["notes"])


def test_a_ticket_that_does_not_say_when_it_came_is_due_from_its_first_delivery(
    client: httpx.Client, store: Store
) -> None:
    deliver(client, "created", "d-1", created_at=None)
    when_worked_on(store)
    [item] = client.get("/v1/suggestions").json()["suggestions"]
    due = item["assessment"]["response"]["due_at"]
    deliver(client, "edited", "d-2", title="All phones are dead", created_at=None)
    when_worked_on(store)
    stored = store.tickets.load(item["ticket_key"])
    assert stored is not None
    assert stored.ticket.received_at == stored.received_at
    assert abs(datetime.now(UTC) - stored.received_at) < timedelta(minutes=1)
    assert due is not None


def test_an_id_that_no_desk_gives_never_costs_the_ticket(
    client: httpx.Client, store: Store
) -> None:
    deliver(client, "created", "d-1", number="9" * 1_000)
    assert when_worked_on(store)[DeliveryState.DONE] == 1
    [item] = client.get("/v1/suggestions").json()["suggestions"]
    assert item["assessment"]["action"] == "review"
    assert "the desk sent no id" in item["assessment"]["notes"]
