"""The queue: what it lists, in which order, and what its address holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tickets.store import Decision, DecisionKind, EventKind, Store

Said = Callable[[httpx.Response], str]


def subjects(page: httpx.Response) -> list[str]:
    return re.findall(r'class="row-link"[^>]*><bdi>([^<]*)</bdi>', page.text)


def test_the_most_pressing_comes_first_and_the_order_can_be_switched(
    ana: Any, receive: Any, area: str
) -> None:
    receive("How to rename a queue", "How do I rename a queue in the settings? No rush at all.")
    receive("All lines dead", "Nobody can take calls, all 200 agents are idle, no way around it.")
    assert subjects(ana.get("/review", area=area)) == ["All lines dead", "How to rename a queue"]
    newest = ana.get("/review", area=area, order="newest")
    assert set(subjects(newest)) == {"All lines dead", "How to rename a queue"}
    assert '<option value="newest" selected>' in newest.text


def test_the_address_holds_the_filters(ana: Any, receive: Any, area: str) -> None:
    receive("One", "Nobody can take calls.", tier="standard")
    receive("Two", "Nobody can take calls.", tier="premium")
    assert subjects(ana.get("/review", area=area, tier="premium")) == ["Two"]
    assert subjects(ana.get("/review", area=area, text="two calls")) == ["Two"]
    assert subjects(ana.get("/review", area=area, text="nowhere")) == []
    page = ana.get("/review", area=area, tier="premium")
    assert f"tier=premium&amp;area={area}" in page.text


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"order": "random"}, "order is not one of urgency, sla_due, uncertainty, newest"),
        ({"state": "open"}, "state is not one of pending, skipped, decided, closed, all"),
        ({"priority": "P9"}, "priority is not one of P0, P1, P2, P3, P4"),
        ({"text": "x" * 201}, "text is longer than 200 characters"),
        ({"cursor": "nonsense"}, "begin at the first page"),
    ],
)
def test_an_impossible_address_says_what_is_wrong(
    ana: Any, said: Said, params: dict[str, str], why: str
) -> None:
    page = ana.get("/review", **params)
    assert page.status_code == 422
    assert why in said(page)


def test_each_state_has_its_list(ana: Any, receive: Any, store: Store, area: str) -> None:
    now = datetime.now(UTC)
    for kind in (DecisionKind.ACCEPT, DecisionKind.SKIP):
        taken = receive(f"To {kind}")
        store.decisions.decide(taken.suggestion.id, Decision(kind, "Ana"), None, now)
    receive("To decide")
    by_state = {
        state: subjects(ana.get("/review", area=area, state=state))
        for state in ("pending", "decided", "skipped", "closed")
    }
    assert by_state == {
        "pending": ["To decide"],
        "decided": ["To accept"],
        "skipped": ["To skip"],
        "closed": [],
    }
    assert len(subjects(ana.get("/review", area=area, state="all"))) == 3


def test_pages_follow_each_other(ana: Any, receive: Any, area: str) -> None:
    for number in range(51):
        receive(f"Ticket {number}", "How do I rename a queue?")
    first = ana.get("/review", area=area)
    (following,) = re.findall(r'rel="next" href="([^"]*)"', first.text)
    second = ana.get(following.replace("&amp;", "&"))
    assert len(subjects(first)) == 50
    assert len(subjects(second)) == 1
    assert not set(subjects(first)) & set(subjects(second))


def test_a_deadline_states_its_clock(ana: Any, receive: Any, said: Said, area: str) -> None:
    receive()
    receive("How to rename a queue", "How do I change the name of a queue? No rush.")
    page = said(ana.get("/review", area=area))
    assert "min left" in page
    assert "calendar time" in page
    assert "business days" in page


def test_an_answered_ticket_says_so(
    ana: Any, receive: Any, store: Store, said: Said, area: str
) -> None:
    taken = receive()
    store.clock_events.add(taken.ticket.key, EventKind.REPLIED, datetime.now(UTC), {}, None)
    assert "answered in time" in said(ana.get("/review", area=area))


def test_everybody_sees_who_is_looking(
    ana: Any, ben: Any, receive: Any, said: Said, area: str
) -> None:
    key = receive().ticket.key
    ben.get(f"/review/tickets/{key}")
    assert "Ben is looking at it" in said(ana.get("/review", area=area))
    assert "Opened by you" in said(ben.get("/review", area=area))
    assert "Ben is looking at this ticket" in said(ana.get(f"/review/tickets/{key}"))


def test_news_tell_of_claims_and_of_changes(ana: Any, ben: Any, receive: Any, area: str) -> None:
    key = receive().ticket.key
    page = ana.get("/review", area=area)
    (address,) = re.findall(r'hx-get="(/review/news[^"]*)"', page.text)
    address = address.replace("&amp;", "&")
    assert "The queue has changed" not in ana.get(address).text
    ben.get(f"/review/tickets/{key}")
    news = ana.get(address).text
    assert f'id="claim-{key}" class="claim" hx-swap-oob="true">Ben is looking at it' in news
    receive("Another")
    assert "The queue has changed" in ana.get(address).text


def test_the_way_to_the_first_ticket_passes_those_that_others_have(
    ana: Any, ben: Any, receive: Any, area: str
) -> None:
    first = receive(age=timedelta(minutes=20)).ticket.key
    second = receive(age=timedelta(minutes=10)).ticket.key
    assert ben.get("/review/next", area=area).url.path == f"/review/tickets/{first}"
    assert ana.get("/review/next", area=area).url.path == f"/review/tickets/{second}"


def test_the_queue_says_who_did_what(ana: Any, receive: Any, area: str, said: Said) -> None:
    for act in ("skip", "P3"):
        ana.act(ana.get(f"/review/tickets/{receive().ticket.key}"), act=act)
    assert "skipped by Ana" in said(ana.get("/review", area=area, state="skipped"))
    assert "decided by Ana" in said(ana.get("/review", area=area, state="decided"))


def test_actions_are_called_by_what_they_mean(ana: Any, said: Said) -> None:
    page = ana.get("/review", action="review")
    assert '<option value="review" selected>needs a careful look</option>' in page.text


def test_an_empty_view_says_so(ana: Any, said: Said, area: str) -> None:
    assert "No ticket matches" in said(ana.get("/review", area=area))
    assert "Nothing is left in this view" in said(ana.get("/review/next", area=area))


def test_a_subject_cannot_leave_its_place(ana: Any, receive: Any, area: str) -> None:
    receive("\u202e<script>alert(1)</script>", "Calls fail & <b>drop</b>")
    page = ana.get("/review", area=area).text
    assert "<script>alert" not in page
    assert "<bdi>\u202e&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page
