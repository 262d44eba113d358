"""Programs get signed events, without the words of a ticket unless they are configured to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tickets import Priority
from tickets.store import Decision, DecisionKind, Message, StoredTicket, SuggestionRow
from triage.write_back import (
    GaveUp,
    Line,
    RetryAt,
    Sent,
    Target,
    deliver,
    of_decision,
    of_suggestion,
)

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
Listener = Any


@pytest.fixture
def programs(target: Callable[..., Target], listener: Listener) -> dict[str, Target]:
    """One program that listens to everything."""
    return {"acme": target(listener, token=SECRET, user=None)}


@pytest.fixture
def event(
    programs: dict[str, Target],
    ticket: Callable[..., StoredTicket],
    suggestion: Callable[..., SuggestionRow],
    suggested: Callable[..., Message],
    zendesk: Any,
) -> Callable[..., Message]:
    """The event of a new suggestion at some time."""

    def message(at: datetime) -> Message:
        [told] = of_suggestion(ticket("github"), suggestion(), programs, at)
        key = told.idempotency_key
        like = suggested(zendesk, created_at=at)
        return replace(like, kind=told.kind, payload=told.payload, idempotency_key=key)

    return message


def test_a_delivery_proves_itself_by_standard_webhooks(
    listener: Listener, line: Callable[..., Line], event: Callable[..., Message]
) -> None:
    now = datetime.now(UTC)
    outcome = deliver(event(now), line(listener, token=SECRET, user=None), now)
    assert outcome == Sent("deliver suggestion.created")
    [asked] = listener.asked
    payload = Webhook(SECRET).verify(asked.body, dict(asked.headers))
    assert payload["type"] == "suggestion.created"
    assert payload["data"]["suggestion"]["priority"] == "P1"
    assert "Authorization" not in asked.headers
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(asked.body + b" ", dict(asked.headers))


def test_the_zone_of_the_clock_does_not_matter(
    listener: Listener, line: Callable[..., Line], event: Callable[..., Message]
) -> None:
    now = datetime.now(timezone(timedelta(hours=-7)))
    deliver(event(now), line(listener, token=SECRET, user=None), now)
    Webhook(SECRET).verify(listener.asked[0].body, dict(listener.asked[0].headers))


def test_the_id_stays_the_same_over_attempts(
    listener: Listener,
    line: Callable[..., Line],
    event: Callable[..., Message],
    now: datetime,
) -> None:
    listener.fails("POST", is_applied=True)
    open_line = line(listener, token=SECRET, user=None)
    assert isinstance(deliver(event(now), open_line, now), RetryAt)
    assert isinstance(deliver(event(now), open_line, now + timedelta(minutes=1)), Sent)
    ids = [asked.headers["webhook-id"] for asked in listener.asked]
    assert ids == ["acme:suggestion:s1", "acme:suggestion:s1"]


def test_an_event_holds_no_words_of_the_ticket_and_no_names(
    event: Callable[..., Message], now: datetime
) -> None:
    text = json.dumps(event(now).payload)
    assert "Phones" not in text
    assert "Nobody" not in text
    assert "@" not in text
    assert event(now).payload["data"]["ticket"] == {
        "key": "k1",
        "source": "github",
        "endpoint": "acme",
        "external_id": "1",
        "id": "35436",
        "tier": "premium",
        "product_area": None,
        "received_at": "2026-07-06T15:59:00+00:00",
    }


def test_a_program_that_asks_for_words_gets_them_redacted(
    target: Callable[..., Target],
    listener: Listener,
    ticket: Callable[..., StoredTicket],
    suggestion: Callable[..., SuggestionRow],
    now: datetime,
) -> None:
    targets = {"acme": target(listener, token=SECRET, with_text=True)}
    [told] = of_suggestion(ticket("github"), suggestion(), targets, now)
    assert told.payload["data"]["ticket"]["subject"] == "Phones of [email]"
    assert told.payload["data"]["ticket"]["body"] == "Nobody can call."


def test_a_program_gets_only_the_events_it_wants(
    target: Callable[..., Target],
    listener: Listener,
    ticket: Callable[..., StoredTicket],
    suggestion: Callable[..., SuggestionRow],
    now: datetime,
) -> None:
    targets = {"acme": target(listener, token=SECRET, events=frozenset(["decision.made"]))}
    assert of_suggestion(ticket("github"), suggestion(), targets, now) == []
    override = Decision(
        DecisionKind.OVERRIDE, "ana@acme.example", Priority.P2, note="call 555-0123"
    )
    [told] = of_decision(ticket("github"), suggestion(), override, targets, now)
    assert told.payload["type"] == "decision.made"
    assert told.payload["data"]["decision"] == {
        "kind": "override",
        "priority": "P2",
        "reason": None,
        "actor": "[email]",
    }


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500])
def test_a_receiver_that_is_being_deployed_gets_it_later(
    listener: Listener,
    line: Callable[..., Line],
    event: Callable[..., Message],
    now: datetime,
    status: int,
) -> None:
    listener.fails("POST", status=status)
    outcome = deliver(event(now), line(listener, token=SECRET, user=None), now)
    assert isinstance(outcome, RetryAt)


@pytest.mark.parametrize("status", [410, 301])
def test_one_that_is_gone_for_good_does_not(
    listener: Listener,
    line: Callable[..., Line],
    event: Callable[..., Message],
    now: datetime,
    status: int,
) -> None:
    listener.fails("POST", status=status, headers={"Location": "https://elsewhere.example/"})
    outcome = deliver(event(now), line(listener, token=SECRET, user=None), now)
    assert isinstance(outcome, GaveUp)
