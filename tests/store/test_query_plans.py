"""With a few thousand tickets, the queue is read along an index; asked of the databases themselves."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import RowMapping, event, insert, select, text

from tickets import Action, Priority, Ticket
from tickets.store import Arrival, Order, QueueQuery, Store, open_store
from tickets.store.tables import suggestions, tickets

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
COPIES = 4_000
ASSESSED = {
    "priority": "P2",
    "confidence": 0.5,
    "action": "suggest",
    "versions": {"model": "m1", "rules": "r1", "policy": "p1"},
    "as long as usual": random.Random(1).randbytes(600).hex(),
}
INDEXES = {
    Order.SLA_DUE: "ix_suggestions_due",
    Order.UNCERTAINTY: "ix_suggestions_sure",
    Order.URGENCY: "ix_suggestions_urgent",
    Order.NEWEST: "ix_suggestions_received",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store with many tickets, which the tests here only read."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('filled')}/triage.db"
    else:
        url = request.getfixturevalue("new_schema")()
    with closing(open_store(url)) as store:
        arrival = Arrival(source="zendesk", external_id="17")
        stored = store.tickets.receive(Ticket(id="17", body="Phones down"), arrival, NOW)
        store.suggestions.record(stored.key, ASSESSED, NOW)
        multiply(store)
        yield store


def multiply(store: Store) -> None:
    """Copy the one ticket of the store, and let the database count what it has."""
    with store.database.writing() as connection:
        ticket = connection.execute(select(tickets)).one()._mapping
        suggestion = connection.execute(select(suggestions)).one()._mapping
        copies = range(int(ticket["key"]) + 1, int(ticket["key"]) + COPIES)
        connection.execute(insert(tickets), [_ticket(ticket, copy) for copy in copies])
        connection.execute(insert(suggestions), [_suggestion(suggestion, copy) for copy in copies])
        connection.execute(text("ANALYZE"))


def _ticket(ticket: RowMapping, copy: int) -> dict[str, Any]:
    return {**ticket, "key": str(copy), "external_id": f"copy {copy}"}


def _suggestion(suggestion: RowMapping, copy: int) -> dict[str, Any]:
    at = NOW + timedelta(minutes=copy * 7 % 3001)
    keys = {"due_key": at, "urgent_key": at, "received_at": at, "sure_key": copy % 97 / 97}
    state = "pending" if copy % 2 else "decided"
    return {**suggestion, "id": f"{copy:032}", "ticket_key": str(copy), "state": state, **keys}


def plans(store: Store, work: Callable[[], object]) -> str:
    """Return how the database goes about each statement of some work."""
    asked: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", listen)
    work()
    event.remove(store.database.engine, "before_cursor_execute", listen)
    explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
    with store.database.reading() as connection:
        return "\n".join(
            str(row[-1])
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)
        )


def scans(plan: str) -> list[str]:
    """Return the lines that read a whole table."""
    return [
        line
        for line in plan.splitlines()
        if ("SCAN" in line and ("suggestions" in line or "tickets" in line))
        or "Seq Scan on suggestions" in line
        or "Seq Scan on tickets" in line
    ]


def test_every_view_walks_along_its_index(filled: Store) -> None:
    for order, index in INDEXES.items():
        for query in (
            QueueQuery(order=order),
            QueueQuery(order=order, state=None),
            QueueQuery(order=order, cursor=_second(filled, order)),
        ):
            plan = plans(filled, partial(filled.suggestions.queue, query))
            assert index in plan
            assert scans(plan) == []


def _second(store: Store, order: Order) -> str | None:
    return store.suggestions.queue(QueueQuery(order=order)).next_cursor


def test_filters_are_answered_by_an_index(filled: Store) -> None:
    query = QueueQuery(priority=Priority.P2, action=Action.SUGGEST, tier="premium")
    plan = plans(filled, partial(filled.suggestions.queue, query))
    assert "ix_suggestions_" in plan
    assert scans(plan) == []


def test_a_walk_reads_no_rows_that_it_does_not_show(filled: Store) -> None:
    """On PostgreSQL the same holds of pages that were vacuumed, so it is not asked here."""
    if filled.database.is_sqlite:
        query = QueueQuery(priority=Priority.P0, product_area="none", source="none")
        plan = plans(filled, lambda: filled.suggestions.queue(query))
        assert "SEARCH suggestions USING COVERING INDEX ix_suggestions_urgent (state=?)" in plan


def test_the_words_are_looked_up_and_not_searched_for(filled: Store) -> None:
    plan = plans(filled, lambda: filled.suggestions.queue(QueueQuery(text="phones")))
    assert "VIRTUAL TABLE INDEX" in plan or "ix_ticket_words" in plan or "ticket_words" in plan
    assert scans(plan) == []


def test_words_that_have_just_come_are_looked_up_too(new_schema: Callable[[], str]) -> None:
    """PostgreSQL would keep them in a list that every search reads from end to end."""
    chance = random.Random(1)
    with closing(open_store(new_schema())) as store:
        arrivals = [
            (
                Ticket(
                    id=str(n), body=" ".join(f"word{chance.randrange(5_000)}" for _ in range(40))
                ),
                Arrival("api", str(n)),
            )
            for n in range(2_000)
        ]
        stored = store.tickets.receive_many(arrivals, NOW)
        with store.database.writing() as connection:
            connection.execute(text("ANALYZE"))
        texts = [stored[0].ticket.body]
        plan = plans(store, lambda: store.similarity.of(stored[0].key, texts, 5))
        assert "Bitmap Index Scan on ix_ticket_words" in plan
        assert "Seq Scan on ticket_words" not in plan


def test_the_figures_read_no_table_whole(filled: Store) -> None:
    assert scans(plans(filled, lambda: filled.statistics(NOW))) == []


def test_single_rows_are_looked_up(filled: Store) -> None:
    stored = filled.tickets.find("zendesk", "17")
    assert stored is not None
    for work in (
        lambda: filled.tickets.load(stored.key),
        lambda: filled.tickets.find("zendesk", "17"),
        lambda: filled.suggestions.load("x"),
        lambda: filled.suggestions.of_ticket(stored.key),
        lambda: filled.decisions.of_ticket(stored.key),
        lambda: next(filled.tickets.stored_since(NOW + timedelta(1)), None),
    ):
        assert scans(plans(filled, work)) == []
