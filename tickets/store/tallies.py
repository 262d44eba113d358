"""Running counts, so that neither the queue nor /metrics ever counts whole tables.

Each count is the sum of a few slots: on PostgreSQL, writers at the same time seldom wait for one
another's row. A transaction counts once, at its end, in an order that is always the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache

from sqlalchemy import Connection, Insert, func, select

from tickets.store import tables
from tickets.store.database import Database, upsert

SLOTS = 8

Changes = Mapping[tuple[str, str], int]
"""By how much each count, called by its kind and its name, changes."""


def count(connection: Connection, database: Database, changes: Changes) -> None:
    """Change some counts."""
    slot = 0 if database.is_sqlite else random.randrange(SLOTS)
    rows = [
        {"kind": kind, "name": name, "slot": slot, "n": by}
        for (kind, name), by in sorted(changes.items())
        if by
    ]
    if rows:
        connection.execute(_addition(database.is_sqlite), rows)


@cache
def _addition(is_sqlite: bool) -> Insert:
    insert = upsert(tables.tallies, is_sqlite)
    columns = tables.tallies.c
    return insert.on_conflict_do_update(
        index_elements=[columns.kind, columns.name, columns.slot],
        set_={"n": columns.n + insert.excluded.n},
    )


def counts(connection: Connection, kind: str) -> dict[str, int]:
    """Return all counts of one kind by name."""
    columns = tables.tallies.c
    query = (
        select(columns.name, func.sum(columns.n))
        .where(columns.kind == kind)
        .group_by(columns.name)
        .order_by(columns.name)
    )
    return {name: int(n) for name, n in connection.execute(query)}
