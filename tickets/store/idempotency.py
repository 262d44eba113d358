"""Answers kept under the caller's key, so that a request sent twice is carried out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from tickets.store import tables
from tickets.store.database import AnyRow, Database, rows_changed

KEPT = timedelta(hours=24)
UNFINISHED = timedelta(minutes=5)
"""A request that has no answer by then was cut off; the next one with its key may begin."""
_columns = tables.idempotency.c


@dataclass(frozen=True)
class Replay:
    """The request was answered already: so."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class InProgress:
    """The same request is being worked on."""


@dataclass(frozen=True)
class Mismatch:
    """Another request used this key."""


@dataclass(frozen=True)
class Idempotency:
    """The keys of requests; those of different actors have nothing to do with each other."""

    database: Database

    def begin(
        self, key: str, actor: str, request_hash: str, now: datetime
    ) -> Replay | InProgress | Mismatch | None:
        """Begin a request and return None, or what there is of an earlier one with this key."""
        values = {"actor": actor, "key": key, "request_hash": request_hash, "begun_at": now}
        with self.database.writing() as connection:
            connection.execute(delete(tables.idempotency).where(_is_over(actor, key, now)))
            if self.database.insert_new(connection, tables.idempotency, values, "actor", "key"):
                return None
            query = select(tables.idempotency).where(*_is(actor, key))
            return _found(connection.execute(query).one(), request_hash)

    def finish(
        self,
        key: str,
        actor: str,
        status: int,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        ticket_key: str | None = None,
    ) -> None:
        """Keep the answer; `ticket_key` lets it go with the ticket's erasure."""
        with self.database.writing() as connection:
            connection.execute(
                update(tables.idempotency)
                .where(*_is(actor, key))
                .values(
                    status=status, body=body, headers=dict(headers or {}), ticket_key=ticket_key
                )
            )

    def forget(self, key: str, actor: str) -> None:
        """Let a request that failed through no fault of its own be sent again at once."""
        with self.database.writing() as connection:
            connection.execute(delete(tables.idempotency).where(*_is(actor, key)))

    def prune(self, now: datetime) -> int:
        """Delete what is older than a day; return how many."""
        with self.database.writing() as connection:
            return rows_changed(
                connection.execute(
                    delete(tables.idempotency).where(_columns.begun_at <= now - KEPT)
                )
            )


def _is(actor: str, key: str) -> tuple[Any, ...]:
    return (_columns.actor == actor, _columns.key == key)


def _is_over(actor: str, key: str, now: datetime) -> Any:
    is_cut_off = and_(_columns.status.is_(None), _columns.begun_at <= now - UNFINISHED)
    return and_(*_is(actor, key), or_(_columns.begun_at <= now - KEPT, is_cut_off))


def _found(row: AnyRow, request_hash: str) -> Replay | InProgress | Mismatch:
    if row.request_hash != request_hash:
        return Mismatch()
    if row.status is None:
        return InProgress()
    return Replay(row.status, row.body, row.headers)
