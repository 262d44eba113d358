"""Sessions of people at the desk: a random token in a cookie, of which the store keeps a digest."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.store import Session, Store, User

IDLE = timedelta(hours=1)
"""Without a page for so long, a session is over: somebody has left the desk."""
LONGEST = timedelta(hours=12)
"""A shift with its overtime; then the password is asked for again in any case."""
_RENEWED_AFTER = timedelta(minutes=5)
"""So that not every page writes."""


@dataclass(frozen=True)
class SignedIn:
    """Somebody with a session."""

    user: User
    session: Session


def begin(store: Store, user: User, now: datetime) -> str:
    """Begin a session and return its token; no token that a browser sends is ever taken over."""
    token = secrets.token_urlsafe(32)
    store.sessions.begin(_digest(token), user.id, secrets.token_urlsafe(32), now, now + IDLE)
    return token


def find(store: Store, token: str, now: datetime) -> SignedIn | None:
    """Return whose session a token is, and keep it going; None where it is over or never was."""
    session = store.sessions.find(_digest(token), now)
    user = None if session is None else store.users.load(session.user_id)
    if session is None or user is None:
        return None
    until = min(now + IDLE, session.begun_at + LONGEST)
    if until - session.expires_at > _RENEWED_AFTER:
        store.sessions.extend(session.token_hash, until)
    return SignedIn(user, session)


def end(store: Store, token: str) -> None:
    """End the session of a token, if there is one."""
    store.sessions.end(_digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
