"""Accounts of the people at the desk; every change of one is noted in the audit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tickets import Fault, InputFaults
from tickets.faults import did_you_mean
from tickets.store import Role, Store, User
from triage.intake import AUTOMATIC
from triage.review.passwords import faults, hashed

LONGEST_NAME = 60
COMMAND_LINE = "command line"
"""The actor of what is done there."""
NOBODY = "anybody on this machine"
"""The actor of what is done while there are no accounts."""
_TAKEN = (AUTOMATIC, COMMAND_LINE, NOBODY)
"""Names that stand for somebody else in the logs."""


@dataclass(frozen=True)
class Accounts:
    """The accounts of a store, and who changes them."""

    store: Store
    actor: str

    def add(self, name: str, role: Role, password: str, now: datetime) -> User:
        """Make an account; `InputFaults` for a name or a password that cannot be."""
        name = unicodedata.normalize("NFC", name).strip()
        self._refuse(*self._name_faults(name), *faults(password, name))
        user = self.store.users.add(name, hashed(password), role, now)
        self._note("account added", user, now, role=role)
        return user

    def set_role(self, name: str, role: Role, now: datetime) -> None:
        """Change what somebody may do, from the next page on."""
        user = self.find(name)
        self.store.users.set_role(user.id, role)
        self._note("role changed", user, now, role=role, before=user.role)

    def set_password(self, name: str, password: str, now: datetime) -> None:
        """Change somebody's password; that signs them out everywhere."""
        user = self.find(name)
        self._refuse(*faults(password, user.name))
        self.store.users.set_password(user.id, hashed(password))
        self._note("password changed", user, now)

    def disable(self, name: str, now: datetime) -> None:
        """Keep somebody out at once; what they did stays theirs."""
        user = self.find(name)
        self.store.users.disable(user.id, now)
        self._note("account disabled", user, now)

    def enable(self, name: str, now: datetime) -> None:
        """Let somebody in again."""
        user = self.find(name)
        self.store.users.enable(user.id)
        self._note("account enabled", user, now)

    def find(self, name: str) -> User:
        """Return the account of a name; `InputFaults` where there is none."""
        wanted = unicodedata.normalize("NFC", name).strip()
        user = self.store.users.find(wanted)
        if user is None:
            known = [each.name for each in self.store.users.list()]
            remedy = did_you_mean(wanted, known, "see `triage users list`")
            raise InputFaults(Fault("name", f'nobody is called "{wanted:.80}"', remedy))
        return user

    def _note(self, action: str, user: User, now: datetime, **detail: str) -> None:
        self.store.audit.note(self.actor, action, user.name, detail, now)

    def _name_faults(self, name: str) -> Iterator[Fault]:
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            remedy = "write the name of a person"
            yield Fault("name", f"is not 1 to {LONGEST_NAME} characters that can be shown", remedy)
        elif name.casefold() in _TAKEN:
            yield Fault("name", f'"{name}" stands for somebody else in the logs', "choose another")
        same = [user.name for user in self.store.users.list() if _is_same(user.name, name)]
        if same:
            yield Fault("name", f'there is an account "{same[0]}" already', "choose another")

    @staticmethod
    def _refuse(*found: Fault) -> None:
        if found:
            raise InputFaults(*found)


def _is_same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
