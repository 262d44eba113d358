"""Rate limits: each caller may send so many requests a second, and some more at once."""

from __future__ import annotations

import math
import time
from http import HTTPStatus

from triage.service.limits import Limits
from triage.service.problems import Problem

MOST_CALLERS = 10_000
"""Remembered at once; whoever else comes then starts with a full bucket."""


class Rates:
    """A token bucket for each caller. For one event loop, so it needs no lock."""

    def __init__(self, limits: Limits) -> None:
        self._per_second = limits.requests_per_second
        self._at_once = limits.requests_at_once
        self._buckets: dict[str, tuple[float, float]] = {}

    def count(self, caller: str) -> None:
        """Take note of a request; `Problem` 429 with Retry-After when there are too many."""
        now = time.monotonic()
        left, before = self._buckets.get(caller, (self._at_once, now))
        left = min(self._at_once, left + (now - before) * self._per_second)
        if left < 1:
            seconds = math.ceil((1 - left) / self._per_second)
            detail = f"More than {self._per_second:g} requests a second; wait {seconds} s."
            headers = {"Retry-After": str(seconds)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=headers)
        if len(self._buckets) >= MOST_CALLERS:
            self._buckets.clear()
        self._buckets[caller] = (left - 1, now)
