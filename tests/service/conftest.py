"""The service on a free port of this machine, behind a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from tickets.store import open_store
from triage.desk import Desk
from triage.service.application import create_app
from triage.service.installation import Installation
from triage.service.limits import Limits
from triage.service.listening import address, listen

Serve = Callable[..., AbstractContextManager[httpx.Client]]


@contextmanager
def served(installation: Installation) -> Iterator[httpx.Client]:
    listener = listen("127.0.0.1", 0)
    here = address(listener)
    server = uvicorn.Server(uvicorn.Config(create_app(installation), log_config=None))
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
def serve(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Serves a desk for the time of a `with`, with an empty store and what else is given."""

    @contextmanager
    def serving(desk: Desk = desk, **furniture: Any) -> Iterator[httpx.Client]:
        file = tmp_path_factory.mktemp("store") / "triage.db"
        store = furniture.pop("store", None) or open_store(f"sqlite:///{file}")
        try:
            with served(Installation(desk, store, **furniture)) as client:
                yield client
        finally:
            store.close()

    return serving


@pytest.fixture(scope="module")
def service(serve: Serve) -> Iterator[httpx.Client]:
    """A client of a service with the small model and the limits that hold outside."""
    with serve() as client:
        yield client


@pytest.fixture(scope="module")
def strict(serve: Serve) -> Iterator[httpx.Client]:
    """A client of a service that bears little."""
    limits = Limits(ticket_bytes=1_000, batch_bytes=2_000, batch_items=3, body_seconds=0.3)
    with serve(limits=limits) as client:
        yield client
