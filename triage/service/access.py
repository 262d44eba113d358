"""Who calls, and what they may do: API keys with scopes.

A key reads `ujet_<name part>_<secret>`. Only a digest of it is stored: the secret has 256 random
bits, so a fast digest is as safe as a slow one, which only guessable passwords need.

With neither a key nor a user in the store, whoever reaches the service may do everything; it then
listens on this machine only. Once one was made, every call needs a key, even when all are revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

from tickets.store import Store
from triage.service.problems import Problem

PREFIX = "ujet"
REMEMBERED_SECONDS = 2.0
"""For which a key is not looked up again: so long a revoked one may still pass."""
MOST_REMEMBERED = 10_000


class Scope(StrEnum):
    """What a key is good for."""

    SUGGEST = "suggest"
    """Send tickets, get suggestions."""
    REVIEW = "review"
    """See suggestions, decide on them."""
    TRAIN = "train"
    """See models, promote them, take them back."""
    ADMIN = "admin"
    """Everything, metrics included."""


@dataclass(frozen=True)
class Caller:
    """Whoever sent a request."""

    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Tell whether a scope is theirs; `admin` has all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANYBODY = Caller("anybody on this machine", frozenset(Scope))
"""The caller where no key is asked for."""


@dataclass(frozen=True)
class NewKey:
    """A key that was just made; `token` is shown once and kept nowhere."""

    token: str
    prefix: str
    digest: str


def new_key() -> NewKey:
    """Make a key."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    token = f"{PREFIX}_{prefix}_{secret}"
    return NewKey(token, prefix, digest_of(token))


def digest_of(token: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Access:
    """Looks up who calls; for threads of one process."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._known: dict[str, tuple[Caller, float]] = {}

    def remembered(self, authorization: str) -> Caller | None:
        """Return a caller that was looked up a moment ago, without asking the store."""
        caller, until = self._known.get(authorization, (None, 0.0))
        return caller if time.monotonic() < until else None

    def is_open(self) -> bool:
        """Tell whether nobody has to say who they are: there is neither a key nor a user."""
        return not self._store.keys.list() and not self._store.users.list()

    def caller(self, authorization: str) -> Caller:
        """Return who sends an `Authorization` header; `Problem` 401 when that is no key of ours."""
        caller = self._looked_up(authorization)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[authorization] = (caller, time.monotonic() + REMEMBERED_SECONDS)
        return caller

    def _looked_up(self, authorization: str) -> Caller:
        if not authorization and self.is_open():
            return ANYBODY
        token = authorization.removeprefix("Bearer ").strip()
        parts = token.split("_", 2)
        if len(parts) != 3 or parts[0] != PREFIX:
            raise _unauthorized("This service asks for a key: send Authorization: Bearer KEY.")
        digest = digest_of(token)
        for key in self._store.keys.find_by_prefix(parts[1]):
            if hmac.compare_digest(key.hash, digest):
                self._store.keys.used(key.id, self._now())
                return Caller(key.name, frozenset(Scope(scope) for scope in key.scopes))
        raise _unauthorized("The key is unknown or revoked; `triage keys list` shows those.")


def _unauthorized(detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})


def require(caller: Caller, scope: Scope) -> None:
    """Raise `Problem` 403 unless a caller has a scope."""
    if not caller.may(scope):
        detail = f'The key "{caller.name}" lacks the scope {scope}; ask for one that has it.'
        raise Problem(HTTPStatus.FORBIDDEN, detail)
