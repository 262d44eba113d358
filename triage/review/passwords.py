"""Passwords: what is kept of them, and which are refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tickets import Fault

LEAST_CHARACTERS = 12
LEAST_KINDS = 5
"""Different characters beside the user's name."""
MOST_CHARACTERS = 1_000
"""Longer ones would only keep the processor busy."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1_024, parallelism=1)
"""Argon2id as OWASP advises at least: some 30 ms and 19 MiB for each try."""


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return _HASHER.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Tell whether a password is the one that is kept; without any, no sooner than with one."""
    try:
        is_right = _HASHER.verify(kept or _of_nobody(), _normal(password[:MOST_CHARACTERS]))
    except (VerificationError, InvalidHashError):
        return False
    return is_right and kept is not None


@cache
def _of_nobody() -> str:
    return hashed("nobody has this password")


def faults(password: str, name: str) -> Iterator[Fault]:
    """Yield what is wrong with the password that a user is to have."""
    length = len(password)
    if length < LEAST_CHARACTERS:
        remedy = "several words make a good one"
        yield Fault("password", f"has fewer than {LEAST_CHARACTERS} characters", remedy)
    elif length > MOST_CHARACTERS:
        yield Fault("password", f"has more than {MOST_CHARACTERS:,} characters", "shorten it")
    elif _kinds(password, name) < LEAST_KINDS:
        problem = "is the name with little else, or few characters again and again"
        yield Fault("password", problem, "several words make a good one")


def _kinds(password: str, name: str) -> int:
    """Return how many different characters a password has beside the name."""
    rest = password.casefold()
    return len(set(rest.replace(name.casefold(), "") if name else rest))


def _normal(password: str) -> str:
    """Return a password as it is hashed: the same, however a keyboard composes its characters."""
    return unicodedata.normalize("NFKC", password)
