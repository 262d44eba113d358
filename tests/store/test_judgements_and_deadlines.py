"""What the overview asks the store: decisions that stand, and how tickets stand against deadlines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tickets import Priority
from tickets.store import Decision, DecisionKind, EventKind, Store, StoredTicket, SuggestionRow

Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]
ACCEPT = Decision(DecisionKind.ACCEPT, "ana")
P1 = Decision(DecisionKind.OVERRIDE, "ben", Priority.P1)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def standing(store: Store, since: datetime) -> list[tuple[str, str, Priority | None]]:
    found = store.judgements.made_since(since)
    return [(one.ticket_key, one.actor, one.priority) for one in found]


def test_only_the_decision_that_stands_is_a_judgement(
    store: Store, suggest: Suggest, now: datetime
) -> None:
    ticket, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, ACCEPT, None, now)
    assert standing(store, now) == [(ticket.key, "ana", Priority.P2)]
    second = store.decisions.decide(suggestion.id, P1, first.version, now + hours(1))
    assert standing(store, now) == [(ticket.key, "ben", Priority.P1)]
    store.decisions.undo(second.id, "ben", now + hours(2))
    assert standing(store, now) == [(ticket.key, "ana", Priority.P2)]
    store.decisions.undo(first.id, "ana", now + hours(3))
    assert standing(store, now) == []
    assert store.judgements.of([ticket.key]) == {}
    assert store.judgements.changed_since(now + hours(3)) == [ticket.key]
    assert store.judgements.changed_since(now + hours(4)) == []


def test_a_judgement_holds_what_was_suggested(
    store: Store, suggest: Suggest, now: datetime
) -> None:
    ticket, suggestion = suggest(is_blind=True, product_area="voice", confidence=0.6)
    corrected = {"reach": "all"}
    decision = Decision(DecisionKind.OVERRIDE, "ana", Priority.P0, corrected_facts=corrected)
    store.decisions.decide(suggestion.id, decision, None, now)
    found = store.judgements.of([ticket.key])[ticket.key]
    assert (found.suggested, found.priority) == (Priority.P2, Priority.P0)
    assert (found.confidence, found.is_blind, found.product_area) == (0.6, True, "voice")
    assert found.corrected_facts == corrected
    assert found.record["facts"]["reach"]["value"] == "many"


def test_the_latest_entries_are_counted_back(store: Store, suggest: Suggest, now: datetime) -> None:
    for number in range(3):
        _, suggestion = suggest(external_id=str(number))
        store.decisions.decide(suggestion.id, ACCEPT, None, now + hours(number))
    assert store.judgements.time_of_latest(1) == now + hours(2)
    assert store.judgements.time_of_latest(3) == now
    assert store.judgements.time_of_latest(4) is None


def test_pending_tickets_are_due_in_their_order_and_hidden_ones_are_not_told(
    store: Store, suggest: Suggest, now: datetime
) -> None:
    suggest(external_id="late", subject="later", due_at=now + hours(8))
    suggest(external_id="soon", subject="sooner", due_at=now + hours(1))
    suggest(external_id="over", subject="over", due_at=now - hours(1))
    suggest(external_id="none", subject="none", due_at=None)
    suggest(external_id="blind", subject="blind", due_at=now + hours(2), is_blind=True)
    assert [one.subject for one in store.deadlines.next(now, 10)] == ["sooner", "later"]
    assert [one.subject for one in store.deadlines.next(now, 1)] == ["sooner"]
    counts = store.deadlines.counts(now, now - hours(24))
    assert (counts.pending_overdue, counts.pending_ahead) == (1, 2)
    assert (counts.pending_without, counts.hidden) == (1, 1)


def test_decided_tickets_without_a_reply_are_counted_apart(
    store: Store, suggest: Suggest, now: datetime
) -> None:
    for name, due_at in (("1", now + hours(1)), ("2", now - hours(1)), ("3", now - hours(48))):
        _, suggestion = suggest(external_id=name, due_at=due_at)
        store.decisions.decide(suggestion.id, ACCEPT, None, now)
    counts = store.deadlines.counts(now, now - hours(24))
    assert (counts.decided_ahead, counts.decided_overdue) == (1, 1)
    assert (counts.pending_ahead, counts.pending_overdue) == (0, 0)


@pytest.mark.parametrize(
    ("decision", "replied_after", "is_met"),
    [(None, 3, True), (None, 5, False), (ACCEPT, 4, True), (P1, 1, True), (P1, 3, False)],
)
def test_a_reply_is_in_time_by_the_deadline_of_the_priority_decided(
    store: Store,
    suggest: Suggest,
    now: datetime,
    decision: Decision | None,
    replied_after: float,
    is_met: bool,
) -> None:
    due: dict[str, Any] = {"due_at": now + hours(4), "if_priority": {"P1": now + hours(1)}}
    ticket, suggestion = suggest(**due)
    if decision is not None:
        store.decisions.decide(suggestion.id, decision, None, now)
    at = now + hours(replied_after)
    store.clock_events.add(ticket.key, EventKind.REPLIED, at, {}, "reply")
    counts = store.deadlines.replies(now - hours(1))
    assert (counts.met, counts.missed) == ((1, 0) if is_met else (0, 1))
    assert store.deadlines.replies(now + hours(1)).met == 0
