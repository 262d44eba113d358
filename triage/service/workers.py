"""The model's threads, and the places of the requests that may wait for them.

Requests are let in before their body is read, so that places bound the memory too. Health checks
need neither a place nor a thread: they are answered whatever the load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from typing import TypeVar

from triage.service.limits import Limits
from triage.service.problems import Problem

T = TypeVar("T")


class Places:
    """A number of places for requests of one kind. For one event loop, so it needs no lock."""

    def __init__(self, kind: str, count: int, retry_seconds: int) -> None:
        self._kind = kind
        self._free = count
        self._retry_seconds = retry_seconds

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a place; `Problem` 503 with Retry-After when none is free."""
        if not self._free:
            raise self._busy()
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    def _busy(self) -> Problem:
        detail = f"Too many {self._kind} are waiting; try again after {self._retry_seconds} s."
        headers = {"Retry-After": str(self._retry_seconds)}
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)


class Workers:
    """Threads for work that would hold up the event loop; first come, first served."""

    def __init__(self, limits: Limits) -> None:
        self.tickets = Places("tickets", limits.waiting_tickets, limits.retry_seconds)
        self.batches = Places("batches", limits.running_batches, limits.retry_seconds)
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="model")

    async def run(self, work: Callable[[], T]) -> T:
        """Return the result of work done in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Wait for work that has begun; drop what has not."""
        self._threads.shutdown(cancel_futures=True)
