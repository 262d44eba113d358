"""Blind tickets: before they are decided, nothing tells what was suggested for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tickets import Ticket
from tickets.store import Order, QueueQuery, Store
from triage.desk import Desk

Said = Callable[[httpx.Response], str]

CALM = ("A question", "How do I rename a queue in the settings? No rush at all.")


def test_page_and_queue_are_the_same_whatever_was_suggested(
    ana: Any, receive: Any, store: Store, desk: Desk
) -> None:
    now = datetime.now(UTC)
    taken = receive(is_blind=True)
    other = desk.assess(Ticket("17", *CALM, tier="standard", received_at=now)).as_record()
    response = taken.suggestion.record["response"]
    assert other["priority"] != taken.suggestion.record["priority"]
    pages = []
    for record in (taken.suggestion.record, {**other, "response": response}):
        row = store.suggestions.record(taken.ticket.key, record, now, is_blind=True)
        area = taken.ticket.arrival.product_area
        for address in (f"/review/tickets/{taken.ticket.key}", f"/review?area={area}"):
            pages.append(_without_versions(ana.get(address).text, row.id))
    assert pages[0] == pages[2]
    assert pages[1] == pages[3]


def _without_versions(page: str, suggestion_id: str) -> str:
    """Leave out the ids and counts that change with every page, and the seconds that pass."""
    page = page.replace(suggestion_id, "ID")
    page = re.sub(r'(ID[:-]|name="version" value="|seen=)[0-9a-f]+', r"\1", page)
    return re.sub(r'\d+ min</span>|name="csrf_token" value="[^"]*"', "", page)


def test_corrections_bring_nothing_to_light(ana: Any, receive: Any) -> None:
    key = receive(is_blind=True).ticket.key
    page = ana.get(f"/review/tickets/{key}", **{"fact.reach": "one"}).text
    (seen,) = set(re.findall(r'name="seen" value="([^"]*)"', page))
    part = ana.get(f"/review/tickets/{key}/outcome", seen=seen, **{"fact.reach": "one"}).text
    for html in (page, part):
        assert "by the rules" not in html
        assert "proposed" not in html


def test_the_queue_shows_it_without_priority_in_a_place_that_tells_nothing(
    ana: Any, receive: Any, area: str, store: Store
) -> None:
    urgent, calm = receive(is_blind=True), receive(*CALM, is_blind=True)
    assert urgent.suggestion.priority != calm.suggestion.priority
    page = ana.get("/review", area=area).text
    rows = re.findall(r'<tr class="row".*?</tr>', page, re.S)
    assert len(rows) == 2
    for row in rows:
        assert 'data-priority="' not in row
        assert "sure" not in row
        assert "if P0:" in row
        assert 'name="pick"' not in row


def test_whatever_was_suggested_the_place_is_the_same(
    receive: Any, area: str, store: Store
) -> None:
    """The urgent one comes first and last, as the receipt times say."""
    for urgent_is_older in (True, False):
        ages = (20, 10) if urgent_is_older else (40, 50)
        urgent = receive(is_blind=True, age=timedelta(minutes=ages[0]))
        calm = receive(*CALM, is_blind=True, age=timedelta(minutes=ages[1]))
        for order in (Order.URGENCY, Order.SLA_DUE):
            items = store.suggestions.queue(QueueQuery(order=order, product_area=area)).items
            keys = [item.ticket_key for item in items]
            assert (keys.index(urgent.ticket.key) < keys.index(calm.ticket.key)) == urgent_is_older
    items = store.suggestions.queue(QueueQuery(order=Order.UNCERTAINTY, product_area=area)).items
    assert [item.ticket_key for item in items] == sorted(
        (item.ticket_key for item in items), key=int
    )


def test_no_filter_tells_what_was_suggested(ana: Any, receive: Any, area: str) -> None:
    taken = receive(is_blind=True)
    for name in ("priority", "action"):
        value = str(getattr(taken.suggestion, name))
        assert "row-link" not in ana.get("/review", area=area, **{name: value}).text


def test_it_cannot_be_accepted_unseen(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    taken = receive(is_blind=True)
    key = taken.ticket.key
    refused = ana.act(ana.get(f"/review/tickets/{key}"), act="accept")
    assert refused.status_code == 422
    assert "hidden" in said(refused)
    assert store.decisions.of_ticket(key) == []


def test_skipping_keeps_it_hidden_and_deciding_shows_it(
    ana: Any, receive: Any, area: str, said: Said
) -> None:
    taken = receive(is_blind=True)
    address = f"/review/tickets/{taken.ticket.key}"
    hidden = "Decide without a suggestion"
    ana.act(ana.get(address), act="skip")
    assert hidden in said(ana.get(address))
    skipped = ana.get("/review", area=area, state="skipped").text
    assert "% sure" not in skipped
    assert 'data-priority="' not in skipped.split("<tbody>")[1]
    ana.undo(ana.get(address))
    ana.act(ana.get(address), act="P3")
    page = said(ana.get(address))
    assert hidden not in page
    assert f"Suggested was {taken.suggestion.priority}" in page


def is_blind(store: Store, taken: Any) -> bool:
    """Tell whether the decision that stands counts as a blind one."""
    key = taken.ticket.key
    return store.judgements.of([key])[key].is_blind


def test_an_undone_decision_leaves_it_open_and_the_next_is_not_blind(
    ana: Any, receive: Any, store: Store, area: str, said: Said
) -> None:
    taken = receive(is_blind=True)
    address = f"/review/tickets/{taken.ticket.key}"
    ana.act(ana.get(address), act="P3")
    assert is_blind(store, taken)
    undone = ana.undo(ana.get(address))
    assert "this ticket is no longer blind" in said(undone)
    assert f"{taken.suggestion.priority} suggested" in said(undone)
    assert said(undone).count(f"{taken.suggestion.priority} suggested,") == 2  # title, history
    ana.act(undone, act="accept")
    assert not is_blind(store, taken)


def test_deciding_anew_with_the_suggestion_in_view_is_not_blind_and_done_once(
    ana: Any, receive: Any, store: Store, said: Said
) -> None:
    taken = receive(is_blind=True)
    address = f"/review/tickets/{taken.ticket.key}"
    ana.act(ana.get(address), act="P3")
    shown = ana.get(address)
    for _ in range(2):  # the answer was lost, and the form is sent again
        assert "Nothing was changed" not in said(ana.act(shown, act="P2"))
    assert len(store.decisions.of_ticket(taken.ticket.key)) == 2
    assert not is_blind(store, taken)
    ana.undo(ana.get(address))
    assert is_blind(store, taken)  # the first one stands again, and it was made unseen


def test_deciding_anew_what_somebody_changed_meanwhile_leaves_it_as_it_is(
    ana: Any, ben: Any, receive: Any, store: Store, said: Said
) -> None:
    taken = receive(is_blind=True)
    address = f"/review/tickets/{taken.ticket.key}"
    ana.act(ana.get(address), act="P3")
    shown = ana.get(address)
    ben.act(ben.get(address), act="P4")
    assert "Nothing was changed" in said(ana.act(shown, act="P2"))
    assert store.decisions.of_ticket(taken.ticket.key)[-1].actor == "Ben"
