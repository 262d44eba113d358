"""A store on each database: SQLite in a file, PostgreSQL in a schema that is dropped afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from tickets import Ticket
from tickets.store import Arrival, Store, StoredTicket, SuggestionRow, open_store
from tickets.store.tables import metadata

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)

Records = Callable[..., dict[str, Any]]
Suggest = Callable[..., tuple[StoredTicket, SuggestionRow]]


@pytest.fixture
def now() -> datetime:
    """The time at which everything happens."""
    return NOW


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, once on each of the two."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/triage.db"
    make: Callable[[], str] = request.getfixturevalue("new_schema")
    return make()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that holds nothing, once on each of the two."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "triage.db")
        return f"sqlite:///{tmp_path}/triage.db"
    emptied: Callable[[], str] = request.getfixturevalue("emptied_schema")
    return emptied()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables and nothing else, to be copied: quicker than migrating each time."""
    file = tmp_path_factory.mktemp("store") / "template.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def emptied_schema(new_schema: Callable[[], str]) -> Iterator[Callable[[], str]]:
    """Empties the one schema that the tests share and returns its address."""
    url = new_schema()
    open_store(url).close()
    logs = ("decisions", "audit")  # these refuse deletions
    statements = [
        *(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in logs),
        *(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)),
        "DELETE FROM ticket_words",
        *(f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in logs),
    ]
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))

    def emptied() -> str:
        with engine.begin() as connection:
            connection.exec_driver_sql("; ".join(statements))
        return url

    yield emptied
    engine.dispose()


@pytest.fixture
def record() -> Records:
    """Makes assessment records."""
    return assessment


def assessment(
    priority: str = "P2",
    confidence: float = 0.8,
    due_at: datetime | None = NOW + timedelta(hours=4),
    *,
    probabilities: Mapping[str, float] | None = None,
    if_priority: Mapping[str, datetime] | None = None,
    action: str = "suggest",
) -> dict[str, Any]:
    return {
        "id": "17",
        "priority": priority,
        "confidence": confidence,
        "probabilities": dict(probabilities or {priority: confidence}),
        "action": action,
        "facts": {
            "reach": {
                "value": "many",
                "probability": 0.9,
                "evidence": [{"field": "body", "start": 0, "end": 6}],
            }
        },
        "response": None
        if due_at is None
        else {
            "due_at": due_at.isoformat(),
            "if_priority": {
                name: each.isoformat()
                for name, each in {priority: due_at, **(if_priority or {})}.items()
            },
        },
        "versions": {"model": "m1", "rules": "r1", "policy": "p1", "engine": "python"},
        "error": None,
    }


@pytest.fixture
def suggest(store: Store, record: Records) -> Suggest:
    """Keeps a ticket and an assessment of it."""

    def suggest(
        external_id: str = "17",
        subject: str = "Phones down",
        body: str = "Nobody can take calls.",
        source: str = "zendesk",
        tier: str = "premium",
        product_area: str | None = None,
        received_at: datetime = NOW,
        is_blind: bool = False,
        **assessed: Any,
    ) -> tuple[StoredTicket, SuggestionRow]:
        ticket = Ticket(
            id=external_id, subject=subject, body=body, tier=tier, received_at=received_at
        )
        arrival = Arrival(
            source=source,
            external_id=external_id,
            requester="ann@example.com",
            product_area=product_area,
        )
        stored = store.tickets.receive(ticket, arrival, NOW)
        suggestion = store.suggestions.record(
            stored.key, record(**assessed), NOW, is_blind=is_blind
        )
        loaded = store.tickets.load(stored.key)
        assert loaded is not None
        return loaded, suggestion

    return suggest
