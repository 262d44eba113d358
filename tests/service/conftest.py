"""The service on a free port of this machine, behind a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest
import uvicorn

from triage.desk import Desk
from triage.service.application import create_app
from triage.service.limits import LIMITS, Limits
from triage.service.listening import address, listen

Serve = Callable[..., AbstractContextManager[httpx.Client]]


@contextmanager
def served(desk: Desk, limits: Limits = LIMITS) -> Iterator[httpx.Client]:
    listener = listen("127.0.0.1", 0)
    here = address(listener)
    server = uvicorn.Server(uvicorn.Config(create_app(desk, limits), log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        with httpx.Client(base_url=here, timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=30)


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serves a desk, with limits of its own, for the time of a `with`."""
    return served


@pytest.fixture(scope="module")
def service(desk: Desk) -> Iterator[httpx.Client]:
    """A client of a service with the small model and the limits that hold outside."""
    with served(desk) as client:
        yield client


@pytest.fixture(scope="module")
def strict(desk: Desk) -> Iterator[httpx.Client]:
    """A client of a service that bears little."""
    limits = Limits(ticket_bytes=1_000, batch_bytes=2_000, batch_items=3, body_seconds=0.3)
    with served(desk, limits) as client:
        yield client
