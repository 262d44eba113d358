"""Decisions: a log that only grows, and the one decision that stands."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tickets import InputFaults, Priority
from tickets.store import (
    AlreadyDecided,
    Conflict,
    Decision,
    DecisionKind,
    DecisionRow,
    MessageState,
    NotFound,
    Outgoing,
    QueueQuery,
    QueueState,
    Store,
    StoredTicket,
    SuggestionRow,
)

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]
Records = Callable[..., dict[str, Any]]

ACCEPT = Decision(DecisionKind.ACCEPT, "ann")
SKIP = Decision(DecisionKind.SKIP, "ann")
RAISE = Decision(
    DecisionKind.OVERRIDE,
    "ann",
    priority=Priority.P0,
    reason="outage",
    corrected_facts={"reach": "all"},
    note="Called me, everyone is down.",
)


def message(key: str) -> Outgoing:
    return Outgoing("priority", "zendesk", {"priority": "P0"}, idempotency_key=key)


def state(store: Store, key: str) -> QueueState:
    page = store.suggestions.queue(QueueQuery(state=None))
    return next(item.state for item in page.items if item.ticket_key == key)


def test_an_accept_takes_the_suggested_priority(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest(priority="P2")
    entry = store.decisions.decide(suggestion.id, ACCEPT, ticket.version, NOW)
    assert (entry.kind, entry.priority) == (DecisionKind.ACCEPT, Priority.P2)
    assert (entry.version, entry.actor, entry.decided_at) == (ticket.version + 1, "ann", NOW)
    assert store.decisions.load(entry.id) == entry
    assert state(store, ticket.key) == QueueState.DECIDED


def test_an_override_keeps_its_reason(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest(priority="P2")
    entry = store.decisions.decide(suggestion.id, RAISE, ticket.version, NOW)
    assert (entry.priority, entry.suggested_priority) == (Priority.P0, Priority.P2)
    assert (entry.reason, entry.note) == ("outage", "Called me, everyone is down.")
    assert entry.corrected_facts == {"reach": "all"}


def test_a_skip_decides_no_priority(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest()
    entry = store.decisions.decide(suggestion.id, SKIP, None, NOW)
    assert entry.priority is None
    assert state(store, ticket.key) == QueueState.SKIPPED


@pytest.mark.parametrize(
    ("kind", "priority", "reason"),
    [
        (DecisionKind.OVERRIDE, None, None),
        (DecisionKind.ACCEPT, Priority.P0, None),
        (DecisionKind.SKIP, Priority.P0, None),
        (DecisionKind.UNDO, None, None),
        (DecisionKind.ACCEPT, None, "because Ann Smith said so"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    kind: DecisionKind, priority: Priority | None, reason: str | None
) -> None:
    with pytest.raises(InputFaults):
        Decision(kind, "ann", priority=priority, reason=reason)


def test_a_page_that_is_out_of_date_cannot_decide(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, ACCEPT, ticket.version, NOW)
    with pytest.raises(Conflict) as conflict:
        store.decisions.decide(suggestion.id, RAISE, ticket.version, NOW)
    assert conflict.value.current_version == ticket.version + 1
    assert conflict.value.latest == first
    assert store.decisions.of_ticket(ticket.key) == [first]


def test_without_a_version_nothing_that_stands_is_replaced(store: Store, suggest: Suggest) -> None:
    _, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, ACCEPT, None, NOW)
    with pytest.raises(AlreadyDecided) as already:
        store.decisions.decide(suggestion.id, RAISE, None, NOW)
    assert already.value.latest == first


def test_with_the_right_version_one_may_change_ones_mind(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, ACCEPT, None, NOW)
    second = store.decisions.decide(suggestion.id, RAISE, first.version, NOW)
    assert standing(store, ticket.key) == second.id
    assert store.decisions.of_ticket(ticket.key) == [first, second]


def test_a_superseded_suggestion_cannot_be_decided_on(
    store: Store, suggest: Suggest, record: Records
) -> None:
    ticket, old = suggest()
    store.suggestions.record(ticket.key, record("P1"), NOW)
    with pytest.raises(Conflict):
        store.decisions.decide(old.id, ACCEPT, None, NOW)


def test_of_many_at_once_one_decides(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest()

    def decide(_: int) -> bool:
        try:
            store.decisions.decide(suggestion.id, ACCEPT, ticket.version, NOW)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(decide, range(16))) == 1
    assert len(store.decisions.of_ticket(ticket.key)) == 1


def test_unknown_ids_are_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.decisions.decide("none", ACCEPT, None, NOW)
    with pytest.raises(NotFound):
        store.decisions.undo("none", "ann", NOW)
    with pytest.raises(NotFound):
        store.suggestions.record("17", {}, NOW)
    assert store.decisions.load("none") is None
    assert store.suggestions.load("none") is None


def test_undo_is_an_entry_of_its_own(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, RAISE, None, NOW)
    undone = store.decisions.undo(first.id, "bob", NOW + timedelta(seconds=5))
    assert (undone.kind, undone.undoes, undone.actor) == (DecisionKind.UNDO, first.id, "bob")
    assert store.decisions.of_ticket(ticket.key) == [first, undone]
    assert standing(store, ticket.key) is None
    assert state(store, ticket.key) == QueueState.PENDING


def test_undo_brings_back_what_stood_before(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, ACCEPT, None, NOW)
    second = store.decisions.decide(suggestion.id, RAISE, first.version, NOW)
    store.decisions.undo(second.id, "ann", NOW)
    assert standing(store, ticket.key) == first.id
    assert state(store, ticket.key) == QueueState.DECIDED


def test_only_what_stands_can_be_undone(store: Store, suggest: Suggest) -> None:
    _, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, ACCEPT, None, NOW)
    second = store.decisions.decide(suggestion.id, RAISE, first.version, NOW)
    with pytest.raises(Conflict):
        store.decisions.undo(first.id, "ann", NOW)
    undone = store.decisions.undo(second.id, "ann", NOW)
    for entry in (second, undone):
        with pytest.raises(Conflict):
            store.decisions.undo(entry.id, "ann", NOW)


def test_a_message_that_has_not_left_is_withdrawn_by_undo(store: Store, suggest: Suggest) -> None:
    _, suggestion = suggest()
    entry = store.decisions.decide(suggestion.id, RAISE, None, NOW, [message("a")])
    store.decisions.undo(entry.id, "ann", NOW, [message("b")])
    assert messages(store, entry) == [MessageState.WITHDRAWN]
    assert store.outbox.claim("w", 9, NOW, timedelta(minutes=1)) == []


def test_a_message_that_has_left_is_answered_by_another(store: Store, suggest: Suggest) -> None:
    ticket, suggestion = suggest()
    entry = store.decisions.decide(suggestion.id, RAISE, None, NOW, [message("a")])
    (sent,) = store.outbox.claim("w", 9, NOW, timedelta(minutes=1))
    store.outbox.sent(sent.id, NOW)
    undone = store.decisions.undo(entry.id, "ann", NOW, [message("b")])
    (back,) = store.outbox.claim("w", 9, NOW, timedelta(minutes=1))
    assert (back.idempotency_key, back.decision_id, back.ticket_key) == ("b", undone.id, ticket.key)


def test_a_replaced_decision_tells_the_desk_nothing_until_it_stands_again(
    store: Store, suggest: Suggest
) -> None:
    _, suggestion = suggest()
    first = store.decisions.decide(suggestion.id, ACCEPT, None, NOW, [message("a")])
    second = store.decisions.decide(suggestion.id, RAISE, first.version, NOW, [message("b")])
    assert messages(store, first) == [MessageState.WITHDRAWN]
    store.decisions.undo(second.id, "ann", NOW)
    assert messages(store, first) == [MessageState.PENDING]
    assert messages(store, second) == [MessageState.WITHDRAWN]


def test_a_message_queued_before_is_not_queued_again(store: Store, suggest: Suggest) -> None:
    _, suggestion = suggest()
    store.decisions.decide(suggestion.id, RAISE, None, NOW, [message("a"), message("a")])
    assert store.outbox.counts()[MessageState.PENDING] == 1


def test_a_new_suggestion_that_says_the_same_stays_decided(
    store: Store, suggest: Suggest, record: Records
) -> None:
    ticket, suggestion = suggest(priority="P2")
    store.decisions.decide(suggestion.id, RAISE, None, NOW)
    for known in ("P2", "P0"):  # what was suggested, and what was decided
        store.suggestions.record(ticket.key, record(known), NOW)
        assert state(store, ticket.key) == QueueState.DECIDED
    store.suggestions.record(ticket.key, record("P1"), NOW)
    assert state(store, ticket.key) == QueueState.PENDING


def test_the_trail_is_exported_oldest_first(store: Store, suggest: Suggest) -> None:
    _, suggestion = suggest(priority="P2", confidence=0.7)
    first = store.decisions.decide(suggestion.id, RAISE, None, NOW)
    store.decisions.undo(first.id, "bob", NOW + timedelta(seconds=5))
    entries = list(store.decisions.export(NOW, NOW + timedelta(minutes=1)))
    assert [each["kind"] for each in entries] == ["override", "undo"]
    assert entries[0]["priority"] == "P0"
    assert entries[0]["suggested_priority"] == "P2"
    assert entries[0]["confidence"] == 0.7
    assert entries[0]["external_id"] == "17"
    assert entries[0]["versions"] == {"model": "m1", "rules": "r1", "policy": "p1"}
    assert list(store.decisions.export(NOW, NOW)) == []
    assert len(list(store.decisions.export(NOW + timedelta(seconds=1), NOW.replace(day=11)))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET actor = 'eve'",
        "UPDATE decisions SET note = 'another'",
        "DELETE FROM decisions",
        "UPDATE audit SET actor = 'eve'",
        "DELETE FROM audit",
    ],
)
def test_the_database_itself_refuses_to_change_the_logs(
    store: Store, suggest: Suggest, statement: str
) -> None:
    ticket, suggestion = suggest()
    entry = store.decisions.decide(suggestion.id, RAISE, None, NOW)
    store.audit.note("ann", "promoted", "m1", {}, NOW)
    with (
        pytest.raises(IntegrityError, match="entries are never changed"),
        store.database.writing() as connection,
    ):
        connection.execute(text(statement))
    assert store.decisions.of_ticket(ticket.key) == [entry]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(["accept", "raise", "skip", "undo", "assess"]), max_size=8))
def test_the_standing_decision_is_that_of_a_stack(
    store: Store, record: Records, suggest: Suggest, steps: list[str]
) -> None:
    """Deciding puts a decision on top, undo takes the top away, assessments change nothing."""
    ticket, suggestion = suggest(external_id=f"model-{datetime.now(UTC).timestamp()}")
    stack: list[str] = []
    choices = {"accept": ACCEPT, "raise": RAISE, "skip": SKIP}
    version, entries = ticket.version, 0
    for step in steps:
        if step == "assess":
            suggestion = store.suggestions.record(ticket.key, record(), NOW)
        elif step != "undo":
            entry = store.decisions.decide(suggestion.id, choices[step], version, NOW)
            stack.append(entry.id)
        elif stack:
            store.decisions.undo(stack.pop(), "ann", NOW)
        else:
            continue
        version += 1
        entries += step != "assess"
    stored = store.tickets.load(ticket.key)
    assert stored is not None
    assert stored.standing_decision_id == (stack[-1] if stack else None)
    assert stored.version == version
    assert len(store.decisions.of_ticket(ticket.key)) == entries
    assert tallied(store) == counted(store)


def standing(store: Store, key: str) -> str | None:
    stored = store.tickets.load(key)
    assert stored is not None
    return stored.standing_decision_id


def messages(store: Store, entry: DecisionRow) -> list[MessageState]:
    return [each.state for each in store.outbox.of_decision(entry.id)]


def tallied(store: Store) -> dict[str, int]:
    counts = store.suggestions.queue(QueueQuery()).counts
    return {state: n for state, n in counts.items() if n}


def counted(store: Store) -> dict[str, int]:
    query = "SELECT state, count(*) FROM suggestions WHERE state <> 'superseded' GROUP BY state"
    with store.database.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(text(query))}
