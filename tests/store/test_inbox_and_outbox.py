"""Deliveries and messages: none lost, none worked on twice at a time, none out of turn."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tickets import InputFaults
from tickets.store import (
    DeliveryState,
    MessageState,
    NotFound,
    Outgoing,
    Store,
    StoredTicket,
    SuggestionRow,
    open_store,
)

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]


def put(store: Store, name: str, at: datetime = NOW) -> bool:
    return store.inbox.put("zendesk", "main", name, {"x-id": name}, b'{"a": "\xff\x00"}', at)


def message(key: str, ticket_key: str | None = None, target: str = "zendesk") -> Outgoing:
    return Outgoing("priority", target, {"priority": "P0"}, key, ticket_key)


def test_a_delivery_is_kept_to_the_byte(store: Store) -> None:
    assert put(store, "d1")
    (delivery,) = store.inbox.claim("w", 5, NOW, MINUTE)
    assert (delivery.source, delivery.endpoint, delivery.delivery_id) == ("zendesk", "main", "d1")
    assert (delivery.headers, delivery.body) == ({"x-id": "d1"}, b'{"a": "\xff\x00"}')
    assert (delivery.received_at, delivery.attempts) == (NOW, 1)


def test_a_delivery_comes_in_once(store: Store) -> None:
    assert put(store, "d1")
    assert not put(store, "d1")
    assert store.inbox.put("zendesk", "other", "d1", {}, b"", NOW)
    assert store.inbox.counts()[DeliveryState.WAITING] == 2
    with pytest.raises(InputFaults, match="longer than 255"):
        put(store, "x" * 256)


def test_a_claimed_delivery_comes_again_only_when_its_lease_has_run_out(store: Store) -> None:
    put(store, "d1")
    (first,) = store.inbox.claim("w1", 5, NOW, MINUTE)
    assert store.inbox.claim("w2", 5, NOW + MINUTE - timedelta(seconds=1), MINUTE) == []
    (again,) = store.inbox.claim("w2", 5, NOW + MINUTE, MINUTE)
    assert (again.id, again.attempts) == (first.id, 2)


def test_what_is_done_is_done_and_keeps_no_body(store: Store) -> None:
    put(store, "d1")
    (delivery,) = store.inbox.claim("w", 5, NOW, MINUTE)
    store.inbox.done(delivery.id)
    assert store.inbox.claim("w", 5, NOW + 9 * MINUTE, MINUTE) == []
    assert store.inbox.counts()[DeliveryState.DONE] == 1
    assert not put(store, "d1")
    with store.database.reading() as connection:
        assert connection.execute(text("SELECT body FROM inbox")).scalar_one() == b""


def test_a_failed_delivery_waits_and_then_is_given_up(store: Store) -> None:
    put(store, "d1")
    (delivery,) = store.inbox.claim("w", 5, NOW, MINUTE)
    store.inbox.failed(delivery.id, "desk does not answer", NOW + 3 * MINUTE)
    assert store.inbox.claim("w", 5, NOW + 2 * MINUTE, MINUTE) == []
    (again,) = store.inbox.claim("w", 5, NOW + 3 * MINUTE, MINUTE)
    store.inbox.failed(again.id, "desk does not answer", None)
    assert store.inbox.claim("w", 5, NOW + timedelta(days=9), MINUTE) == []
    assert store.inbox.counts()[DeliveryState.FAILED] == 1


def test_a_late_failure_does_not_undo_what_another_has_done(store: Store) -> None:
    put(store, "d1")
    (delivery,) = store.inbox.claim("slow", 5, NOW, MINUTE)
    (same,) = store.inbox.claim("quick", 5, NOW + 2 * MINUTE, MINUTE)
    store.inbox.done(same.id)
    store.inbox.failed(delivery.id, "took too long", NOW)
    assert store.inbox.counts()[DeliveryState.DONE] == 1


def test_pruning_leaves_what_is_still_to_do(store: Store) -> None:
    for name in ("done", "waiting", "new"):
        put(store, name, NOW + MINUTE if name == "new" else NOW)
    (delivery,) = store.inbox.claim("w", 1, NOW, MINUTE)
    store.inbox.done(delivery.id)
    assert store.inbox.prune(NOW + MINUTE) == 1
    assert store.inbox.counts()[DeliveryState.WAITING] == 2


def test_two_workers_never_share_a_delivery_and_lose_none(store_url: str) -> None:
    with closing(open_store(store_url)) as one, closing(open_store(store_url)) as other:
        for number in range(120):
            put(one, f"d{number}", NOW + timedelta(seconds=number))

        def work(store: Store) -> list[str]:
            taken = []
            while deliveries := store.inbox.claim("w", 7, NOW + timedelta(hours=1), MINUTE):
                taken += [each.delivery_id for each in deliveries]
                for each in deliveries:
                    store.inbox.done(each.id)
            return taken

        with ThreadPoolExecutor(4) as pool:
            taken = [name for part in pool.map(work, [one, other, one, other]) for name in part]
        assert Counter(taken) == {f"d{number}": 1 for number in range(120)}


PUT = """
import sys
from datetime import UTC, datetime
from tickets.store import open_store
store = open_store(sys.argv[1])
number = 0
while True:
    store.inbox.put("s", "e", f"d{number}", {}, b"body", datetime(2026, 7, 10, tzinfo=UTC))
    print(number, flush=True)
    number += 1
