"""Shadow assessments: what another model would have said, beside what was shown and decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from tickets.priority import Distribution, Priority
from tickets.store import tables
from tickets.store.database import AnyRow, Database, upsert
from tickets.store.pages import read_in_pages

_columns = tables.shadow.c


@dataclass(frozen=True)
class ShadowPair:
    """One ticket as two models see it, and what stands decided."""

    ticket_key: str
    made_at: datetime
    priority: Priority
    confidence: float
    probabilities: Distribution
    shown_priority: Priority | None
    """Of the ticket's suggestion; None where there is none."""
    shown_confidence: float | None
    shown_version: str | None
    """The model of the suggestion."""
    is_blind: bool | None
    decided_priority: Priority | None
    """Of the standing decision; None while there is none, and after a skip."""
    decided_by: str | None


@dataclass(frozen=True)
class Shadow:
    """The shadow assessments of the store."""

    database: Database

    def record(
        self,
        ticket_key: str,
        version: str,
        priority: Priority,
        confidence: float,
        probabilities: Distribution,
        now: datetime,
    ) -> None:
        """Keep what a model in the shadow says of a ticket, in place of what it said before."""
        insert = upsert(tables.shadow, self.database.is_sqlite).values(
            version=version,
            ticket_key=ticket_key,
            priority=int(priority),
            confidence=confidence,
            probabilities={str(each): share for each, share in probabilities.items()},
            made_at=now,
        )
        renewed = ("priority", "confidence", "probabilities", "made_at")
        with self.database.writing() as connection:
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[_columns.version, _columns.ticket_key],
                    set_={name: insert.excluded[name] for name in renewed},
                )
            )

    def pairs(self, version: str) -> Iterator[ShadowPair]:
        """Yield the tickets that a model saw in the shadow, in the order of their keys."""
        rows = read_in_pages(self.database, _pairs(version), _columns.ticket_key)
        yield from map(_pair, rows)


def _pairs(version: str) -> Select[Any]:
    ticket, shown, decided = tables.tickets.c, tables.suggestions.c, tables.decisions.c
    return (
        select(
            tables.shadow,
            shown.priority.label("shown_priority"),
            shown.confidence.label("shown_confidence"),
            shown.model_version.label("shown_version"),
            shown.is_blind,
            decided.priority.label("decided_priority"),
            decided.actor.label("decided_by"),
        )
        .join(tables.tickets, ticket.key == _columns.ticket_key)
        .outerjoin(tables.suggestions, shown.id == ticket.suggestion_id)
        .outerjoin(tables.decisions, decided.id == ticket.standing_decision_id)
        .where(_columns.version == version)
    )


def _pair(row: AnyRow) -> ShadowPair:
    return ShadowPair(
        ticket_key=row.ticket_key,
        made_at=row.made_at,
        priority=Priority(row.priority),
        confidence=row.confidence,
        probabilities={Priority.parse(p): share for p, share in row.probabilities.items()},
        shown_priority=_priority(row.shown_priority),
        shown_confidence=row.shown_confidence,
        shown_version=row.shown_version,
        is_blind=row.is_blind,
        decided_priority=_priority(row.decided_priority),
        decided_by=row.decided_by,
    )


def _priority(number: int | None) -> Priority | None:
    return None if number is None else Priority(number)
