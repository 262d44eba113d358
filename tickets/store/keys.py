"""Keys of programs: the hash, never the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tickets.faults import Fault, InputFaults
from tickets.store import tables
from tickets.store.database import AnyRow, Database, rows_changed
from tickets.store.ids import new_id

USE_EVERY = timedelta(minutes=1)
"""How exactly the time of the last use is kept: a write with each request would cost too much."""
_columns = tables.keys.c


@dataclass(frozen=True)
class Key:
    """A program's key as the store has it."""

    id: str
    name: str
    prefix: str
    """The beginning of the key, which finds it and tells it apart in lists."""
    hash: str = field(repr=False)
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    """To the minute."""


@dataclass(frozen=True)
class Keys:
    """The keys of the store."""

    database: Database

    def add(
        self,
        name: str,
        hash: str,  # noqa: A002 - what it is
        scopes: Sequence[str],
        now: datetime,
        *,
        prefix: str,
    ) -> Key:
        """Keep a new key; `InputFaults` where its name is taken, by a revoked one too."""
        values = {
            "id": new_id(now),
            "name": name,
            "prefix": prefix,
            "hash": hash,
            "scopes": list(scopes),
            "created_at": now,
        }
        try:
            with self.database.writing() as connection:
                row = connection.execute(insert(tables.keys).returning(tables.keys), values).one()
        except IntegrityError:
            fault = Fault("name", f"there is a key called {name!r} already", "choose another name")
            raise InputFaults(fault) from None
        return _key(row)

    def find_by_prefix(self, prefix: str) -> Sequence[Key]:
        """Return the keys that are not revoked and begin so: hardly ever more than one."""
        query = select(tables.keys).where(_columns.prefix == prefix, _columns.revoked_at.is_(None))
        with self.database.reading() as connection:
            return [_key(row) for row in connection.execute(query.order_by(_columns.id))]

    def revoke(self, name_or_id: str, now: datetime) -> bool:
        """Let a key be refused from now on; False where there is none that is not revoked."""
        statement = (
            update(tables.keys)
            .where(
                or_(_columns.name == name_or_id, _columns.id == name_or_id),
                _columns.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        )
        with self.database.writing() as connection:
            return rows_changed(connection.execute(statement)) > 0

    def used(self, key_id: str, now: datetime) -> None:
        """Note that a key was used, at most once a minute."""
        is_due = or_(_columns.used_at.is_(None), _columns.used_at <= now - USE_EVERY)
        with self.database.reading() as connection:
            query = select(_columns.id).where(_columns.id == key_id, is_due)
            if connection.execute(query).first() is None:
                return
        with self.database.writing() as connection:
            connection.execute(
                update(tables.keys).where(_columns.id == key_id, is_due).values(used_at=now)
            )

    def list(self) -> Sequence[Key]:
        """Return all keys, revoked ones too, oldest first."""
        with self.database.reading() as connection:
            rows = connection.execute(select(tables.keys).order_by(_columns.id))
            return [_key(row) for row in rows]


def _key(row: AnyRow) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        hash=row.hash,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
