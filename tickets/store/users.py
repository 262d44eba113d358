"""People who may sign in to the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tickets.faults import Fault, InputFaults
from tickets.store import tables
from tickets.store.database import AnyRow, Database, rows_changed
from tickets.store.ids import new_id

_columns = tables.users.c


class Role(StrEnum):
    """What a user may do, from least to most."""

    AGENT = "agent"
    LEAD = "lead"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True)
class User:
    """A user as the store has it."""

    id: str
    name: str
    password_hash: str = field(repr=False)
    role: Role
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True)
class Users:
    """The users of the store."""

    database: Database

    def add(self, name: str, password_hash: str, role: Role, now: datetime) -> User:
        """Keep a new user; `InputFaults` where the name is taken."""
        values = {
            "id": new_id(now),
            "name": name,
            "password_hash": password_hash,
            "role": role,
            "created_at": now,
        }
        try:
            with self.database.writing() as connection:
                row = connection.execute(insert(tables.users).returning(tables.users), values).one()
        except IntegrityError:
            fault = Fault("name", f"there is a user called {name!r} already", "choose another name")
            raise InputFaults(fault) from None
        return _user(row)

    def load(self, user_id: str) -> User | None:
        """Return the user with this id, if there is one."""
        return self._one(_columns.id == user_id)

    def find(self, name: str) -> User | None:
        """Return the user of this name, if there is one; disabled ones too."""
        return self._one(_columns.name == name)

    def set_password(self, user_id: str, password_hash: str) -> bool:
        """Change a password and end the user's sessions; False without such a user."""
        return self._change(user_id, ends_sessions=True, password_hash=password_hash)

    def set_role(self, user_id: str, role: Role) -> bool:
        """Change what a user may do; False without such a user."""
        return self._change(user_id, ends_sessions=False, role=role)

    def disable(self, user_id: str, now: datetime) -> bool:
        """Keep a user out from now on and end the sessions; False without such a user."""
        return self._change(user_id, ends_sessions=True, disabled_at=now)

    def enable(self, user_id: str) -> bool:
        """Let a user in again; False without such a user."""
        return self._change(user_id, ends_sessions=False, disabled_at=None)

    def list(self) -> Sequence[User]:
        """Return all users by name."""
        with self.database.reading() as connection:
            rows = connection.execute(select(tables.users).order_by(_columns.name))
            return [_user(row) for row in rows]

    def _one(self, condition: Any) -> User | None:
        with self.database.reading() as connection:
            row = connection.execute(select(tables.users).where(condition)).one_or_none()
        return None if row is None else _user(row)

    def _change(self, user_id: str, *, ends_sessions: bool, **values: Any) -> bool:
        sessions = tables.sessions
        with self.database.writing() as connection:
            if ends_sessions:
                connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
            changed = connection.execute(
                update(tables.users).where(_columns.id == user_id).values(**values)
            )
            return rows_changed(changed) == 1


def _user(row: AnyRow) -> User:
    return User(
        id=row.id,
        name=row.name,
        password_hash=row.password_hash,
        role=Role(row.role),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
