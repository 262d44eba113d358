"""Accepting many at once: first what it would do, then a way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from tickets.store import Decision, DecisionKind, Store

Said = Callable[[httpx.Response], str]

PATTERN = re.compile(r'<form[^>]*action="(/review/bulk[^"]*)".*?</form>', re.S)


def fields(page: httpx.Response) -> tuple[str, dict[str, Any]]:
    found = PATTERN.search(page.text)
    assert found is not None
    hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', found[0])
    gathered: dict[str, Any] = {}
    for name, value in hidden:
        gathered.setdefault(name, []).append(value.replace("&amp;", "&"))
    return found[1], gathered


def picks(page: httpx.Response) -> list[str]:
    return re.findall(r'type="checkbox" name="pick" value="([^"]*)"', page.text)


def decided(store: Store, *taken: Any) -> list[int]:
    return [len(store.decisions.of_ticket(each.ticket.key)) for each in taken]


def test_selected_tickets_are_accepted_and_taken_back_together(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    one, two, three = receive("One"), receive("Two"), receive("Three")
    queue = ana.get("/review", area=area)
    address, sent = fields(queue)
    confirm = ana.post(address, sent, pick=picks(queue)[:2])
    assert "Accept 2 suggestions?" in said(confirm)
    assert decided(store, one, two, three) == [0, 0, 0]
    accepted = ana.post(*fields(confirm))
    assert "2 accepted." in said(accepted)
    assert sum(decided(store, one, two, three)) == 2
    undone = ana.post(*fields(accepted))
    assert "2 undone." in said(undone)
    assert len(picks(ana.get("/review", area=area))) == 3


def test_all_that_match_leave_out_what_needs_a_person(
    ana: Any, ben: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    plain, blind, watched = receive("Plain"), receive("Blind", is_blind=True), receive("Watched")
    ben.get(f"/review/tickets/{watched.ticket.key}")
    address, sent = fields(ana.get("/review", area=area))
    confirm = ana.post(address, sent, all="1")
    assert "Accept 1 suggestion?" in said(confirm)
    assert "1 left out: they are blind" in said(confirm)
    assert "1 left out: they are being looked at by somebody else" in said(confirm)
    ana.post(*fields(confirm))
    assert decided(store, plain, blind, watched) == [1, 0, 0]


def test_what_changed_meanwhile_is_left_as_it_is(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    one, two = receive("One"), receive("Two")
    queue = ana.get("/review", area=area)
    address, sent = fields(queue)
    confirm = ana.post(address, sent, pick=picks(queue))
    _skip(store, one)
    assert "1 accepted; 1 had changed meanwhile" in said(ana.post(*fields(confirm)))
    assert decided(store, one, two) == [1, 1]
    again = ana.post(address, sent, pick=picks(queue))
    assert "Nothing is left to accept" in said(again)
    assert "2 left out: they have changed" in said(again)


def test_without_a_selection_the_page_says_how_to_make_one(
    ana: Any, receive: Any, area: str, said: Said
) -> None:
    receive()
    page = ana.post(*fields(ana.get("/review", area=area)))
    assert "No ticket is selected" in said(page)
    assert "tick them" in said(page)


def test_undo_leaves_what_was_decided_again(
    ana: Any, ben: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    taken = receive()
    address, sent = fields(ana.get("/review", area=area))
    accepted = ana.post(*fields(ana.post(address, sent, all="1")))
    ben.act(ben.get(f"/review/tickets/{taken.ticket.key}"), act="P3")
    assert "0 undone; 1 had been decided again" in said(ana.post(*fields(accepted)))


def test_nobody_takes_back_what_others_accepted(
    ana: Any, ben: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    taken = receive()
    address, sent = fields(ana.get("/review", area=area))
    accepted = ana.post(*fields(ana.post(address, sent, all="1")))
    address, sent = fields(accepted)
    (token,) = set(re.findall(r'name="csrf_token" value="([^"]*)"', ben.get("/review").text))
    assert "0 undone" in said(ben.post(address, {**sent, "csrf_token": token}))
    assert decided(store, taken) == [1]


def test_a_forged_pick_of_a_blind_ticket_is_left_out(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    receive("Plain")
    blind = receive("Blind", is_blind=True)
    address, sent = fields(ana.get("/review", area=area))
    confirm = ana.post(address, sent, all="1")
    target, picked = fields(confirm)
    picked["pick"] = [f"{blind.suggestion.id}:{blind.ticket.version + 1}"]
    assert "0 accepted" in said(ana.post(target, picked))
    assert decided(store, blind) == [0]


def _skip(store: Store, taken: Any) -> None:
    decision = Decision(DecisionKind.SKIP, "Ben")
    store.decisions.decide(taken.suggestion.id, decision, None, datetime.now(UTC))
