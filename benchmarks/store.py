"""The store with 50,000 tickets: how long the pages of the queue take, and what one ticket costs.

Run `python -m benchmarks.store` for SQLite in a temporary file, or with `--database-url` for an
empty database of your own, which is left filled. Times depend on the machine.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import quantiles
from time import perf_counter
from typing import Any

from tickets import PRIORITIES, Action, Priority, Ticket
from tickets.store import (
    Arrival,
    Decision,
    DecisionKind,
    Order,
    QueueQuery,
    QueueState,
    Store,
    open_store,
)
from triage.labelled.corpus import load_corpus
from triage.retraining.training import current_rules

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
AT_ONCE = 500
SOURCES = ("zendesk", "jira", "freshdesk", "api")
AREAS = ("voice", "chat", "email", "reporting", "billing", "sso")
RARE = "xylophone"
"""Stands in one ticket of a thousand."""


def main() -> None:
    """Fill a store and measure it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=50_000)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--database-url")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(given.database_url or f"sqlite:///{folder}/triage.db")
        chance = random.Random(20260710)
        texts = [
            (each.subject, each.body) for each in map(_text, load_corpus(current_rules().schema))
        ]
        _fill(store, texts, given.tickets, chance)
        print(f"{'ms':<58}{'p50':>8}{'p95':>8}")
        for name, work in _works(store, texts, chance):
            _measure(name, work, given.rounds)
        store.close()


def _text(labelled: Any) -> Ticket:
    ticket: Ticket = labelled.ticket
    return ticket


def _fill(store: Store, texts: list[tuple[str, str]], tickets: int, chance: random.Random) -> None:
    begin = perf_counter()
    for start in range(0, tickets, AT_ONCE):
        arrivals = [_arrival(texts, number, chance) for number in range(start, start + AT_ONCE)]
        stored = store.tickets.receive_many(arrivals, NOW)
        records = [(each.key, _record(each.received_at, chance)) for each in stored]
        rows = store.suggestions.record_many(records, NOW)
        for row in rows[:: AT_ONCE // 20]:
            kind = chance.choice((DecisionKind.ACCEPT, DecisionKind.SKIP))
            store.decisions.decide(row.id, Decision(kind, "bench"), None, NOW)
    seconds = perf_counter() - begin
    each = seconds / tickets * 1e3
    print(f"{tickets:,} tickets received and recorded in {seconds:.0f} s, {each:.2f} ms each")


def _arrival(
    texts: list[tuple[str, str]], number: int, chance: random.Random
) -> tuple[Ticket, Arrival]:
    (subject, body), (_, more) = chance.choice(texts), chance.choice(texts)
    rare = f"\n{RARE}" if number % 1000 == 0 else ""
    ticket = Ticket(
        id=str(number),
        subject=subject,
        body=f"{body}\n{more}\nref{number}{rare}",
        tier=chance.choice(("standard", "premium")),
        channel="email",
        received_at=NOW - timedelta(minutes=chance.randrange(60 * 24 * 60)),
    )
    arrival = Arrival(
        source=chance.choice(SOURCES),
        external_id=str(number),
        requester=f"person{number}@example.com",
        product_area=chance.choice(AREAS),
    )
    return ticket, arrival


def _record(received_at: datetime, chance: random.Random) -> dict[str, Any]:
    """Return an assessment record of the usual size."""
    weights = [chance.random() ** 4 for _ in PRIORITIES]
    odds = {
        str(p): round(weight / sum(weights), 4)
        for p, weight in zip(PRIORITIES, weights, strict=True)
    }
    priority = max(odds, key=lambda each: odds[each])
    due = {str(p): (received_at + timedelta(minutes=30) * 4**p).isoformat() for p in PRIORITIES}
    evidence = [{"field": "body", "start": 10, "end": 31}] * 2
    reason = {
        "kind": "rule",
        "id": "outage-of-a-critical-part-is-p0",
        "because": "a critical part is down for all, in production, and nothing helps meanwhile",
        "priority": priority,
        "clause": "complete loss of service in production that affects all users",
    }
    return {
        "id": "17",
        "priority": priority,
        "confidence": odds[priority],
        "probabilities": odds,
        "threshold": 0.9,
        "action": str(chance.choice(list(Action))),
        "facts": {
            f"fact-{n}": {"value": "unstated", "probability": 0.91, "evidence": evidence}
            for n in range(7)
        },
        "reasons": [reason, reason],
        "response": {"due_at": due[priority], "target": "1 business hour", "if_priority": due},
        "versions": {"model": "m1", "rules": "r1", "policy": "p1", "engine": "python"},
        "error": None,
    }


def _works(
    store: Store, texts: list[tuple[str, str]], chance: random.Random
) -> Iterator[tuple[str, Callable[[], object]]]:
    for order in Order:
        for state in (QueueState.PENDING, None):
            yield (
                f"queue by {order}, {state or 'all states'}",
                _page(store, order=order, state=state),
            )
    for name, value in (
        ("priority", Priority.P0),
        ("tier", "premium"),
        ("action", Action.AUTO),
        ("product_area", "sso"),
        ("source", "jira"),
        ("source", "none of this name"),
        ("text", "the"),
        ("text", "agents cannot"),
        ("text", RARE),
        ("text", "ref777"),
    ):
        yield f"queue by urgency, {name} {value}", _page(store, **{name: value})
    narrow = {"priority": Priority.P0, "product_area": "sso", "text": "agents"}
    yield "queue by urgency, priority, area and text", _page(store, **narrow)
    yield "queue by urgency, text in all states", _page(store, text="agents", state=None)
    yield "queue by urgency, page 400", _page(store, cursor=_deep(store))
    yield "statistics", lambda: store.statistics(NOW)
    numbers = count(10_000_000)
    yield "receive and record one ticket", lambda: _one(store, texts, next(numbers), chance)
    yield "decide on one ticket", _decide(store)


def _page(store: Store, **query: Any) -> Callable[[], object]:
    return lambda: store.suggestions.queue(QueueQuery(**query))


def _deep(store: Store) -> str | None:
    cursor = None
    for _ in range(40):
        cursor = store.suggestions.queue(QueueQuery(limit=500, cursor=cursor)).next_cursor
    return cursor


def _one(store: Store, texts: list[tuple[str, str]], number: int, chance: random.Random) -> None:
    stored = store.tickets.receive(*_arrival(texts, number, chance), NOW)
    store.suggestions.record(stored.key, _record(stored.received_at, chance), NOW)


def _decide(store: Store) -> Callable[[], object]:
    page = store.suggestions.queue(QueueQuery(limit=500))
    ids = iter([item.suggestion.id for item in page.items])
    accept = Decision(DecisionKind.ACCEPT, "bench")
    return lambda: store.decisions.decide(next(ids), accept, None, NOW)


def _measure(name: str, work: Callable[[], object], rounds: int) -> None:
    work()
    times = []
    for _ in range(rounds):
        begin = perf_counter()
        work()
        times.append((perf_counter() - begin) * 1e3)
    cuts = quantiles(times, n=20)
    print(f"{name:<58}{cuts[9]:>8.1f}{cuts[18]:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
