"""The outbox empties itself, whatever a message, a target or the store does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tickets.store import Message, MessageState, Outgoing, Store
from triage.write_back import OutboxWorker, Target

Put = Callable[..., str]
Workers = Callable[..., OutboxWorker]


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def worker(
    store: Store, target: Callable[..., Target], client: httpx.Client, clock: Clock
) -> Workers:
    """A worker for one desk, or for none."""

    def made(desk: Any = None) -> OutboxWorker:
        targets = {"acme": target(desk)} if desk else {}
        return OutboxWorker(store, targets, client, clock, "w1")

    return made


def test_what_is_due_is_delivered_and_marked(
    store: Store, worker: Workers, put: Put, zendesk: Any
) -> None:
    put(zendesk)
    assert worker(zendesk).deliver_due() == {"Sent": 1}
    assert store.outbox.counts()[MessageState.SENT] == 1
    assert zendesk.ticket["priority"] == "high"


def test_a_lost_answer_gives_one_note_in_the_end(
    store: Store, worker: Workers, put: Put, zendesk: Any, clock: Clock
) -> None:
    put(zendesk)
    zendesk.fails("PUT", is_applied=True)
    made = worker(zendesk)
    assert made.deliver_due() == {"RetryAt": 1}
    assert made.deliver_due() == {}
    [waiting] = store.outbox.waiting(10)
    assert waiting.problem == "127.0.0.1 does not answer in time"
    clock.now += timedelta(minutes=1)
    assert made.deliver_due() == {"Sent": 1}
    assert len(zendesk.notes) == 1


def test_a_worker_that_died_is_succeeded_when_its_lease_ends(
    store: Store, worker: Workers, put: Put, zendesk: Any, clock: Clock
) -> None:
    put(zendesk)
    store.outbox.claim("dead", 1, clock.now, timedelta(minutes=10))
    made = worker(zendesk)
    assert made.deliver_due() == {}
    clock.now += timedelta(minutes=10)
    assert made.deliver_due() == {"Sent": 1}


def test_what_a_person_set_is_recorded_as_kept(
    store: Store, worker: Workers, put: Put, zendesk: Any
) -> None:
    row_id = put(zendesk)
    zendesk.change({"priority": "low"})
    assert worker(zendesk).deliver_due() == {"Kept": 1}
    assert store.outbox.counts()[MessageState.KEPT] == 1
    assert _problem(store, row_id) == 'a person set "low"'


def test_a_message_for_a_target_that_is_no_more_is_given_up(
    store: Store, worker: Workers, put: Put, zendesk: Any
) -> None:
    row_id = put(zendesk)
    assert worker().deliver_due() == {"GaveUp": 1}
    assert _problem(store, row_id) == "no target acme in the targets file; add it again"


def test_a_message_that_we_cannot_work_on_does_not_hold_up_the_others(
    store: Store, worker: Workers, put: Put, zendesk: Any, now: datetime
) -> None:
    odd = Outgoing("zendesk", "acme", {"ticket": "35436", "act": "nod"}, "odd")
    store.outbox.put(odd, now - timedelta(minutes=1))
    put(zendesk)
    assert worker(zendesk).deliver_due() == {"RetryAt": 1, "Sent": 1}


def test_a_desk_that_is_down_costs_one_attempt_and_not_one_for_each_message(
    store: Store, worker: Workers, suggested: Callable[..., Message], zendesk: Any, now: datetime
) -> None:
    payload = suggested(zendesk).payload
    for number in range(5):
        store.outbox.put(Outgoing("zendesk", "acme", payload, f"k{number}"), now)
    zendesk.fails("GET")
    assert worker(zendesk).deliver_due() == {"RetryAt": 1, "Postponed": 4}
    assert len(zendesk.asked) == 1


def test_waiting_for_a_rate_limit_uses_up_no_attempt(
    store: Store, worker: Workers, put: Put, zendesk: Any, clock: Clock
) -> None:
    put(zendesk)
    made = worker(zendesk)
    for _ in range(20):
        zendesk.fails("GET", status=429, headers={"Retry-After": "10000"})
        assert made.deliver_due() == {"Postponed": 1}
        clock.now += timedelta(seconds=10_000)
    [waiting] = store.outbox.waiting(1)
    assert (waiting.attempts, waiting.failing_since) == (0, None)
    zendesk.fails("GET", status=500)
    assert made.deliver_due() == {"RetryAt": 1}
    [waiting] = store.outbox.waiting(1)
    assert (waiting.attempts, waiting.failing_since) == (1, clock.now)
    clock.now += timedelta(seconds=5)
    assert made.deliver_due() == {"Sent": 1}


def test_a_desk_that_fails_for_a_day_is_given_up(
    store: Store, worker: Workers, put: Put, zendesk: Any, clock: Clock
) -> None:
    row_id = put(zendesk)
    made, start = worker(zendesk), clock.now
    while store.outbox.counts()[MessageState.PENDING]:
        zendesk.fails("GET", status=500)
        made.deliver_due()
        clock.now += timedelta(minutes=10)
    assert clock.now - start == pytest.approx(timedelta(hours=24), abs=timedelta(hours=1.5))
    assert _problem(store, row_id).startswith("no success within 24 hours")


def test_two_workers_at_once_leave_one_note(
    store: Store, worker: Workers, put: Put, zendesk: Any
) -> None:
    put(zendesk)
    threads = [threading.Thread(target=worker(zendesk).deliver_due) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(zendesk.notes) == 1


def test_it_works_until_it_is_told_to_stop(
    store: Store, worker: Workers, put: Put, zendesk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.write_back.worker.IDLE_SECONDS", 0.05)
    stop = threading.Event()
    thread = threading.Thread(target=worker(zendesk).run, args=(stop,))
    thread.start()
    put(zendesk)
    for _ in range(100):
        if zendesk.notes:
            break
        stop.wait(0.05)
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert store.outbox.counts()[MessageState.SENT] == 1


def test_it_outlives_a_store_that_does_not_answer(
    store: Store,
    worker: Workers,
    put: Put,
    zendesk: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The table is away for a moment, as a database is while it moves."""
    monkeypatch.setattr("triage.write_back.worker.IDLE_SECONDS", 0.05)
    put(zendesk)
    _run(store, "ALTER TABLE outbox RENAME TO elsewhere")
    stop = threading.Event()
    thread = threading.Thread(target=worker(zendesk).run, args=(stop,))
    thread.start()
    stop.wait(0.2)
    _run(store, "ALTER TABLE elsewhere RENAME TO outbox")
    for _ in range(100):
        if store.outbox.counts()[MessageState.SENT]:
            break
        stop.wait(0.05)
    stop.set()
    thread.join(timeout=5)
    assert len(zendesk.notes) == 1
    assert "store unavailable" in caplog.text


def test_logs_name_ids_and_never_texts(
    worker: Workers, put: Put, zendesk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    row_id = put(zendesk)
    with caplog.at_level("INFO", logger="triage"):
        worker(zendesk).deliver_due()
    [record] = [each for each in caplog.records if each.message == "written back"]
    fields = vars(record)["fields"]
    assert fields["message"] == row_id
    assert fields["target"] == "acme"
    assert not {"Phones", "voice", "ann@"} & set(str(vars(record)).split())


def _problem(store: Store, row_id: str) -> str:
    with store.database.reading() as connection:
        query = text("SELECT problem FROM outbox WHERE id = :id")
        return str(connection.execute(query, {"id": row_id}).scalar_one())


def _run(store: Store, statement: str) -> None:
    with store.database.writing() as connection:
        connection.execute(text(statement))
