"""The review queue: orders, filters, search and pages, the same on both databases."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tickets import Action, InputFaults, Priority
from tickets.store import (
    Decision,
    DecisionKind,
    EventKind,
    Order,
    QueueItem,
    QueueQuery,
    QueueState,
    Store,
    StoredTicket,
    SuggestionRow,
)

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


def names(store: Store, **query: Any) -> list[str | None]:
    return [item.external_id for item in store.suggestions.queue(QueueQuery(**query)).items]


def test_an_item_shows_what_a_list_needs(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest(body="x" * 300, product_area="voice")
    (item,) = store.suggestions.queue(QueueQuery()).items
    assert item == QueueItem(
        suggestion=suggestion,
        state=QueueState.PENDING,
        ticket_key=ticket.key,
        version=ticket.version,
        source="zendesk",
        external_id="17",
        url=None,
        requester="ann@example.com",
        organization=None,
        product_area="voice",
        subject="Phones down",
        excerpt="x" * 280,
        tier="premium",
        channel=None,
        received_at=NOW,
        replied_at=None,
        erased_at=None,
        ticket_state=ticket.state,
        standing=None,
    )


def test_by_deadline_the_nearest_comes_first_and_none_last(store: Store, suggest: Suggest) -> None:
    suggest("far", due_at=hours(8))
    suggest("none", due_at=None)
    suggest("near, sure", due_at=hours(1), confidence=0.9)
    suggest("near, unsure", due_at=hours(1), confidence=0.4)
    assert names(store, order=Order.SLA_DUE) == ["near, unsure", "near, sure", "far", "none"]


def test_by_uncertainty_the_least_certain_comes_first(store: Store, suggest: Suggest) -> None:
    for name, confidence in (("sure", 0.9), ("unsure", 0.3), ("half", 0.5)):
        suggest(name, confidence=confidence)
    assert names(store, order=Order.UNCERTAINTY) == ["unsure", "half", "sure"]


def test_by_urgency_a_deadline_counts_that_may_well_hold(store: Store, suggest: Suggest) -> None:
    """A P3 that is a P0 with 20 % stands where the P0 would; with 5 % it does not."""
    alternatives = {"P0": hours(0.5), "P3": hours(72), "P4": hours(96)}
    suggest("P2, sure", priority="P2", due_at=hours(4))
    suggest(
        "P3, maybe P0",
        priority="P3",
        due_at=hours(72),
        if_priority=alternatives,
        probabilities={"P3": 0.7, "P0": 0.2, "P4": 0.1},
    )
    suggest(
        "P3, hardly P0",
        priority="P3",
        due_at=hours(72),
        if_priority=alternatives,
        probabilities={"P3": 0.5, "P0": 0.05, "P4": 0.45},
    )
    suggest("P1, sure", priority="P1", due_at=hours(1))
    expected = ["P3, maybe P0", "P1, sure", "P2, sure", "P3, hardly P0"]
    assert names(store, order=Order.URGENCY) == expected


def test_by_receipt_the_newest_comes_first(store: Store, suggest: Suggest) -> None:
    for name, at in (("old", -5), ("new", 0), ("middle", -1)):
        suggest(name, received_at=hours(at))
    assert names(store, order=Order.NEWEST) == ["new", "middle", "old"]


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("state", [QueueState.PENDING, None])
def test_pages_show_everything_once_in_order(
    store: Store, suggest: Suggest, order: Order, state: QueueState | None
) -> None:
    for number in range(13):  # many share a deadline, a confidence and a receipt time
        _, suggestion = suggest(
            f"t{number}",
            due_at=hours(number % 3) if number % 4 else None,
            confidence=(number % 2) / 2,
            received_at=hours(-(number % 5)),
        )
        if state is None and number % 3 == 0:
            kind = (DecisionKind.ACCEPT, DecisionKind.SKIP)[number % 2]
            store.decisions.decide(suggestion.id, Decision(kind, "ann"), None, NOW)
    whole = names(store, order=order, state=state)
    assert len(set(whole)) == 13
    seen, cursor = [], None
    for _ in range(4):
        page = store.suggestions.queue(QueueQuery(order=order, state=state, limit=4, cursor=cursor))
        seen += [item.external_id for item in page.items]
        cursor = page.next_cursor
    assert cursor is None
    assert seen == whole


def test_a_page_goes_on_where_the_last_one_ended_though_much_was_decided(
    store: Store, suggest: Suggest
) -> None:
    made = [suggest(f"t{number}", due_at=hours(number))[1] for number in range(6)]
    first = store.suggestions.queue(QueueQuery(order=Order.SLA_DUE, limit=3))
    for suggestion in made[:3]:
        store.decisions.decide(suggestion.id, Decision(DecisionKind.SKIP, "ann"), None, NOW)
    assert names(store, order=Order.SLA_DUE, cursor=first.next_cursor) == ["t3", "t4", "t5"]


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        "é",
        cursor(),
        cursor("urgency"),
        cursor("newest", NOW.isoformat(), "a"),
        cursor("urgency", "2026-07-10T09:00:00", 0.5, "a"),
        cursor("urgency", 5, 0.5, "a"),
        cursor("urgency", NOW.isoformat(), "0.5", "a"),
        cursor("urgency", NOW.isoformat(), 0.5, None),
        base64.urlsafe_b64encode(b"[" * 9999).decode(),
        base64.urlsafe_b64encode(b"{}").decode(),
    ],
)
def test_a_cursor_of_another_queue_is_refused(store: Store, given: str) -> None:
    with pytest.raises(InputFaults, match="begin at the first page"):
        store.suggestions.queue(QueueQuery(order=Order.URGENCY, cursor=given))


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_of_no_length_is_refused(limit: int) -> None:
    with pytest.raises(InputFaults, match="limit"):
        QueueQuery(limit=limit)


def test_filters_narrow_down_together(store: Store, suggest: Suggest) -> None:
    suggest("a", priority="P1", tier="premium", action="review", product_area="voice")
    suggest("b", priority="P1", tier="standard", action="auto", product_area="chat", source="jira")
    suggest("c", priority="P3", tier="premium", action="review", product_area="voice")
    assert names(store, priority=Priority.P1, order=Order.NEWEST) == ["b", "a"]
    assert names(store, priority=Priority.P1, tier="premium") == ["a"]
    assert names(store, action=Action.AUTO) == ["b"]
    assert names(store, product_area="voice", priority=Priority.P3) == ["c"]
    assert names(store, source="jira") == ["b"]
    assert names(store, source="github") == []


SEARCHES = {
    "phones": ["plain"],
    "PHONE": ["plain"],
    "calls phones": ["plain"],
    "phones zürich": [],
    "zurich": ["german"],
    "ZÜRICH": ["german"],
    "strasse": ["german"],
    "電話": ["japanese"],
    "가나": ["korean"],
    "error_42": ["code"],
    "42": ["code"],
    "ann@acme.example": ["code"],
    "hones": [],
    "!!!": [],
    '" OR 1 --': [],
    "phones* NOT": [],
    "'pho':* \\": ["plain"],
    "\ud800": [],
}


def test_words_are_found_by_their_beginnings_in_any_script(store: Store, suggest: Suggest) -> None:
    suggest("plain", subject="Phones down", body="Nobody can take calls.")
    suggest("german", subject="Anrufe", body="In Zürich, Bahnhofstraße 1: Straße gesperrt.")
    suggest("japanese", subject="障害", body="電話が使えません。")
    suggest("korean", subject="가나다라", body="")
    suggest("code", subject="error_42", body="from ann@acme.example")
    assert {sought: names(store, text=sought) for sought in SEARCHES} == SEARCHES


def test_a_blank_search_finds_all(store: Store, suggest: Suggest) -> None:
    suggest("a")
    assert names(store, text="  ") == ["a"]


def test_a_ticket_is_found_by_what_it_says_now(store: Store, suggest: Suggest) -> None:
    suggest("a", body="first")
    suggest("a", body="second")
    assert names(store, text="first") == []
    assert names(store, text="second") == ["a"]


def test_search_and_filters_go_together(store: Store, suggest: Suggest) -> None:
    suggest("a", tier="premium")
    suggest("b", tier="standard")
    assert names(store, text="phones", tier="standard", state=None) == ["b"]


def test_a_new_suggestion_takes_the_place_of_the_old(store: Store, suggest: Suggest) -> None:
    ticket, old = suggest(priority="P3")
    _, new = suggest(priority="P1")
    assert [item.suggestion.id for item in store.suggestions.queue(QueueQuery()).items] == [new.id]
    rows = store.suggestions.of_ticket(ticket.key)
    assert [(row.id, row.is_superseded) for row in rows] == [(old.id, True), (new.id, False)]


def test_an_assessment_of_an_old_text_is_kept_but_does_not_count(
    store: Store, suggest: Suggest, record: Callable[..., dict[str, Any]]
) -> None:
    ticket, first = suggest(body="old")
    renewed = store.tickets.receive(
        ticket.ticket.__class__(id="17", body="new"), ticket.arrival, NOW + timedelta(1)
    )
    late = store.suggestions.record(ticket.key, record("P0"), NOW, text_version=ticket.text_version)
    assert late.is_superseded
    stored = store.tickets.load(ticket.key)
    assert stored is not None
    assert (stored.suggestion_id, stored.is_assessed) == (first.id, False)
    right = store.suggestions.record(
        ticket.key, record("P0"), NOW, text_version=renewed.text_version
    )
    stored = store.tickets.load(ticket.key)
    assert stored is not None
    assert (stored.suggestion_id, stored.is_assessed) == (right.id, True)


def test_a_suggestion_is_read_as_it_was_recorded(
    store: Store, suggest: Suggest, record: Callable[..., dict[str, Any]]
) -> None:
    _, suggestion = suggest(priority="P1", confidence=0.625, is_blind=True)
    assert store.suggestions.load(suggestion.id) == suggestion
    assert suggestion.record == record(priority="P1", confidence=0.625)
    assert (suggestion.priority, suggestion.confidence) == (Priority.P1, 0.625)
    assert (suggestion.action, suggestion.due_at) == ("suggest", hours(4))
    assert suggestion.is_blind


def test_counts_are_of_all_tickets_by_state(store: Store, suggest: Suggest) -> None:
    made = [suggest(f"t{number}")[1] for number in range(5)]
    accept, skip = (Decision(kind, "ann") for kind in (DecisionKind.ACCEPT, DecisionKind.SKIP))
    store.decisions.decide(made[0].id, accept, None, NOW)
    store.decisions.decide(made[1].id, accept, None, NOW)
    store.decisions.decide(made[2].id, skip, None, NOW)
    assert store.suggestions.queue(QueueQuery(tier="standard")).counts == {
        QueueState.PENDING: 2,
        QueueState.DECIDED: 2,
        QueueState.SKIPPED: 1,
        QueueState.CLOSED: 0,
    }


def test_a_decided_item_shows_its_decision(store: Store, suggest: Suggest) -> None:
    _, suggestion = suggest()
    entry = store.decisions.decide(suggestion.id, Decision(DecisionKind.SKIP, "ann"), None, NOW)
    (item,) = store.suggestions.queue(QueueQuery(state=QueueState.SKIPPED)).items
    assert item.standing == entry
    assert item.version == entry.version


def test_a_solved_ticket_leaves_the_queue_and_a_reopened_one_returns(
    store: Store, suggest: Suggest
) -> None:
    ticket, _ = suggest()
    for kind, expected in (
        (EventKind.SOLVED, QueueState.CLOSED),
        (EventKind.REOPENED, QueueState.PENDING),
    ):
        store.clock_events.add(ticket.key, kind, hours(len(kind)), {}, None)
        (item,) = store.suggestions.queue(QueueQuery(state=None)).items
        assert item.state == expected


def test_a_ticket_with_a_reply_can_miss_no_deadline(store: Store, suggest: Suggest) -> None:
    near, _ = suggest("near", due_at=hours(1))
    suggest("far", due_at=hours(8))
    store.clock_events.add(near.key, EventKind.REPLIED, NOW, {}, "d1")
    for order in (Order.SLA_DUE, Order.URGENCY):
        assert names(store, order=order) == ["far", "near"]


def test_neither_place_nor_filter_tells_what_is_kept_from_the_agent(
    store: Store, suggest: Suggest
) -> None:
    """All blind ones of a tier and receipt time stand alike, where the nearest deadline is."""
    alternatives = {"P0": hours(0.5), "P1": hours(1), "P4": hours(96)}
    for name, priority, confidence in (("P4", "P4", 0.9), ("P1", "P1", 0.6)):
        assessed = {"priority": priority, "confidence": confidence, "if_priority": alternatives}
        suggest(f"blind {name}", is_blind=True, due_at=alternatives[priority], **assessed)
        suggest(f"shown {name}", due_at=alternatives[priority], **assessed)
    blind = ["blind P4", "blind P1"]  # in the order of their coming
    assert names(store, order=Order.SLA_DUE) == [*blind, "shown P1", "shown P4"]
    assert names(store, order=Order.UNCERTAINTY) == [*blind, "shown P1", "shown P4"]
    assert names(store, order=Order.URGENCY) == [*blind, "shown P1", "shown P4"]
    assert names(store, priority=Priority.P1) == ["shown P1"]
    assert names(store, action=Action.SUGGEST, state=None, order=Order.SLA_DUE) == [
        "shown P1",
        "shown P4",
    ]


def test_a_blind_suggestion_may_be_filtered_by_when_decided(store: Store, suggest: Suggest) -> None:
    _, suggestion = suggest("blind", is_blind=True, priority="P1")
    entry = store.decisions.decide(suggestion.id, Decision(DecisionKind.ACCEPT, "ann"), None, NOW)
    assert names(store, state=QueueState.DECIDED, priority=Priority.P1) == ["blind"]
    store.decisions.undo(entry.id, "ann", NOW)
    assert names(store, state=None, priority=Priority.P1) == []
