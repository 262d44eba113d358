"""Deciding with plain forms: accept, set, skip, undo, and two agents at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tickets import Priority
from tickets.store import DecisionKind, MessageState, Store
from triage.write_back.targets import Target

Said = Callable[[httpx.Response], str]


@pytest.fixture(scope="module")
def furniture() -> dict[str, Any]:
    """A program that is to be told of decisions, and that nobody has started."""
    url, events = "http://127.0.0.1:9/hook", frozenset({"decision.made"})
    secret = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cw=="
    listener = Target(
        "listener", "webhook", url, secret, "the test", events=events, is_private=True
    )
    return {"targets": {"listener": listener}}


def log(store: Store, key: str) -> list[tuple[str, str, Priority | None]]:
    return [(row.actor, str(row.kind), row.priority) for row in store.decisions.of_ticket(key)]


def test_accepting_leads_to_the_next_ticket(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    first, second = receive("First", age=timedelta(minutes=20)), receive("Second")
    page = ana.act(ana.get(f"/review/tickets/{first.ticket.key}", area=area), act="accept")
    assert page.url.path == f"/review/tickets/{second.ticket.key}"
    assert f"{first.suggestion.priority} accepted: First" in said(page)
    assert log(store, first.ticket.key) == [("Ana", "accept", first.suggestion.priority)]
    last = ana.act(page, act="accept")
    assert last.url.path == "/review"
    assert "Nothing is left in this view" in said(last)


def test_a_digit_sets_a_priority_with_reason_and_note(
    ana: Any, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    page = ana.get(f"/review/tickets/{taken.ticket.key}", area=area)
    ana.act(page, act="P3", reason="tone", note="Only one site.")
    (row,) = store.decisions.of_ticket(taken.ticket.key)
    assert (row.kind, row.priority, row.reason, row.note) == (
        DecisionKind.OVERRIDE,
        Priority.P3,
        "tone",
        "Only one site.",
    )


def test_setting_what_was_suggested_counts_as_accepting_it(
    ana: Any, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    suggested = taken.suggestion.priority
    ana.act(ana.get(f"/review/tickets/{taken.ticket.key}", area=area), act=str(suggested))
    assert log(store, taken.ticket.key) == [("Ana", "accept", suggested)]


def test_accepting_corrected_facts_sets_what_the_rules_say_of_them(
    ana: Any, receive: Any, store: Store, area: str
) -> None:
    taken = receive()
    corrected = {"fact.environment": "non_production"}
    page = ana.get(f"/review/tickets/{taken.ticket.key}", area=area, **corrected)
    ana.act(page, act="accept")
    (row,) = store.decisions.of_ticket(taken.ticket.key)
    assert row.kind is DecisionKind.OVERRIDE
    assert row.priority in (Priority.P3, Priority.P4)
    assert row.corrected_facts == {"environment": "non_production"}
    assert row.reason == "corrected-facts"


def test_undo_brings_the_ticket_back(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    taken = receive("To be undone")
    done = ana.act(ana.get(f"/review/tickets/{taken.ticket.key}", area=area), act="skip")
    assert "Skipped: To be undone" in said(done)
    back = ana.undo(done)
    assert back.url.path == f"/review/tickets/{taken.ticket.key}"
    assert [entry[1] for entry in log(store, taken.ticket.key)] == ["skip", "undo"]
    assert "To be undone" in said(ana.get("/review", area=area))


def test_undo_takes_the_message_back_that_has_not_left(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    key = receive().ticket.key
    done = ana.act(ana.get(f"/review/tickets/{key}", area=area), act="P2")
    (decision,) = store.decisions.of_ticket(key)
    _wait_for(lambda: _states(store, decision.id) == [MessageState.PENDING])
    assert "Message to listener" in said(ana.get(f"/review/tickets/{key}"))
    ana.undo(done)
    assert _states(store, decision.id) == [MessageState.WITHDRAWN]


def _states(store: Store, decision_id: str) -> list[MessageState]:
    return [message.state for message in store.outbox.of_decision(decision_id)]


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_second_agent_overwrites_nothing_unseen(
    ana: Any, ben: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    taken = receive()
    key = taken.ticket.key
    before = ana.get(f"/review/tickets/{key}", area=area)
    ben.act(ben.get(f"/review/tickets/{key}", area=area), act="P2")
    refused = ana.act(before, act="P4")
    assert refused.status_code == 409
    assert "Nothing was changed: Ben decided P2" in said(refused)
    assert log(store, key) == [("Ben", "override", Priority.P2)]
    ana.act(refused, act="P4")  # having seen it
    assert log(store, key)[-1] == ("Ana", "override", Priority.P4)


def test_an_open_page_is_told_that_its_ticket_has_changed(
    ana: Any, ben: Any, receive: Any, area: str, said: Said
) -> None:
    key = receive().ticket.key
    page = ana.get(f"/review/tickets/{key}", area=area)
    (version,) = page.text.split('name="version" value="')[1].split('"')[:1]
    (token,) = page.text.split('name="csrf_token" value="')[1].split('"')[:1]
    fields = {"version": version, "csrf_token": token}
    assert said(ana.post(f"/review/tickets/{key}/claim", fields)) == ""
    ben.act(ben.get(f"/review/tickets/{key}", area=area), act="P2")
    news = said(ana.post(f"/review/tickets/{key}/claim", fields))
    assert "This ticket has changed since you opened it: Ben decided P2" in news


def test_the_same_form_twice_decides_once(ana: Any, receive: Any, store: Store, area: str) -> None:
    taken = receive()
    page = ana.get(f"/review/tickets/{taken.ticket.key}", area=area)
    for _ in range(2):
        assert ana.act(page, act="P2").status_code == 200
    assert log(store, taken.ticket.key) == [("Ana", "override", Priority.P2)]


def test_the_same_undo_twice_undoes_once(ana: Any, receive: Any, store: Store, area: str) -> None:
    taken = receive()
    page = ana.act(ana.get(f"/review/tickets/{taken.ticket.key}", area=area), act="P2")
    for _ in range(2):
        assert ana.undo(page).status_code == 200
    assert [entry[1] for entry in log(store, taken.ticket.key)] == ["override", "undo"]


def test_an_undo_says_what_holds_now_until_something_else_does(
    ana: Any, receive: Any, area: str, said: Said
) -> None:
    address = f"/review/tickets/{receive().ticket.key}"
    ana.act(ana.get(address, area=area), act="P2")
    ana.act(ana.get(address, area=area), act="P3")
    first = ana.undo(ana.get(address, area=area))
    assert "Taken back. What was decided before stands again." in said(first)
    second = ana.undo(first)
    assert "Taken back. Nothing is decided now." in said(second)
    ana.act(second, act="P2")
    assert "Taken back" not in said(ana.get(str(second.url)))


def test_only_those_who_may_undo_are_offered_it(
    ana: Any, ben: Any, receive: Any, area: str, said: Said
) -> None:
    address = f"/review/tickets/{receive().ticket.key}"
    ben.act(ben.get(address, area=area), act="P2")
    assert "Undo it" in said(ben.get(address))
    page = said(ana.get(address))
    assert "Undo it" not in page
    assert "Ben or a lead can take it back; you can decide anew." in page


def test_a_decided_ticket_is_not_skipped(ana: Any, receive: Any, area: str, said: Said) -> None:
    taken = receive()
    address = f"/review/tickets/{taken.ticket.key}"
    ana.act(ana.get(address, area=area), act="P4")
    page = ana.get(address)
    assert 'value="skip"' not in page.text
    assert f"Why {taken.suggestion.priority} was suggested" in said(page)
    assert said(page).count("✓ decided") == 1


def test_an_undo_that_came_too_late_is_told(
    ana: Any, ben: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    key = receive().ticket.key
    done = ana.act(ana.get(f"/review/tickets/{key}", area=area), act="P2")
    ben.act(ben.get(f"/review/tickets/{key}", area=area), act="P1")
    late = ana.undo(done)
    assert late.status_code == 409
    assert "Nothing was changed: Ben" in said(late)


@pytest.mark.parametrize(
    "fields",
    [
        {"act": "P9"},
        {"act": "accept", "seen": "nonsense"},
        {"act": "accept", "reason": "because"},
        {"act": "accept", "note": "x" * 2_001},
        {"act": "accept", "fact.reach": "everybody"},
        {"act": "accept", "view": "order=random"},
    ],
)
def test_forms_that_no_page_of_ours_sends_are_refused(
    ana: Any, receive: Any, store: Store, fields: dict[str, str]
) -> None:
    key = receive().ticket.key
    assert ana.act(ana.get(f"/review/tickets/{key}"), **fields).status_code == 422
    assert store.decisions.of_ticket(key) == []


def test_a_form_without_its_token_is_refused(ana: Any, receive: Any, store: Store) -> None:
    key = receive().ticket.key
    page = ana.get(f"/review/tickets/{key}")
    assert ana.act(page, act="accept", csrf_token="").status_code == 403
    assert store.decisions.of_ticket(key) == []
