"""Tickets to `triage consume` from a real RabbitMQ and a real Redis: stored, answered, acknowledged last."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import aio_pika
import pytest
from aio_pika.exceptions import ChannelNotFoundEntity
from redis.asyncio import Redis

from tickets.store import Store, StoredTicket, open_store
from tickets.ticket import EARLIEST
from triage.consumer import FIELD, GROUP, Route

RABBITMQ = "amqp://guest:guest@127.0.0.1"
REDIS = "redis://127.0.0.1:6379"
PORTS = {RABBITMQ: 5672, REDIS: 6379}
PATIENCE = 30
"""Seconds after which an answer does not come any more."""


class Broker(Protocol):
    """The side of a broker on which tickets are sent and assessments received."""

    async def put(self, body: bytes) -> None:
        """Send a message."""
        ...

    async def answer(self) -> dict[str, Any]:
        """Wait for the next assessment."""
        ...


@dataclass
class Rabbit:
    """Both queues on RabbitMQ."""

    route: Route
    channel: aio_pika.abc.AbstractChannel
    answers: asyncio.Queue[bytes]

    async def put(self, body: bytes) -> None:
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await self.channel.default_exchange.publish(message, self.route.source)

    async def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await self.answers.get())
        return answer

    async def waiting(self) -> int:
        """Return how many messages nobody has been handed."""
        queue = await self.channel.declare_queue(self.route.source, passive=True)
        return queue.declaration_result.message_count or 0


@dataclass
class Stream:
    """Both streams on Redis, and the newest entry that was read."""

    route: Route
    client: Redis
    seen: Any

    async def put(self, body: bytes) -> None:
        await self.client.xadd(self.route.source, {FIELD: body})

    async def answer(self) -> dict[str, Any]:
        found: Any = await self.client.xread(
            {self.route.target: self.seen}, count=1, block=PATIENCE * 1_000
        )
        [[_, [[self.seen, fields]]]] = found
        answer: dict[str, Any] = json.loads(fields[FIELD.encode()])
        return answer

    async def pending(self) -> int:
        """Return how many messages were handed over and not acknowledged."""
        if not await self.client.exists(self.route.source):
            return 0
        groups = await self.client.xinfo_groups(self.route.source)
        return sum(group["pending"] for group in groups)

    async def let_time_pass(self, time: timedelta) -> None:
        """Make what is pending as old as if this time had passed."""
        idle = int(time / timedelta(milliseconds=1))
        entries: Any = await self.client.xpending_range(self.route.source, GROUP, "-", "+", 10)
        for entry in entries:
            await self.client.xclaim(
                self.route.source,
                GROUP,
                entry["consumer"],
                min_idle_time=0,
                message_ids=[entry["message_id"]],
                idle=idle,
            )


@asynccontextmanager
async def rabbit(route: Route) -> AsyncIterator[Rabbit]:
    async with await aio_pika.connect(route.url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(route.source, durable=True)
        target = await channel.declare_queue(route.target)
        answers: asyncio.Queue[bytes] = asyncio.Queue()

        async def keep(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            await answers.put(message.body)

        await target.consume(keep, no_ack=True)
        yield Rabbit(route, channel, answers)


@asynccontextmanager
async def stream(route: Route) -> AsyncIterator[Stream]:
    # No limit of its own: it would end the wait for an answer before ours does.
    async with Redis.from_url(route.url, socket_timeout=None) as client:
        newest = await client.xrevrange(route.target, count=1)
        yield Stream(route, client, newest[0][0] if newest else b"0")


async def remove(route: Route) -> None:
    """Leave nothing of a route at its broker."""
    if route.is_redis:
        async with Redis.from_url(route.url) as client:
            await client.delete(route.source, route.target)
        return
    async with await aio_pika.connect(route.url) as connection:
        channel = await connection.channel()
        for name in (route.source, route.target):
            await channel.queue_delete(name)


@contextmanager
def new_route(url: str) -> Iterator[Route]:
    """Queues that nobody else has, until they are removed; skips where no broker answers."""
    try:
        socket.create_connection(("127.0.0.1", PORTS[url]), timeout=2).close()
    except OSError:
        name = "RabbitMQ" if url == RABBITMQ else "Redis"
        pytest.skip(f"no {name} answers on port {PORTS[url]} of this machine: start one")
    name = f"triage-test-{uuid.uuid4().hex}"
    route = Route(url, f"{name}-tickets", f"{name}-assessments")
    try:
        yield route
    finally:
        asyncio.run(remove(route))


@contextmanager
def consuming(route: Route, home: Path, store_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A consumer in a process of its own, ended as a service manager does."""
    process = subprocess.Popen(
        [
            Path(sys.executable).with_name("triage"),
            *("consume", "--broker", route.url, "--from", route.source, "--to", route.target),
            *("--reader", "light", "--database-url", f"sqlite:///{store_file}"),
        ],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TRIAGE_HOME": str(home)},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


@dataclass(frozen=True)
class Line:
    """A broker, a consumer of it at work, and the store that it keeps tickets in."""

    route: Route
    store: Store

    def answers_to(self, *bodies: bytes) -> list[dict[str, Any]]:
        """Send messages one after the other; return what is answered to each."""

        async def converse() -> list[dict[str, Any]]:
            opened = stream(self.route) if self.route.is_redis else rabbit(self.route)
            async with asyncio.timeout(PATIENCE), opened as broker:
                return [await self._answer(broker, body) for body in bodies]

        return asyncio.run(converse())

    async def _answer(self, broker: Broker, body: bytes) -> dict[str, Any]:
        await broker.put(body)
        return await broker.answer()


@pytest.fixture(scope="module", params=[RABBITMQ, REDIS], ids=["rabbitmq", "redis"])
def line(
    request: pytest.FixtureRequest, small_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Line]:
    """A consumer at work, once on each broker."""
    file = tmp_path_factory.mktemp("consumer") / "triage.db"
    with new_route(request.param) as route, closing(open_store(f"sqlite:///{file}")) as store:
        with consuming(route, small_home, file) as process:
            yield Line(route, store)
        assert process.returncode == 0


def ticket(name: str, body: str = "Nobody can take calls.") -> bytes:
    return json.dumps({"id": name, "subject": "Phones are dead", "body": body}).encode()


def stored(store: Store, name: str) -> list[StoredTicket]:
    """Return the tickets of this id."""
    kept = store.tickets.stored_since(EARLIEST)
    return [stored for stored in kept if stored.ticket.id == name]


def test_a_ticket_is_stored_and_its_assessment_published(line: Line) -> None:
    [answer] = line.answers_to(ticket("T-1"))
    [kept] = stored(line.store, "T-1")
    arrival = kept.arrival
    assert (arrival.source, arrival.external_id) == (f"queue:{line.route.source}", "T-1")
    assert kept.ticket.body == "Nobody can take calls."
    assert (answer["id"], answer["suggestion_id"]) == ("T-1", kept.suggestion_id)
    assert answer["priority"] in ("P0", "P1", "P2", "P3", "P4")


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (b"Nobody can take calls.", "row", "is not JSON: Expecting value at character 1"),
        (b'{"id": "T-2", "body": " "}', "body", "subject and body are both empty"),
    ],
    ids=["no JSON", "no text"],
)
def test_a_message_that_is_no_ticket_is_answered_with_its_error_and_the_next_one_taken(
    body: bytes, field: str, problem: str, line: Line
) -> None:
    wrong, right = line.answers_to(body, ticket("T-3"))
    assert (wrong["error"]["field"], wrong["error"]["problem"]) == (field, problem)
    assert right["id"] == "T-3"
    assert stored(line.store, "T-2") == []


