"""Suggestions: whatever is recorded is read again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tickets import PRIORITIES, Priority
from tickets.store import Store, StoredTicket, SuggestionRow

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]

SHARES = st.floats(0, 1)
INSTANTS = st.datetimes(datetime(2000, 1, 2), datetime(2040, 12, 30), timezones=st.just(UTC))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | SHARES | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RESPONSES = st.builds(
    lambda due, others: {
        "due_at": due.isoformat(),
        "if_priority": {str(p): each.isoformat() for p, each in others.items()},
    },
    INSTANTS,
    st.dictionaries(st.sampled_from(PRIORITIES), INSTANTS),
)
RECORDS = st.fixed_dictionaries(
    {
        "id": st.text(),
        "priority": st.sampled_from([str(p) for p in PRIORITIES]),
        "confidence": SHARES,
        "probabilities": st.dictionaries(st.sampled_from([str(p) for p in PRIORITIES]), SHARES),
        "action": st.sampled_from(["auto", "suggest", "review"]),
        "response": st.none() | RESPONSES,
        "versions": st.fixed_dictionaries(
            {name: st.text() for name in ("model", "rules", "policy", "engine")}
        ),
        "facts": PLAIN,
        "notes": st.lists(st.text(), max_size=2),
    }
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(record=RECORDS)
def test_whatever_is_recorded_is_read_again(
    store: Store, suggest: Suggest, record: dict[str, Any]
) -> None:
    ticket, _ = suggest()
    suggestion = store.suggestions.record(ticket.key, record, NOW)
    assert suggestion.record == record
    assert suggestion.priority == Priority.parse(record["priority"])
    assert suggestion.confidence == record["confidence"]
    assert store.suggestions.load(suggestion.id) == suggestion


def test_all_assessments_of_a_ticket_are_kept_and_the_newest_counts(
    store: Store, suggest: Suggest
) -> None:
    ticket, first = suggest(priority="P3", due_at=NOW + timedelta(days=3))
    _, second = suggest(priority="P1")
    assert [each.id for each in store.suggestions.of_ticket(ticket.key)] == [first.id, second.id]
    stored = store.tickets.load(ticket.key)
    assert stored is not None
    assert stored.suggestion_id == second.id
    assert stored.version == 2


def test_the_assessments_of_many_are_kept_together(
    store: Store, suggest: Suggest, record: Callable[..., dict[str, Any]]
) -> None:
    keys = [suggest(name)[0].key for name in ("1", "2")]
    rows = store.suggestions.record_many([(key, record("P0")) for key in keys], NOW)
    assert [row.ticket_key for row in rows] == keys
    figures = store.statistics(NOW)
    assert figures.suggestions_by_priority[Priority.P0] == 2
    assert sum(figures.queue.values()) == 2
