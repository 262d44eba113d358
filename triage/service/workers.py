"""Lanes: to the model for single tickets and for batches, to the store alone, to sign in.

None waits for another. Each has threads, and places for the requests that may wait for them.

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


class Lane:
    """Places and threads for requests of one kind. For one event loop, so places need no lock."""

    def __init__(self, kind: str, *, places: int, threads: int, retry_seconds: int) -> None:
        self._kind = kind
        self._free = places
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=kind)
        self._retry_seconds = retry_seconds

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; `Problem` 503 with Retry-After when none is free."""
        if not self._free:
            raise self._busy()
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def run(self, work: Callable[[], T]) -> T:
        """Return the result of work done in a thread; first come, first served."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Wait for work that has begun; drop what has not."""
        self._threads.shutdown(cancel_futures=True)

    def _busy(self) -> Problem:
        detail = f"Too many {self._kind} are waiting; try again after {self._retry_seconds} s."
        headers = {"Retry-After": str(self._retry_seconds)}
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)


class Workers:
    """The lanes of a service."""

    def __init__(self, limits: Limits) -> None:
        self.tickets = Lane(
            "tickets",
            places=limits.waiting_tickets,
            threads=limits.ticket_threads,
            retry_seconds=limits.retry_seconds,
        )
        self.batches = Lane(
            "batches",
            places=limits.running_batches,
            threads=limits.batch_threads,
            retry_seconds=limits.retry_seconds,
        )

        self.readiness = Lane(
            "readiness checks", places=0, threads=1, retry_seconds=limits.retry_seconds
        )
        self.store = Lane(
            "requests",
            places=limits.waiting_for_store,
            threads=limits.store_threads,
            retry_seconds=limits.retry_seconds,
        )
        self.sign_ins = Lane(
            "sign-ins",
            places=limits.waiting_sign_ins,
            threads=1,
            retry_seconds=limits.retry_seconds,
        )

    def close(self) -> None:
        """Wait for work that has begun; drop what has not."""
        self.tickets.close()
        self.batches.close()
        self.store.close()
        self.readiness.close()
        self.sign_ins.close()
