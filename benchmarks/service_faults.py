"""What is lost when things break: webhook deliveries while the service is killed, its database is
stopped, its disk fills up, a broken model becomes current and the help desk fails.

    python -m benchmarks.service_faults [--deliveries 5000] [--kills 5] [--short] [--json]
    python -m benchmarks.service_faults --database-url URL --stop-command C --start-command C
    python -m benchmarks.service_faults --small-disk FOLDER   # on a file system of some megabytes

A desk on this machine sends each ticket until it is acknowledged, some of them again after that.
Counted is what is there in the end; the exit status is 1 when anything is lost or doubled.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import queue
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import httpx
import yaml

from benchmarks.service_process import ServiceProcess, copied_home
from benchmarks.zendesk_server import CUT, FAILED, SILENT, TOO_MANY, ZendeskServer
from classifier import Reader, Registry
from tickets.store import DeliveryState, MessageState, Store, StoredTicket, open_store
from tickets.ticket import EARLIEST
from triage.labelled.corpus import load_corpus
from triage.retraining.training import current_rules

SECRET = secrets.token_hex(16)
SENDERS = 8
SENT_AGAIN = 0.03
"""Share of the acknowledged deliveries that the desk sends again all the same."""
PAUSE_SECONDS = 0.3
"""Before a delivery that was not acknowledged is sent again."""
SPREAD_SECONDS, SHORT_SPREAD_SECONDS = 90.0, 10.0
"""Over which deliveries are spread; it takes longer where they are held up."""
TROUBLE_SECONDS = 5.0
"""For which a database is stopped, a disk is full, a broken model is current."""
EVERY = {CUT: 1_009, SILENT: 1_511, TOO_MANY: 211, FAILED: 97}
"""After how many requests of ours the desk fails again in each way."""
SHORT_EVERY = {TOO_MANY: 101, FAILED: 47}
"""Without the faults after which the desk is left alone for half a minute."""
END_SECONDS = 3_600.0
"""For which the service may work after the last delivery."""


@dataclass(frozen=True)
class Counts:
    """What became of the tickets."""

    sent: int
    acknowledged: int
    stored: int
    assessed: int
    written_back: int
    lost: int
    doubled: int
    attempts: int
    answers: dict[str, int]
    acknowledged_ms: dict[str, float]
    faults: dict[str, int]
    seconds: float


def main() -> None:
    """Break things and count."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        desk = ZendeskServer(SHORT_EVERY if given.short else EVERY)
        try:
            counts = Trial(given, Path(folder), desk).run()
        finally:
            desk.close()
    if given.json:
        print(json.dumps(asdict(counts)))
    else:
        for name, value in asdict(counts).items():
            print(f"{name:16}{value:,}" if isinstance(value, int) else f"{name:16}{value}")
    sys.exit(1 if counts.lost or counts.doubled else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--deliveries", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--database-url", default="", help="By default, a SQLite file.")
    parser.add_argument("--stop-command", default="", help="Stops the database.")
    parser.add_argument("--start-command", default="", help="Starts it again.")
    parser.add_argument("--small-disk", default="", help="Folder for the SQLite file.")
    parser.add_argument(
        "--short",
        action="store_true",
        help="What a killed process had claimed is given back at once, not when its lease ends.",
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


class Sender:
    """The desk's side: several threads that send until all is acknowledged."""

    def __init__(self, address: str, desk: ZendeskServer, deliveries: int, seconds: float) -> None:
        self.acknowledged: set[int] = set()
        self.answers: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._address = address
        self._desk = desk
        self._pause = seconds * SENDERS / deliveries
        texts = [each.ticket for each in load_corpus(current_rules().schema)]
        self._texts = [(ticket.subject, ticket.body) for ticket in texts]
        self._numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(1, deliveries + 1):
            self._numbers.put(number)
        self._threads = [threading.Thread(target=self._send_all) for _ in range(SENDERS)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def wait_for(self, deliveries: float) -> None:
        """Wait until so many are acknowledged."""
        _wait(lambda: len(self.acknowledged) >= deliveries)

    def join(self) -> None:
        """Wait until everything is acknowledged."""
        for thread in self._threads:
            thread.join()

    def _send_all(self) -> None:
        chance = random.Random(threading.get_ident())
        with httpx.Client(timeout=10) as client, suppress(queue.Empty):
            while True:
                number = self._numbers.get_nowait()
                time.sleep(self._pause)
                self._desk.open_ticket(number)
                self._send(client, number)
                if chance.random() < SENT_AGAIN:
                    self._send(client, number)

    def _send(self, client: httpx.Client, number: int) -> None:
        body = self._body(number)
        while not self._is_acknowledged(client, body):
            time.sleep(PAUSE_SECONDS)
        self.acknowledged.add(number)

    def _is_acknowledged(self, client: httpx.Client, body: bytes) -> bool:
        begin = time.perf_counter()
        try:
            answer = client.post(self._address, content=body, headers=_signed(body))
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            return False
        self.answers[str(answer.status_code)] += 1
        if answer.is_success:
            self.seconds.append(time.perf_counter() - begin)
        return answer.is_success

    def _body(self, number: int) -> bytes:
        subject, body = self._texts[number % len(self._texts)]
        at = self._desk.tickets[number].values["updated_at"]
        detail = {
            "id": str(number),
            "subject": subject,
            "description": body or subject,
            "status": "NEW",
            "priority": None,
            "requester_id": "7",
            "tags": [],
            "via": {"channel": "email"},
            "created_at": at,
            "updated_at": at,
        }
        event = {"type": "zen:event-type:ticket.created", "id": f"event-{number}", "time": at}
        return json.dumps({**event, "subject": f"zen:ticket:{number}", "detail": detail}).encode()


def _signed(body: bytes) -> dict[str, str]:
    at = datetime.now(UTC).isoformat()
    digest = hmac.new(SECRET.encode(), at.encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "x-zendesk-webhook-signature-timestamp": at,
        "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
    }


@dataclass
class Trial:
    """One run."""

    given: argparse.Namespace
    folder: Path
    desk: ZendeskServer
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._endpoint = f"faults-{secrets.token_hex(4)}"
        self._home = copied_home(self.folder)
        place = self.given.small_disk or self.folder
        self._url = self.given.database_url or f"sqlite:///{Path(place).resolve()}/triage.db"
        self._write_files()
        self._service = ServiceProcess(self._home, self._url, ["--reader", "light"])

    def _write_files(self) -> None:
        (self._home / "secret").write_text(SECRET, "ascii")
        endpoint = {"name": self._endpoint, "source": "zendesk", "secret_file": "secret"}
        target = {
            "name": self._endpoint,
            "kind": "zendesk",
            "url": self.desk.url,
            "token_file": "secret",
            "requests_per_minute": 6_000,
        }
        for name, entry in (("endpoints", endpoint), ("targets", target)):
            (self._home / f"{name}.yaml").write_text(yaml.safe_dump({name: [entry]}), "utf-8")

    def run(self) -> Counts:
        """Send everything, break things meanwhile, wait for the end and count."""
        begin = time.monotonic()
        self._service.start()
        store = open_store(self._url)
        sender = Sender(
            f"{self._service.url}/v1/webhooks/zendesk/{self._endpoint}",
            self.desk,
            self.given.deliveries,
            SHORT_SPREAD_SECONDS if self.given.short else SPREAD_SECONDS,
        )
        sender.start()
        for share, trouble in self._troubles(store):
            sender.wait_for(share * self.given.deliveries)
            trouble()
        sender.join()
        self.desk.recover()
        self._kill(store)  # once more, when all is acknowledged and not all is worked on
        _wait(lambda: not _open_work(store))
        self._service.stop()
        counts = self._counts(store, sender, time.monotonic() - begin)
        store.close()
        return counts

    def _troubles(self, store: Store) -> Sequence[tuple[float, Callable[[], None]]]:
        """Return what breaks, each with the share of acknowledged deliveries at which it does."""
        kills = self.given.kills - 1
        troubles: list[tuple[float, Callable[[], None]]] = [
            ((number + 0.7) / (kills + 1), lambda: self._kill(store)) for number in range(kills)
        ]
        troubles.append((0.15, self._break_model))
        if self.given.stop_command:
            troubles.append((0.4, self._stop_database))
        if self.given.small_disk:
            troubles.append((0.6, self._fill_disk))
        return sorted(troubles, key=lambda each: each[0])

    def _kill(self, store: Store) -> None:
        self.faults["kill -9"] += 1
        self._service.kill()
        if self.given.short:
            give_back_claims(store)
        self._service.start()

    def _stop_database(self) -> None:
        self.faults["database stopped"] += 1
        subprocess.run(self.given.stop_command, shell=True, check=True)
        time.sleep(TROUBLE_SECONDS)
        subprocess.run(self.given.start_command, shell=True, check=True)

    def _fill_disk(self) -> None:
        self.faults["disk full"] += 1
        ballast = Path(self.given.small_disk) / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as stream:
            while True:
                stream.write(bytes(4_096))
        time.sleep(TROUBLE_SECONDS)
        ballast.unlink()

    def _break_model(self) -> None:
        """Make a damaged model current by hand: `triage promote` would refuse it."""
        self.faults["broken model"] += 1
        models, reader = Registry(self._home), Reader.LIGHT
        sound = models.current_version(reader)
        assert sound is not None  # the service has started with it
        broken = models.folder / ("0" * len(sound))
        shutil.copytree(models.folder / sound, broken)
        with (broken / "arrays.npz").open("r+b") as stream:
            stream.write(b"damaged")
        current = models.folder / f"current-{reader}"
        current.write_text(broken.name, "ascii")
        time.sleep(TROUBLE_SECONDS)
        current.write_text(sound, "ascii")

    def _counts(self, store: Store, sender: Sender, seconds: float) -> Counts:
        source = f"zendesk:{self._endpoint}"
        stored = [each for each in store.tickets.stored_since(EARLIEST) if _is_of(each, source)]
        suggested = Counter(
            {each.key: len(store.suggestions.of_ticket(each.key)) for each in stored}
        )
        keys = {number: Counter(each.keys) for number, each in self.desk.tickets.items()}
        written = [number for number, found in keys.items() if found]
        twice = [number for number, found in keys.items() if max(found.values(), default=0) > 1]
        sent = self.given.deliveries
        least = min(len(stored), sum(map(bool, suggested.values())), len(written))
        more = len(stored) - len({each.arrival.external_id for each in stored})
        p50, p99 = (quantiles(sender.seconds, n=100)[at - 1] * 1e3 for at in (50, 99))
        return Counts(
            sent=sent,
            acknowledged=len(sender.acknowledged),
            stored=len(stored),
            assessed=sum(map(bool, suggested.values())),
            written_back=len(written),
            lost=sent - least,
            doubled=more + sum(count > 1 for count in suggested.values()) + len(twice),
            attempts=sender.answers.total(),
            answers=dict(sender.answers.most_common()),
            acknowledged_ms={"p50": round(p50, 1), "p99": round(p99, 1)},
            faults={**self.faults, **{f"desk {n}": c for n, c in self.desk.faults.items()}},
            seconds=round(seconds, 1),
        )


def _wait(is_done: Callable[[], bool]) -> None:
    until = time.monotonic() + END_SECONDS
    while not is_done():
        if time.monotonic() > until:
            raise TimeoutError("the service does not come to an end")
        time.sleep(0.2)


def _is_of(stored: StoredTicket, source: str) -> bool:
    return stored.arrival.source == source


def _open_work(store: Store) -> int:
    deliveries, messages = store.inbox.counts(), store.outbox.counts()
    return (
        deliveries[DeliveryState.WAITING]
        + deliveries[DeliveryState.CLAIMED]
        + messages[MessageState.PENDING]
        + messages[MessageState.CLAIMED]
    )


def give_back_claims(store: Store) -> None:
    """Let the leases of a dead process end at once."""
    now = datetime.now(UTC)
    later, no_time = now + timedelta(hours=1), timedelta()
    for delivery in store.inbox.claim("benchmark", 100_000, later, no_time):
        store.inbox.failed(delivery.id, "its worker was killed", now)
    for message in store.outbox.claim("benchmark", 100_000, later, no_time):
        store.outbox.retry(message.id, "its worker was killed", now)


if __name__ == "__main__":
    main()
