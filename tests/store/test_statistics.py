"""The figures of the overview page and of /metrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tickets import Priority
from tickets.store import (
    Decision,
    DecisionKind,
    DeliveryState,
    MessageState,
    Outgoing,
    QueueState,
    Store,
    StoredTicket,
    SuggestionRow,
)

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]


def test_an_empty_store_counts_nothing(store: Store) -> None:
    figures = store.statistics(NOW)
    assert set(figures.suggestions_by_priority.values()) == {0}
    assert set(figures.queue.values()) == {0}
    assert (figures.overdue, figures.oldest_delivery_at, figures.overrides) == (0, None, {})


def test_the_store_is_counted(store: Store, suggest: Suggest) -> None:
    _, first = suggest("1", priority="P2", action="auto", due_at=NOW + HOUR)
    _, second = suggest("2", priority="P2", action="review", source="jira")
    suggest("3", priority="P0", action="review", due_at=NOW + HOUR)
    raised = Decision(DecisionKind.OVERRIDE, "ann", Priority.P0)
    entry = store.decisions.decide(second.id, raised, None, NOW)
    store.decisions.undo(entry.id, "ann", NOW)
    accept = Decision(DecisionKind.ACCEPT, "ann")
    store.decisions.decide(first.id, accept, None, NOW, [Outgoing("p", "zendesk", {}, "m1")])
    store.inbox.put("zendesk", "main", "d1", {}, b"", NOW - HOUR)

    figures = store.statistics(NOW + 2 * HOUR)
    assert figures.suggestions_by_priority[Priority.P2] == 2
    assert figures.suggestions_by_priority[Priority.P4] == 0
    assert figures.suggestions_by_action == {"auto": 1, "review": 2}
    assert figures.suggestions_by_source == {"jira": 1, "zendesk": 2}
    assert figures.decisions[DecisionKind.ACCEPT] == 1
    assert figures.decisions[DecisionKind.UNDO] == 1
    assert figures.overrides == {(Priority.P2, Priority.P0): 1}
    assert (figures.queue[QueueState.PENDING], figures.queue[QueueState.DECIDED]) == (2, 1)
    assert figures.overdue == 1
    assert figures.inbox[DeliveryState.WAITING] == 1
    assert figures.oldest_delivery_at == NOW - HOUR
    assert figures.outbox[MessageState.PENDING] == 1
    assert figures.oldest_message_at == NOW