"""


def test_what_was_acknowledged_survives_the_death_of_the_process(store_url: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", PUT, store_url], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    acknowledged = 20 + len(process.stdout.read().split())
    process.stdout.close()
    process.wait()
    with closing(open_store(store_url)) as store:
        kept = store.inbox.claim("w", 10_000, NOW, MINUTE)
    assert {f"d{number}" for number in range(acknowledged)} <= {each.delivery_id for each in kept}


def test_a_message_is_sent_once(store: Store) -> None:
    assert store.outbox.put(message("a"), NOW)
    assert not store.outbox.put(message("a"), NOW)
    (claimed,) = store.outbox.claim("w", 5, NOW, MINUTE)
    assert (claimed.kind, claimed.target, claimed.payload) == (
        "priority",
        "zendesk",
        {"priority": "P0"},
    )
    assert store.outbox.claim("w", 5, NOW, MINUTE) == []
    store.outbox.sent(claimed.id, NOW)
    assert store.outbox.claim("w", 5, NOW + 9 * MINUTE, MINUTE) == []
    assert store.outbox.counts()[MessageState.SENT] == 1


def test_a_message_is_tried_again_or_given_up(store: Store) -> None:
    store.outbox.put(message("a"), NOW)
    (claimed,) = store.outbox.claim("w", 5, NOW, MINUTE)
    store.outbox.retry(claimed.id, "503", NOW + 5 * MINUTE)
    assert store.outbox.claim("w", 5, NOW + 4 * MINUTE, MINUTE) == []
    (again,) = store.outbox.claim("w", 5, NOW + 5 * MINUTE, MINUTE)
    assert (again.attempts, again.problem) == (2, "503")
    store.outbox.gave_up(again.id, "410")
    assert store.outbox.counts()[MessageState.GAVE_UP] == 1
    store.outbox.sent(again.id, NOW)  # too late to count
    assert store.outbox.counts()[MessageState.GAVE_UP] == 1


def test_messages_about_a_ticket_leave_in_turn(store: Store, suggest: Suggest) -> None:
    ticket, _ = suggest()
    for key in ("first", "second"):
        store.outbox.put(message(key, ticket.key), NOW)
    store.outbox.put(message("elsewhere", ticket.key, target="jira"), NOW)
    store.outbox.put(message("no ticket"), NOW)
    claimed = store.outbox.claim("w", 9, NOW, MINUTE)
    assert [each.idempotency_key for each in claimed] == ["first", "elsewhere", "no ticket"]
    for each in claimed[1:]:
        store.outbox.sent(each.id, NOW)
    store.outbox.retry(claimed[0].id, "503", NOW + 2 * MINUTE)
    assert store.outbox.claim("w", 9, NOW + MINUTE, MINUTE) == []
    (first,) = store.outbox.claim("w", 9, NOW + 2 * MINUTE, MINUTE)
    store.outbox.sent(first.id, NOW)
    (second,) = store.outbox.claim("w", 9, NOW + 2 * MINUTE, MINUTE)
    assert (first.idempotency_key, second.idempotency_key) == ("first", "second")


def test_a_message_that_has_no_precedence_is_closed(store: Store) -> None:
    store.outbox.put(message("a"), NOW)
    (claimed,) = store.outbox.claim("w", 5, NOW, MINUTE)
    store.outbox.kept(claimed.id, "a person has set the priority")
    assert store.outbox.counts()[MessageState.KEPT] == 1
    assert store.outbox.claim("w", 5, NOW + 9 * MINUTE, MINUTE) == []


def test_what_waits_is_listed_in_the_order_of_its_time(store: Store) -> None:
    for key in ("a", "b", "c"):
        store.outbox.put(message(key), NOW)
    first, second, _ = store.outbox.claim("w", 5, NOW, MINUTE)
    store.outbox.sent(first.id, NOW)
    store.outbox.retry(second.id, "503", NOW + 9 * MINUTE)
    assert [each.idempotency_key for each in store.outbox.waiting(5)] == ["c", "b"]
    assert [each.idempotency_key for each in store.outbox.waiting(1)] == ["c"]


def test_two_senders_never_share_a_message_and_lose_none(store_url: str) -> None:
    with closing(open_store(store_url)) as one, closing(open_store(store_url)) as other:
        for number in range(100):
            one.outbox.put(message(f"m{number}"), NOW)

        def send(store: Store) -> list[str]:
            sent = []
            while messages := store.outbox.claim("w", 7, NOW, MINUTE):
                for each in messages:
                    store.outbox.sent(each.id, NOW)
                    sent.append(each.idempotency_key)
            return sent

        with ThreadPoolExecutor(4) as pool:
            sent = [key for part in pool.map(send, [one, other, one, other]) for key in part]
        assert Counter(sent) == {f"m{number}": 1 for number in range(100)}


def test_a_message_about_no_ticket_of_ours_is_refused(store: Store) -> None:
    with pytest.raises(NotFound):
        store.outbox.put(message("a", ticket_key="999"), NOW)


def test_pruning_leaves_messages_that_are_still_to_send(store: Store) -> None:
    for key in ("a", "b"):
        store.outbox.put(message(key), NOW)
    (claimed,) = store.outbox.claim("w", 1, NOW, MINUTE)
    store.outbox.sent(claimed.id, NOW)
    assert store.outbox.prune(NOW + MINUTE) == 1
    assert store.outbox.counts()[MessageState.PENDING] == 1


def test_a_message_shows_no_payload_where_it_is_printed() -> None:
    assert "P0" not in repr(message("a"))
