"""Decisions that stand, each beside the suggestion that it judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from tickets.priority import Priority
from tickets.store import tables
from tickets.store.database import AnyRow, Database
from tickets.store.decision import DecisionKind
from tickets.store.pages import PAGE, read_in_pages

_decision, _suggestion, _ticket = tables.decisions.c, tables.suggestions.c, tables.tickets.c


@dataclass(frozen=True)
class Judgement:
    """A decision that stands, and what was suggested."""

    ticket_key: str
    decision_id: str
    kind: DecisionKind
    actor: str
    decided_at: datetime
    priority: Priority | None
    """The priority decided; None where the ticket was skipped."""
    corrected_facts: Mapping[str, str]
    suggested: Priority
    confidence: float
    action: str
    is_blind: bool
    product_area: str | None
    record: Mapping[str, Any]
    """The assessment."""


@dataclass(frozen=True)
class Judgements:
    """The standing decisions of the store."""

    database: Database

    def made_since(self, since: datetime) -> Iterator[Judgement]:
        """Yield those made from an instant on, oldest first."""
        query = _judgements().where(_decision.decided_at >= since)
        rows = read_in_pages(self.database, query, _decision.decided_at, _decision.id)
        yield from map(_judgement, rows)

    def of(self, keys: Sequence[str]) -> dict[str, Judgement]:
        """Return what stands for some tickets, by ticket key; nothing where nothing does."""
        found: dict[str, Judgement] = {}
        for start in range(0, len(keys), PAGE):
            query = _judgements().where(_ticket.key.in_(keys[start : start + PAGE]))
            with self.database.reading() as connection:
                rows = connection.execute(query).all()
            found.update((row.ticket_key, _judgement(row)) for row in rows)
        return found

    def changed_since(self, since: datetime) -> list[str]:
        """Return the keys of the tickets about which the log has an entry from an instant on."""
        query = select(_decision.ticket_key).where(_decision.decided_at >= since).distinct()
        with self.database.reading() as connection:
            return list(connection.execute(query).scalars())

    def time_of_latest(self, number: int) -> datetime | None:
        """Return when the log's latest `number` entries began; None if there are fewer."""
        query = select(_decision.decided_at).order_by(_decision.decided_at.desc())
        with self.database.reading() as connection:
            found: datetime | None = connection.execute(query.offset(number - 1).limit(1)).scalar()
        return found


def _judgements() -> Select[Any]:
    return (
        select(
            _decision.ticket_key,
            _decision.id,
            _decision.kind,
            _decision.actor,
            _decision.decided_at,
            _decision.priority.label("decided"),
            _decision.corrected_facts,
            _suggestion.priority,
            _suggestion.confidence,
            _suggestion.action,
            _suggestion.is_blind,
            _suggestion.product_area,
            _suggestion.record,
        )
        .join(tables.suggestions, _suggestion.id == _decision.suggestion_id)
        .join(tables.tickets, _ticket.key == _decision.ticket_key)
        .where(_ticket.standing_decision_id == _decision.id)
    )


def _judgement(row: AnyRow) -> Judgement:
    return Judgement(
        ticket_key=row.ticket_key,
        decision_id=row.id,
        kind=DecisionKind(row.kind),
        actor=row.actor,
        decided_at=row.decided_at,
        priority=None if row.decided is None else Priority(row.decided),
        corrected_facts=row.corrected_facts,
        suggested=Priority(row.priority),
        confidence=row.confidence,
        action=row.action,
        is_blind=row.is_blind,
        product_area=row.product_area,
        record=row.record,
    )
