"""Erasure: no word of the ticket and no name is left, and the counts and decisions are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tickets import Priority, Ticket
from tickets.store import (
    Arrival,
    Conflict,
    Decision,
    DecisionKind,
    DeliveryState,
    EventKind,
    MessageState,
    Outgoing,
    QueueQuery,
    QueueState,
    Replay,
    Store,
    StoredTicket,
    SuggestionRow,
)
from tickets.store.tables import metadata

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECRET = "zanzibar"
REQUESTER = f"Jörg.{SECRET}@example.com"
Records = Callable[..., dict[str, Any]]


def keep(store: Store, record: Records, name: str = "17") -> tuple[StoredTicket, SuggestionRow]:
    """Keep a ticket that has left a trace wherever one can."""
    body = json.dumps({"requester": REQUESTER, "text": SECRET}).encode()
    store.inbox.put("zendesk", "main", f"d{name}", {"x-from": SECRET}, body, NOW)
    arrival = Arrival(
        source="zendesk",
        external_id=name,
        endpoint="main",
        delivery_id=f"d{name}",
        requester=REQUESTER,
        organization=f"{SECRET} Ltd",
        url=f"https://{SECRET}.example",
        extra={"name": SECRET},
    )
    ticket = Ticket(
        id=name,
        subject=f"From {SECRET}",
        body=f"{SECRET} calls",
        environment=f"at {SECRET}",
        tier="premium",
        received_at=NOW,
    )
    stored = store.tickets.receive(ticket, arrival, NOW)
    assessed = {**record(), "error": {"value": SECRET}, "similar": [{"subject": SECRET}]}
    suggestion = store.suggestions.record(stored.key, assessed, NOW)
    override = Decision(DecisionKind.OVERRIDE, "bob", Priority.P0, "outage", {}, f"ask {SECRET}")
    written = Outgoing("note", "zendesk", {"text": SECRET}, f"m{name}")
    store.decisions.decide(suggestion.id, override, None, NOW, [written])
    store.clock_events.add(stored.key, EventKind.REPLIED, NOW, {"by": SECRET}, "e1")
    store.idempotency.begin(name, "bot", "hash", NOW)
    store.idempotency.finish(name, "bot", 200, body, ticket_key=stored.key)
    return stored, suggestion


def contents(store: Store) -> str:
    """All that the tables hold, as text."""
    with store.database.reading() as connection:
        tables = [connection.execute(table.select()).all() for table in metadata.sorted_tables]
    return str(tables).lower()


def test_no_word_of_an_erased_ticket_is_left(store: Store, record: Records) -> None:
    ticket, suggestion = keep(store, record)
    assert SECRET in contents(store)
    assert store.personal_data.erase_ticket(ticket.key, NOW + MINUTE)
    assert SECRET not in contents(store)
    assert store.suggestions.queue(QueueQuery(state=None, text=SECRET)).items == ()
    assert not store.personal_data.erase_ticket(ticket.key, NOW + MINUTE)

    erased = store.tickets.load(ticket.key)
    assert erased is not None
    assert (erased.ticket.subject, erased.ticket.body) == ("", "")
    assert (erased.erased_at, erased.received_at) == (NOW + MINUTE, NOW)
    kept = store.suggestions.load(suggestion.id)
    assert kept is not None
    assert (kept.priority, kept.confidence) == (suggestion.priority, suggestion.confidence)
    assert kept.record["facts"] == suggestion.record["facts"]
    (entry,) = store.decisions.of_ticket(ticket.key)
    assert (entry.priority, entry.reason, entry.actor, entry.note) == (
        Priority.P0,
        "outage",
        "bob",
        None,
    )


def test_what_waits_to_be_sent_about_an_erased_ticket_is_withdrawn(
    store: Store, record: Records
) -> None:
    ticket, _ = keep(store, record)
    (claimed,) = store.outbox.claim("w", 5, NOW, MINUTE)
    store.personal_data.erase_ticket(ticket.key, NOW)
    store.outbox.retry(claimed.id, "503", NOW)
    assert store.outbox.claim("w", 5, NOW + 2 * MINUTE, MINUTE) == []
    assert store.outbox.counts()[MessageState.WITHDRAWN] == 1


def test_an_erased_ticket_is_not_brought_back(store: Store, record: Records) -> None:
    ticket, _ = keep(store, record)
    store.personal_data.erase_ticket(ticket.key, NOW)
    again = store.tickets.receive(
        Ticket(id="17", body=SECRET), Arrival("zendesk", "17", delivery_id="d9"), NOW + MINUTE
    )
    assert again.erased_at == NOW
    assert again.is_assessed  # nothing is left to be assessed
    store.clock_events.add(ticket.key, EventKind.SOLVED, NOW, {"by": SECRET}, "late")
    assert SECRET not in contents(store)


def test_a_page_from_before_the_erasure_cannot_decide(store: Store, record: Records) -> None:
    ticket, suggestion = keep(store, record)
    before = store.tickets.load(ticket.key)
    assert before is not None
    store.personal_data.erase_ticket(ticket.key, NOW)
    late = Decision(DecisionKind.SKIP, "bob", note=f"ask {SECRET}")
    with pytest.raises(Conflict):
        store.decisions.decide(suggestion.id, late, before.version, NOW)


def test_a_pending_ticket_that_is_erased_leaves_the_queue(
    store: Store, suggest: Callable[..., tuple[StoredTicket, SuggestionRow]]
) -> None:
    ticket, _ = suggest()
    store.personal_data.erase_ticket(ticket.key, NOW)
    counts = store.suggestions.queue(QueueQuery()).counts
    assert (counts[QueueState.PENDING], counts[QueueState.CLOSED]) == (0, 1)


def test_a_person_is_erased_from_all_tickets_and_deliveries(store: Store, record: Records) -> None:
    for name in ("17", "18"):
        keep(store, record, name)
    other = store.tickets.receive(Ticket("19", "x"), Arrival("zendesk", "19", requester="x"), NOW)
    store.inbox.put("zendesk", "main", "waiting", {}, b"x " + REQUESTER.encode(), NOW)
    store.inbox.put("zendesk", "main", "escaped", {}, json.dumps(REQUESTER).encode(), NOW)
    store.inbox.put("zendesk", "main", "another's", {}, f"of dr.{REQUESTER}".encode(), NOW)
    store.idempotency.begin("batch", "bot", "hash", NOW)
    store.idempotency.finish("batch", "bot", 200, REQUESTER.encode())

    assert store.personal_data.erase_requester(f" {REQUESTER.swapcase()}\n", NOW) == 2
    assert contents(store).count(SECRET) == 1
    assert store.tickets.load(other.key) == other
    assert store.inbox.counts()[DeliveryState.WAITING] == 1
    assert store.idempotency.begin("batch", "bot", "hash", NOW) == Replay(200, b"", {})
    assert store.personal_data.erase_requester(REQUESTER, NOW) == 0


def test_erasing_nobody_erases_nothing(store: Store, record: Records) -> None:
    keep(store, record)
    before = contents(store)
    assert store.personal_data.erase_requester("", NOW) == 0
    assert store.personal_data.erase_requester("%", NOW) == 0
    assert store.personal_data.erase_requester("e@example.com", NOW) == 0
    assert not store.personal_data.erase_ticket("999", NOW)
    assert contents(store) == before


def test_what_is_older_than_the_retention_is_erased(store: Store, record: Records) -> None:
    store.tickets.receive_many(
        [(Ticket(str(n), SECRET), Arrival("api", str(n))) for n in range(150)], NOW
    )
    new = store.tickets.receive(Ticket("new", "new"), Arrival("api", "new"), NOW + MINUTE)
    assert store.personal_data.erase_before(NOW + MINUTE, NOW + MINUTE) == 150
    assert SECRET not in contents(store)
    assert store.tickets.load(new.key) == new
    assert store.personal_data.erase_before(NOW + MINUTE, NOW + MINUTE) == 0


def test_no_byte_of_it_is_left_in_the_files(store: Store, record: Records, tmp_path: Path) -> None:
    if not store.database.is_sqlite:
        pytest.skip("PostgreSQL frees old rows with its next vacuum")
    for name in range(60):
        keep(store, record, str(name))
    store.personal_data.erase_before(NOW + MINUTE, NOW)
    files = [file.read_bytes().lower() for file in tmp_path.glob("triage.db*")]
    assert [SECRET.encode() in each for each in files] == [False] * len(files)


def test_the_word_index_forgets_too(store: Store, record: Records) -> None:
    ticket, _ = keep(store, record)
    store.personal_data.erase_ticket(ticket.key, NOW)
    with store.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM ticket_words")).scalar_one() == 0