def test_the_same_ticket_twice_is_one_ticket(line: Line) -> None:
    first, second = line.answers_to(ticket("T-4"), ticket("T-4"))
    assert len(stored(line.store, "T-4")) == 1
    assert first == second


def test_a_consumer_that_is_killed_leaves_its_message_to_the_next_one(
    small_home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "triage.db"

    async def run(route: Route) -> dict[str, Any]:
        async with asyncio.timeout(2 * PATIENCE), rabbit(route) as broker:
            await broker.put(ticket("T-5"))
            with consuming(route, small_home, file) as first, locked(file):
                await until(broker.waiting, 0)  # handed over, and held up by the locked store
                first.send_signal(signal.SIGKILL)
                await until(broker.waiting, 1)
            assert stored(store, "T-5") == []
            with consuming(route, small_home, file):
                return await broker.answer()

    with new_route(RABBITMQ) as route, closing(open_store(f"sqlite:///{file}")) as store:
        answer = asyncio.run(run(route))
        [kept] = stored(store, "T-5")
    assert (answer["id"], answer["suggestion_id"]) == ("T-5", kept.suggestion_id)


def test_on_redis_too_once_the_message_has_waited_for_a_minute(
    small_home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "triage.db"

    async def run(route: Route) -> dict[str, Any]:
        async with asyncio.timeout(2 * PATIENCE), stream(route) as broker:
            await broker.put(ticket("T-6"))
            with consuming(route, small_home, file) as first, locked(file):
                await until(broker.pending, 1)  # handed over, and held up by the locked store
                first.send_signal(signal.SIGKILL)
            assert stored(store, "T-6") == []
            await broker.let_time_pass(timedelta(seconds=61))
            with consuming(route, small_home, file):
                answer = await broker.answer()
                await until(broker.pending, 0)
                return answer

    with new_route(REDIS) as route, closing(open_store(f"sqlite:///{file}")) as store:
        answer = asyncio.run(run(route))
        [kept] = stored(store, "T-6")
    assert (answer["id"], answer["suggestion_id"]) == ("T-6", kept.suggestion_id)


def test_a_missing_queue_of_assessments_is_made(small_home: Path, tmp_path: Path) -> None:
    async def run(route: Route) -> bytes:
        async with (
            asyncio.timeout(PATIENCE),
            await aio_pika.connect(route.url) as connection,
        ):
            channel = await connection.channel()
            source = await channel.declare_queue(route.source, durable=True)
            message = aio_pika.Message(ticket("T-7"))
            await channel.default_exchange.publish(message, source.name)
            with consuming(route, small_home, tmp_path / "triage.db"):
                while (answer := await taken(connection, route.target)) is None:
                    await asyncio.sleep(0.1)
            return answer

    with new_route(RABBITMQ) as route:
        assert json.loads(asyncio.run(run(route)))["id"] == "T-7"


async def taken(connection: aio_pika.abc.AbstractConnection, queue: str) -> bytes | None:
    """Take a message off a queue; None where there is none, or no queue yet."""
    with suppress(ChannelNotFoundEntity):
        channel = await connection.channel()
        found = await (await channel.declare_queue(queue, passive=True)).get(fail=False)
        return found.body if found else None
    return None


def locked(store_file: Path) -> closing[sqlite3.Connection]:
    """Return a connection that lets nobody else write until it is closed."""
    connection = sqlite3.connect(store_file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return closing(connection)


async def until(asked: Callable[[], Awaitable[int]], expected: int) -> None:
    """Wait until a broker gives this number."""
    while await asked() != expected:
        await asyncio.sleep(0.05)
