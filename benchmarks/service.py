"""How much the service bears: requests a second and times, single tickets and batches.

    python -m benchmarks.service [--reader light] [--database-url URL] [--requests 600]
    python -m benchmarks.service --memory 100000 --reader light

In each round the same tickets go through `Desk.assess` in a loop, a FastAPI endpoint that returns a
constant, and the service; the generator runs on the same machine. On a shared one, compare within a
run, and trust processor time (CPU) more than time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

import httpx

from benchmarks.service_process import ServiceProcess, copied_home, cpu_seconds
from classifier import Reader
from tickets import parse_ticket
from triage.commands.options import READERS
from triage.desk import Desk
from triage.labelled.corpus import SHIPPED

ROUNDS = 3
AT_ONCE = 4
"""Requests under way, as two cores can bear with the generator beside."""
BATCH = 100
SHARE_OF_PEAK = 0.7
STEP = 10_000
"""Tickets between two looks at the memory."""


@dataclass(frozen=True)
class Figures:
    """What one run of requests gave; times in seconds."""

    per_second: float
    cpu: float
    """Of the process that answers, for each ticket."""
    times: tuple[float, ...] = ()

    def __str__(self) -> str:
        shown = f"{self.per_second:8,.0f}/s   CPU {self.cpu * 1e3:6.2f} ms"
        if self.times:
            cuts = quantiles(self.times, n=100)
            shown += f"   p50 {cuts[49] * 1e3:6.1f} ms   p99 {cuts[98] * 1e3:6.1f} ms"
        return shown


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reader", choices=READERS, default=READERS[0])
    parser.add_argument("--database-url", default="", help="By default, a SQLite file.")
    parser.add_argument("--requests", type=int, default=600)
    parser.add_argument("--memory", type=int, default=0, help="Send so many; show the memory.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = copied_home(Path(folder))
        url = given.database_url or f"sqlite:///{folder}/triage.db"
        service = ServiceProcess(home, url, ["--reader", given.reader])
        service.start()
        try:
            if given.memory:
                _show_memory(service, given.memory)
            else:
                desk = Desk.load(home, Reader(given.reader))
                _compare(service, desk, given.requests)
        finally:
            service.stop()


def _compare(service: ServiceProcess, desk: Desk, requests: int) -> None:
    tickets = list(itertools.islice(_tickets(), requests))
    rows: dict[str, list[Figures]] = {}
    with _bare_service() as (bare_url, bare_pid):
        for _ in range(ROUNDS):
            measured = {
                "Desk.assess in a loop": _loop(desk, tickets),
                "constant": _single(bare_url, lambda: cpu_seconds(bare_pid), tickets),
                "service, single": _single(service.url, service.cpu_seconds, tickets),
                f"service, batches of {BATCH}": _batches(service, tickets),
            }
            for name, figures in measured.items():
                rows.setdefault(name, []).append(figures)
    for name, found in rows.items():
        print(f"{name:26}{_middle(found)}")
    loop, single = rows["Desk.assess in a loop"], rows["service, single"]
    dearer = median(s.cpu / one.cpu for s, one in zip(single, loop, strict=True))
    quicker = median(s.per_second / one.per_second for s, one in zip(single, loop, strict=True))
    print(f"service beside the loop: {dearer:.2f} times the CPU, {quicker:.2f} times the rate")
    rate = SHARE_OF_PEAK * median(figures.per_second for figures in single)
    steady = _steady(service, tickets, rate)
    print(f"{'at 70 % of its peak':26}{steady}")


def _middle(found: Sequence[Figures]) -> Figures:
    return Figures(
        median(each.per_second for each in found),
        median(each.cpu for each in found),
        tuple(itertools.chain.from_iterable(each.times for each in found)),
    )


def _tickets() -> Iterator[dict[str, str]]:
    """Yield tickets as long as real ones, without ids: each is a new one."""
    kept = ("subject", "body", "tier", "channel", "received_at")
    records = [json.loads(line) for line in Path(SHIPPED).read_text("utf-8").splitlines()]
    held_out = [{name: r[name] for name in kept} for r in records if r["split"] == "test"]
    return itertools.cycle(held_out)


def _loop(desk: Desk, tickets: Sequence[dict[str, str]]) -> Figures:
    parsed = [parse_ticket(ticket, default_id="1") for ticket in tickets]
    begin, begin_cpu = time.perf_counter(), time.process_time()
    for ticket in parsed:
        desk.assess(ticket)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    return Figures(len(parsed) / seconds, cpu / len(parsed))


def _single(url: str, cpu: Callable[[], float], tickets: Sequence[dict[str, str]]) -> Figures:
    bodies = iter([json.dumps(ticket).encode() for ticket in tickets])
    lock, times = threading.Lock(), list[float]()

    def send_all() -> None:
        connection = _connected(url)
        while True:
            with lock:
                body = next(bodies, None)
            if body is None:
                return connection.close()
            times.append(_posted(connection, body))

    begin, begin_cpu = time.perf_counter(), cpu()
    threads = [threading.Thread(target=send_all) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    return Figures(len(tickets) / seconds, (cpu() - begin_cpu) / len(tickets), tuple(times))


def _steady(service: ServiceProcess, tickets: Sequence[dict[str, str]], rate: float) -> Figures:
    """Send at a fixed rate; a request's time counts from when it was due, not when it left."""
    bodies = enumerate(json.dumps(ticket).encode() for ticket in tickets)
    lock, times = threading.Lock(), list[float]()
    begin, begin_cpu = time.perf_counter() + 0.1, service.cpu_seconds()

    def send_all() -> None:
        connection = _connected(service.url)
        while True:
            with lock:
                number, body = next(bodies, (0, b""))
            if not body:
                return connection.close()
            due = begin + number / rate
            time.sleep(max(due - time.perf_counter(), 0))
            _posted(connection, body)
            times.append(time.perf_counter() - due)

    threads = [threading.Thread(target=send_all) for _ in range(AT_ONCE * 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - begin, service.cpu_seconds() - begin_cpu
    return Figures(len(tickets) / seconds, cpu / len(tickets), tuple(times))


def _batches(service: ServiceProcess, tickets: Sequence[dict[str, str]]) -> Figures:
    begin, begin_cpu, times = time.perf_counter(), service.cpu_seconds(), list[float]()
    with httpx.Client(base_url=service.url, timeout=300) as client:
        for start in range(0, len(tickets), BATCH):
            times.append(_send_batch(client, tickets[start : start + BATCH]))
    seconds, cpu = time.perf_counter() - begin, service.cpu_seconds() - begin_cpu
    return Figures(len(tickets) / seconds, cpu / len(tickets), tuple(times))


def _send_batch(client: httpx.Client, tickets: Sequence[dict[str, str]]) -> float:
    begin = time.perf_counter()
    client.post("/v1/triage/batch", json=tickets).raise_for_status()
    return time.perf_counter() - begin


def _connected(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _posted(connection: HTTPConnection, body: bytes) -> float:
    begin = time.perf_counter()
    connection.request("POST", "/v1/triage", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    return time.perf_counter() - begin


@contextmanager
def _bare_service() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_service", str(port)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def _show_memory(service: ServiceProcess, total: int) -> None:
    tickets = _tickets()
    with httpx.Client(base_url=service.url, timeout=300) as client:
        for sent in range(0, total + 1, BATCH):
            if sent % STEP == 0:
                print(f"{sent:10,} tickets   {service.resident_bytes() / 2**20:8,.1f} MiB")
            _send_batch(client, list(itertools.islice(tickets, BATCH)))


if __name__ == "__main__":
    main()
