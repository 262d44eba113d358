"""Whatever breaks, a ticket that was acknowledged is there once, assessed, and told of once.

`python -m benchmarks.service_faults` does the same with thousands of deliveries, a database that is
stopped, a real full disk, and a desk that falls silent.
"""

from __future__ import annotations

import hmac
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

from benchmarks.service_faults import give_back_claims
from benchmarks.service_process import ServiceProcess
from tickets import Ticket
from tickets.store import Arrival, DeliveryState, Store, open_store
from triage.desk import Desk
from triage.intake import Intake
from triage.integrations import Endpoint
from triage.integrations.desk_words import words_of
from triage.integrations.endpoints import Authentication
from triage.write_back.targets import Target, written

Serve = Callable[..., Any]
NOW = datetime(2026, 7, 6, 16, 0, tzinfo=UTC)
SECRET = "a secret of the tests, of no other use"
HERE = "/v1/webhooks/github/hub"
ENDPOINT = Endpoint("hub", "github", Authentication.SIGNATURE, SECRET.encode(), words_of("github"))
PROJECT = Path(__file__).parents[2]
TARGET = Target(
    "support",
    "zendesk",
    "http://127.0.0.1:9",
    "no token",
    "a file",
    writes={act: frozenset(parts) for act, parts in written()["writes"].items()},
)


def deliver(client: httpx.Client, number: int) -> httpx.Response:
    at = "2026-07-06T15:59:00Z"
    issue = {"number": number, "title": f"Phones are dead {number}", "body": "Nobody can call."}
    payload = {
        "action": "opened",
        "issue": {**issue, "created_at": at, "updated_at": at, "user": {"login": "mia"}},
        "repository": {"full_name": "acme/support"},
        "sender": {"login": "mia"},
    }
    body = json.dumps(payload).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": "issues",
        "x-github-delivery": f"d-{number}",
        "x-hub-signature-256": f"sha256={hmac.new(SECRET.encode(), body, 'sha256').hexdigest()}",
    }
    return client.post(HERE, content=body, headers=headers)


def when_worked_on(store: Store, deliveries: int) -> None:
    until = time.monotonic() + 30
    while store.inbox.counts()[DeliveryState.DONE] < deliveries:
        assert time.monotonic() < until, store.inbox.counts()
        time.sleep(0.05)


def suggested(store: Store) -> list[int]:
    """How many suggestions each stored ticket has."""
    tickets = store.tickets.stored_since(datetime(2000, 1, 1, tzinfo=UTC))
    return [len(store.suggestions.of_ticket(each.key)) for each in tickets]


def test_nothing_is_lost_or_doubled_when_the_service_is_killed_and_the_desk_fails(
    small_home: Path,
) -> None:
    """Two kills, a broken model, a desk that answers 429 and 500."""
    options = ["--deliveries", "120", "--kills", "2", "--short", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.service_faults", *options],
        cwd=PROJECT,
        env={**os.environ, "TRIAGE_HOME": str(small_home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    counts = json.loads(done.stdout)
    assert counts["acknowledged"] == counts["stored"] == counts["assessed"] == 120
    assert (counts["written_back"], counts["lost"], counts["doubled"]) == (120, 0, 0)
    assert counts["faults"]["kill -9"] == 2
    assert counts["faults"]["desk 429"] > 0
    assert counts["faults"]["desk 500"] > 0


def test_a_suggestion_of_a_process_that_died_is_told_of_when_it_comes_again(
    desk: Desk, tmp_path: Path
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/triage.db")
    ticket = Ticket("17", body="Nobody can take calls", tier="premium", received_at=NOW)
    arrival = Arrival("zendesk:support", "17", endpoint="support")
    Intake(store).take([(ticket, arrival)], desk, NOW)  # as far as it came: nobody was told
    assert store.outbox.waiting(10) == []
    intake = Intake(store, targets={"support": TARGET})
    for _ in range(2):
        [taken] = intake.take([(ticket, arrival)], desk, NOW)
        assert not taken.is_new
        assert [message.target for message in store.outbox.waiting(10)] == ["support"]
    store.close()


class Cable:
    """The line to a server, which can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_cut = True
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = socket.create_connection(self._server)
                self._open |= {near, far}
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            self._open.discard(end)
            end.close()


@pytest.fixture
def cable(postgresql: str) -> Iterator[Cable]:
    url = make_url(postgresql)
    cable = Cable(url.host or "127.0.0.1", url.port or 5432)
    yield cable
    cable.close()


def test_while_the_database_is_away_nothing_is_acknowledged_and_then_all_goes_on(
    serve: Serve, new_schema: Callable[[], str], cable: Cable
) -> None:
    url = make_url(new_schema()).set(host="127.0.0.1", port=cable.port)
    store = open_store(url.render_as_string(hide_password=False))
    with serve(store=store, endpoints={"hub": ENDPOINT}) as client:
        assert [deliver(client, number).status_code for number in range(5)] == [202] * 5
        cable.cut()
        refused = deliver(client, 5)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert client.post("/v1/triage", json={"body": "Nobody can call"}).status_code == 503
        cable.mend()
        give_back_claims(store)  # which ends after the lease by itself
        assert [deliver(client, number).status_code for number in range(10)] == [202] * 10
        when_worked_on(store, 10)
        assert suggested(store) == [1] * 10


def test_while_the_disk_is_full_nothing_is_acknowledged_and_then_all_goes_on(
    small_home: Path, tmp_path: Path
) -> None:
    """The limit on the size of files stands in for the disk: what it refuses is not written."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(small_home / "models")
    (home / "secret").write_text(SECRET, "ascii")
    (home / "endpoints.yaml").write_text(
        "endpoints: [{name: hub, source: github, secret_file: secret}]", "utf-8"
    )
    url = f"sqlite:///{tmp_path}/triage.db"
    service = ServiceProcess(home, url, ["--reader", "light"])
    service.start()
    try:
        with httpx.Client(base_url=service.url, timeout=30) as client:
            _, most = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (4_096, most))
            assert deliver(client, 0).status_code == 503
            assert client.get("/healthz").status_code == 200
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (most, most))
            assert [deliver(client, number).status_code for number in range(5)] == [202] * 5
        store = open_store(url)
        when_worked_on(store, 5)
        assert suggested(store) == [1] * 5
        store.close()
    finally:
        assert service.stop() == -signal.SIGTERM
