"""What the service does beside answering: it works on deliveries, sends messages, tidies up.

Each has a thread of its own. When the store does not answer, they wait and try again; nothing that
is in the inbox or the outbox is lost by that.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from fastapi import FastAPI

from tickets.store import StoreUnavailable
from triage.deliveries import Deliveries
from triage.intake import Taken
from triage.journal import note
from triage.service.service import Service, utc_now
from triage.write_back.line import open_client
from triage.write_back.worker import OutboxWorker

LOG = logging.getLogger("triage")

IDLE_SECONDS = 0.2
"""Between two looks into an empty inbox: short beside the seconds that a desk may wait."""
TROUBLED_SECONDS = 2.0
"""After a look that failed."""
TIDY_SECONDS = 3_600.0
STATUS_SECONDS = 120.0
"""Between two looks at the status page; its editors are slower."""
KEPT_DELIVERIES = timedelta(days=7)
"""For which a delivery that was worked on is known again; desks repeat for a day or two at most."""


class Background:
    """The threads of one process."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._ending = threading.Event()
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._client = open_client()
        self._threads = [
            threading.Thread(target=self._repeat, args=(work, pause), name=name)
            for name, work, pause in (
                ("inbox", self._read_inbox, IDLE_SECONDS),
                ("tidying", self._tidy, TIDY_SECONDS),
                ("status page", self._ask_status_page, STATUS_SECONDS),
            )
        ]
        self._threads.append(threading.Thread(target=self._send, name="outbox"))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End when what is being worked on is done."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _send(self) -> None:
        service = cast(Service, self._app.state.service)
        targets = service.installation.targets
        OutboxWorker(service.store, targets, self._client, utc_now, self._worker).run(self._ending)

    def _repeat(self, work: Callable[[Service], int], idle_seconds: float) -> None:
        """Do some work again and again; with nothing done, pause."""
        while not self._ending.is_set():
            pause = 0.0
            try:
                if not work(cast(Service, self._app.state.service)):
                    pause = idle_seconds
            except StoreUnavailable as error:
                LOG.error("store unavailable", extra={"fields": {"why": str(error)}})
                pause = TROUBLED_SECONDS
            except Exception as error:  # a fault of ours must not end the thread for good
                LOG.error("background failed", exc_info=error)
                pause = TROUBLED_SECONDS
            self._ending.wait(pause)

    def _read_inbox(self, service: Service) -> int:
        def taken(one: Taken, endpoint: str) -> None:
            if one.is_new:
                service.measures.suggestion(one.suggestion.record, endpoint)

        installation = service.installation
        deliveries = Deliveries(
            store=service.store,
            intake=service.intake,
            endpoints=installation.endpoints,
            customers=installation.customers,
            told=service.measures.delivery,
            taken=taken,
        )
        return deliveries.work(self._worker, service.desk, installation.shadow, utc_now())

    def _ask_status_page(self, service: Service) -> int:
        service.incidents.refresh(utc_now())
        return 0

    def _tidy(self, service: Service) -> int:
        now = utc_now()
        service.store.inbox.prune(now - KEPT_DELIVERIES)
        service.store.outbox.prune(now - KEPT_DELIVERIES)
        service.store.idempotency.prune(now)
        service.store.sessions.prune(now)
        if kept_for := service.installation.kept_for:
            erased = service.store.personal_data.erase_before(now - kept_for, now)
            note("tickets erased", tickets=erased, older_than_days=kept_for.days)
        return 0
