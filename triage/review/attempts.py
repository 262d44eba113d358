"""Tries to sign in, counted by name and by address, so that nobody guesses passwords for long.

Names that do not exist are counted like those that do. Each process counts for itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from triage.service.problems import Problem

PERIOD_SECONDS = 15 * 60.0
MOST_FOR_A_NAME = 10
"""Failures in a period: a person who errs needs a few, and 1,000 a day guess no password."""
MOST_FROM_AN_ADDRESS = 50
"""Failures in a period: people behind one address of an office share it."""
_MOST_REMEMBERED = 50_000


class Attempts:
    """The failed tries of the last period."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, list[float]] = {}

    def begin(self, name: str, address: str) -> Callable[[], None]:
        """Count a try, as failed for now; return what to call once it has succeeded.

        `Problem` 429 when there were too many. Counting first lets nobody try many at once.
        """
        now = self._clock()
        by_name, by_address = f"name {name}", f"from {_place(address)}"
        for key, most in ((by_name, MOST_FOR_A_NAME), (by_address, MOST_FROM_AN_ADDRESS)):
            recent = self._recent(key, now)
            if len(recent) >= most:
                raise _too_many(recent[0] + PERIOD_SECONDS - now)
        for key in (by_name, by_address):
            self._failures.setdefault(key, []).append(now)
        self._forget_some()
        return partial(self._succeeded, by_name, by_address, now)

    def _recent(self, key: str, now: float) -> list[float]:
        recent = [at for at in self._failures.get(key, ()) if at > now - PERIOD_SECONDS]
        self._failures.pop(key, None)
        if recent:
            self._failures[key] = recent
        return recent

    def _succeeded(self, name: str, address: str, at: float) -> None:
        self._failures.pop(name, None)
        if at in self._failures.get(address, ()):
            self._failures[address].remove(at)

    def _forget_some(self) -> None:
        while len(self._failures) > _MOST_REMEMBERED:
            del self._failures[next(iter(self._failures))]


def _place(address: str) -> str:
    """Return what counts as one address: of IPv6, all that a household is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else str(found)


def _too_many(seconds: float) -> Problem:
    minutes = max(1, math.ceil(seconds / 60))
    detail = f"Too many tries to sign in; wait {minutes} minutes, or ask whoever runs the desk."
    headers = {"Retry-After": str(math.ceil(seconds))}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=headers)
