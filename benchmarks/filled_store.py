"""A store with many tickets, as a desk has after some months: most are decided, the rest wait."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from classifier import Reader
from rules import load_ruleset
from tickets import PRIORITIES, Ticket
from tickets.store import Arrival, Decision, DecisionKind, Store
from triage.desk import Desk
from triage.labelled.corpus import load_corpus

NOW = datetime(2026, 7, 10, 18, 0, tzinfo=UTC)
"""A Friday, 11:00 at the desk."""
SPACING = timedelta(minutes=3)
"""Between two tickets; 50,000 of them are three and a half months."""
PENDING_SHARE = 0.3
BLIND_SHARE = 0.02
REPLIED_SHARE = 0.1
AT_ONCE = 500
AREAS = ("voice", "chat", "reporting", "admin", None)
AGENTS = ("ana", "ben", "chloe", "dimitri")


def fill(store: Store, count: int, *, seed: int = 7) -> None:
    """Put tickets into an empty store, the last of them received at `NOW`."""
    chance = random.Random(seed)
    texts = [labelled.ticket for labelled in load_corpus(load_ruleset().schema)]
    records = [
        assessment.as_record() for assessment in Desk.load(reader=Reader.LIGHT).assess_many(texts)
    ]
    for numbers in _chunks(range(count)):
        _put(store, numbers, count, texts, records, chance)


def _put(
    store: Store,
    numbers: Sequence[int],
    count: int,
    texts: Sequence[Ticket],
    records: Sequence[dict[str, Any]],
    chance: random.Random,
) -> None:
    picked = [chance.randrange(len(texts)) for _ in numbers]
    arrivals = [
        (_ticket(number, count, texts[pick], texts[chance.randrange(len(texts))]), _arrival(number))
        for number, pick in zip(numbers, picked, strict=True)
    ]
    stored = store.tickets.receive_many(arrivals, NOW)
    for ticket, pick in zip(stored, picked, strict=True):
        record = _record(records[pick], ticket.ticket)
        is_blind = chance.random() < BLIND_SHARE
        suggestion = store.suggestions.record(ticket.key, record, NOW, is_blind=is_blind)
        if chance.random() > PENDING_SHARE:
            store.decisions.decide(suggestion.id, _decision(chance), None, ticket.received_at)


def _ticket(number: int, count: int, base: Ticket, other: Ticket) -> Ticket:
    return replace(
        base,
        id=str(number),
        body=f"{base.body}\n\n{other.body.split('. ')[0]}. (ref {number * 7919 % 1_000_003})",
        tier=("standard", "premium")[number % 2],
        received_at=NOW - (count - number) * SPACING,
    )


def _arrival(number: int) -> Arrival:
    return Arrival(
        source="zendesk",
        external_id=str(number),
        requester=f"caller{number % 997}@example.com",
        organization=f"Customer {number % 211}",
        product_area=AREAS[number % len(AREAS)],
        url=f"https://desk.example.com/tickets/{number}",
    )


def _record(record: dict[str, Any], ticket: Ticket) -> dict[str, Any]:
    """Return an assessment with the deadlines moved to when the ticket came."""
    assert ticket.received_at is not None
    received = ticket.received_at
    hours = {str(each): (int(each) + 1) ** 2 for each in PRIORITIES}
    due = {name: (received + timedelta(hours=n)).isoformat() for name, n in hours.items()}
    response = {
        "due_at": due[record["priority"]],
        "target": "business hours",
        "clock": "business",
        "staffed_due_at": None,
        "outside_availability": False,
        "if_priority": due,
    }
    return {**record, "id": ticket.id, "response": response}


def _decision(chance: random.Random) -> Decision:
    actor = chance.choice(AGENTS)
    if chance.random() < 0.8:
        return Decision(DecisionKind.ACCEPT, actor)
    return Decision(DecisionKind.OVERRIDE, actor, chance.choice(PRIORITIES), "wrong-reach")


def _chunks(numbers: range) -> Iterator[range]:
    return (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE))
