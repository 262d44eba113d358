"""Events at the desk: each told once, and the ticket's state is that of the latest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from tickets.store import (
    EventKind,
    NotFound,
    Store,
    StoredTicket,
    SuggestionRow,
    TicketState,
)

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]


def minutes(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


def test_an_event_is_read_as_it_was_added(store: Store, suggest: Suggest) -> None:
    key = suggest()[0].key
    assert store.clock_events.add(key, EventKind.PRIORITY_CHANGED, NOW, {"to": "P1"}, "d1")
    (event,) = store.clock_events.of_ticket(key)
    assert (event.kind, event.at, event.detail) == (EventKind.PRIORITY_CHANGED, NOW, {"to": "P1"})
    assert (event.ticket_key, event.delivery_id) == (key, "d1")


def test_the_events_of_many_are_read_at_once(store: Store, suggest: Suggest) -> None:
    one, other, silent = (suggest(name)[0].key for name in ("1", "2", "3"))
    for key, kind in (
        (one, EventKind.REPLIED),
        (other, EventKind.SOLVED),
        (one, EventKind.WAITING),
    ):
        store.clock_events.add(key, kind, NOW, {}, None)
    found = store.clock_events.of_tickets([one, other, silent])
    assert {key: [event.kind for event in events] for key, events in found.items()} == {
        one: [EventKind.REPLIED, EventKind.WAITING],
        other: [EventKind.SOLVED],
    }


def test_the_same_delivery_tells_of_an_event_once(store: Store, suggest: Suggest) -> None:
    key = suggest()[0].key
    assert store.clock_events.add(key, EventKind.REPLIED, NOW, {}, "d1")
    assert not store.clock_events.add(key, EventKind.REPLIED, NOW, {}, "d1")
    assert store.clock_events.add(key, EventKind.WAITING, NOW, {}, "d1")
    assert store.clock_events.add(key, EventKind.REPLIED, NOW, {}, None)
    assert store.clock_events.add(key, EventKind.REPLIED, NOW, {}, None)
    assert len(store.clock_events.of_ticket(key)) == 4


def test_an_event_of_no_ticket_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.clock_events.add("999", EventKind.REPLIED, NOW, {}, "d1")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_events_may_come_in_any_order(
    store: Store, suggest: Suggest, order: tuple[int, ...]
) -> None:
    happened = [
        (EventKind.REPLIED, minutes(1)),
        (EventKind.SOLVED, minutes(2)),
        (EventKind.WAITING, minutes(3)),
    ]
    key = suggest()[0].key
    for turn in order:
        kind, at = happened[turn]
        store.clock_events.add(key, kind, at, {}, f"d{turn}")
    stored = store.tickets.load(key)
    assert stored is not None
    assert (stored.state, stored.replied_at) == (TicketState.WAITING, minutes(1))
    assert [event.at for event in store.clock_events.of_ticket(key)] == [
        minutes(1),
        minutes(2),
        minutes(3),
    ]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EventKind.WAITING, TicketState.WAITING),
        (EventKind.RESUMED, TicketState.OPEN),
        (EventKind.SOLVED, TicketState.SOLVED),
        (EventKind.REOPENED, TicketState.OPEN),
        (EventKind.REPLIED, TicketState.OPEN),
        (EventKind.PRIORITY_CHANGED, TicketState.OPEN),
    ],
)
def test_each_event_leads_to_a_state(
    store: Store, suggest: Suggest, kind: EventKind, state: TicketState
) -> None:
    key = suggest()[0].key
    store.clock_events.add(key, kind, NOW, {}, "d1")
    stored = store.tickets.load(key)
    assert stored is not None
    assert stored.state == state
