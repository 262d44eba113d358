"""Sessions of signed-in users: the hash of the token, never the token."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Delete, delete, insert, select, update

from tickets.store import tables
from tickets.store.database import Database, rows_changed

_columns = tables.sessions.c


@dataclass(frozen=True)
class Session:
    """A session as the store has it."""

    token_hash: str = field(repr=False)
    user_id: str
    csrf_secret: str = field(repr=False)
    begun_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Sessions:
    """The sessions of the store."""

    database: Database

    def begin(
        self,
        token_hash: str,
        user_id: str,
        csrf_secret: str,
        now: datetime,
        expires_at: datetime,
    ) -> Session:
        """Keep a new session."""
        session = Session(token_hash, user_id, csrf_secret, now, expires_at)
        with self.database.writing() as connection:
            connection.execute(insert(tables.sessions), vars(session))
        return session

    def find(self, token_hash: str, now: datetime) -> Session | None:
        """Return the session of a token, unless it has expired or its user is disabled."""
        user = tables.users.c
        query = (
            select(tables.sessions)
            .join(tables.users, user.id == _columns.user_id)
            .where(
                _columns.token_hash == token_hash,
                _columns.expires_at > now,
                user.disabled_at.is_(None),
            )
        )
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Session(*row)

    def extend(self, token_hash: str, expires_at: datetime) -> None:
        """Let a session expire later."""
        with self.database.writing() as connection:
            connection.execute(
                update(tables.sessions)
                .where(_columns.token_hash == token_hash)
                .values(expires_at=expires_at)
            )

    def end(self, token_hash: str) -> None:
        """End a session."""
        self._delete(delete(tables.sessions).where(_columns.token_hash == token_hash))

    def end_all(self, user_id: str) -> int:
        """End all sessions of a user; return how many."""
        return self._delete(delete(tables.sessions).where(_columns.user_id == user_id))

    def prune(self, now: datetime) -> int:
        """Delete expired sessions; return how many."""
        return self._delete(delete(tables.sessions).where(_columns.expires_at <= now))

    def _delete(self, statement: Delete) -> int:
        with self.database.writing() as connection:
            return rows_changed(connection.execute(statement))
