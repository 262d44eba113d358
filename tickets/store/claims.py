"""Who is looking at which ticket: a lease, so that two agents do not decide on one ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from tickets.store import tables
from tickets.store.database import Database, upsert

_columns = tables.claims.c


@dataclass(frozen=True)
class Claim:
    """A ticket in the hands of a user."""

    ticket_key: str
    user: str
    taken_at: datetime
    until: datetime


@dataclass(frozen=True)
class Claims:
    """The claims of the store."""

    database: Database

    def take(self, ticket_key: str, user: str, now: datetime, lease: timedelta) -> Claim:
        """Claim a ticket, or prolong one's claim; return the claim that holds, maybe another's."""
        insert = upsert(tables.claims, self.database.is_sqlite).values(
            ticket_key=ticket_key, user=user, taken_at=now, until=now + lease
        )
        statement = insert.on_conflict_do_update(
            index_elements=[_columns.ticket_key],
            set_={name: insert.excluded[name] for name in ("user", "taken_at", "until")},
            where=or_(_columns.user == user, _columns.until <= now),
        ).returning(tables.claims)
        query = select(tables.claims).where(_columns.ticket_key == ticket_key)
        with self.database.writing(is_brief=True) as connection:
            taken = connection.execute(statement).one_or_none()
            return Claim(*(taken or connection.execute(query).one()))

    def release(self, ticket_key: str, user: str) -> None:
        """Give a ticket out of one's hands."""
        with self.database.writing(is_brief=True) as connection:
            connection.execute(
                delete(tables.claims).where(
                    _columns.ticket_key == ticket_key, _columns.user == user
                )
            )

    def of(self, keys: Sequence[str], now: datetime) -> Mapping[str, Claim]:
        """Return the claims that hold on some tickets, by ticket key."""
        query = select(tables.claims).where(_columns.ticket_key.in_(keys), _columns.until > now)
        with self.database.reading() as connection:
            return {row.ticket_key: Claim(*row) for row in connection.execute(query)}
