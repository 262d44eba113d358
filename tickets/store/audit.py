"""Who did what besides deciding: entries are added and never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from tickets.store import tables
from tickets.store.database import Database
from tickets.store.ids import new_id
from tickets.store.pages import read_in_pages

_columns = tables.audit.c


@dataclass(frozen=True)
class Audit:
    """The audit log of the store."""

    database: Database

    def note(
        self, actor: str, action: str, subject: str, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """Note what an actor did to which subject; names and ids only, since nothing is erased."""
        values = {
            "id": new_id(now),
            "at": now,
            "actor": actor,
            "action": action,
            "subject": subject,
            "detail": dict(detail),
        }
        with self.database.writing() as connection:
            connection.execute(insert(tables.audit), values)

    def export(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """Yield the entries from `since` to before `until`, oldest first, as plain records."""
        query = select(tables.audit).where(_columns.at >= since, _columns.at < until)
        for row in read_in_pages(self.database, query, _columns.at, _columns.id):
            yield {**row._mapping, "at": row.at.isoformat()}
