"""Tickets from a message broker: each is assessed, stored and acknowledged, in this order.

At least once: what was not acknowledged comes again, and is then known by its id. A message that is
no ticket is answered with its error, as sending it again would not mend it.

    RabbitMQ  a durable queue; what a consumer that died had not acknowledged returns to it
    Redis     a stream and a consumer group; what a consumer left is taken over after a minute
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from faststream import AckPolicy, FastStream
from faststream.message import StreamMessage
from faststream.rabbit import Channel, RabbitBroker, RabbitMessage, RabbitQueue
from faststream.redis import RedisBroker, RedisStreamMessage, StreamSub
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from tickets import Fault, InputFaults, TicketFault
from tickets.store import Arrival, StoreUnavailable
from tickets.ticket import has_value
from triage.batch import RowForm, failed
from triage.desk import Desk
from triage.intake import Intake, answer
from triage.journal import note, warn
from triage.renewal import Renewal
from triage.service.answers import encoded
from triage.service.items import row_of_line

GROUP = "triage"
"""The consumer group on Redis: all consumers of one stream share its messages."""
TAKEN_OVER_AFTER = 60_000
"""Milliseconds after which another consumer takes a message that was not acknowledged."""
AT_ONCE = 10
"""Messages that a broker hands over before the first is acknowledged."""
TROUBLED_SECONDS = 2.0
"""Before a message returns to the broker, because the store does not answer, say."""

SILENT = logging.getLogger("triage.broker")
"""For what the library says of messages; only its warnings get into the log."""
SILENT.setLevel(logging.WARNING)
# That nobody answers is told by us, or by the layer above, which connects again.
logging.getLogger("aiormq.connection").setLevel(logging.CRITICAL)
JSON = "application/json"
FIELD = "data"
"""Of an entry on Redis: the JSON of a ticket, and of its assessment."""


@dataclass(frozen=True)
class Route:
    """Where tickets come from, and where assessments go."""

    url: str
    source: str
    """The queue or stream of tickets."""
    target: str = ""
    """That of assessments; empty for none."""

    @property
    def is_redis(self) -> bool:
        """Tell which broker it is."""
        return urlsplit(self.url).scheme in ("redis", "rediss")


class Consumer:
    """Takes messages in with the current desk."""

    def __init__(self, route: Route, intake: Intake, desk: Desk) -> None:
        self._route, self._intake, self._desk = route, intake, desk

    async def follow(self, home: Path) -> None:
        """Keep to the desk of today, until cancelled."""
        async for desk in Renewal(home, self._desk).desks():
            self._desk = desk

    async def take(self, body: bytes, message_id: str) -> bytes:
        """Store the ticket of a message with its suggestion; return what is answered."""
        return await asyncio.to_thread(self._take, body, message_id)

    def _take(self, body: bytes, message_id: str) -> bytes:
        form, row = RowForm(), row_of_line(1, body)
        ticket = form.parse(row)
        if isinstance(ticket, TicketFault):
            warn("message is no ticket", message=message_id, field=ticket.field)
            return encoded(failed(form.row_id(row), ticket, self._desk).as_record())
        external_id = ticket.id if has_value(row.cells, "id") else message_id
        arrival = Arrival(source=f"queue:{self._route.source}", external_id=external_id)
        [taken] = self._intake.take([(ticket, arrival)], self._desk, datetime.now(UTC))
        note("message taken", message=message_id, ticket=taken.ticket.key, is_new=taken.is_new)
        return encoded(answer(taken))


async def consume(route: Route, consumer: Consumer, home: Path | None) -> None:
    """Take messages until a signal ends it; `InputFaults` when the broker cannot be reached."""
    async with AsyncExitStack() as closing:
        try:
            broker = await _connected(route, consumer, closing)
        except (OSError, RedisError, AMQPError) as error:
            problem, remedy = f"{type(error).__name__}: {error}", "see that it can be reached"
            raise InputFaults(Fault("--broker", problem, remedy)) from None
        following = asyncio.create_task(consumer.follow(home)) if home else None
        try:
            await FastStream(broker, logger=None).run()
        finally:
            if following:
                following.cancel()


async def _connected(
    route: Route, consumer: Consumer, closing: AsyncExitStack
) -> RabbitBroker | RedisBroker:
    if route.is_redis:
        client = await closing.enter_async_context(Redis.from_url(route.url))
        await _prepare_group(route, client)
        broker: RabbitBroker | RedisBroker = _redis(route, consumer, client)
    else:
        await _prepare_target(route)
        broker = _rabbit(route, consumer)
    await broker.connect()
    return broker


async def _prepare_group(route: Route, client: Redis) -> None:
    """Make stream and group where they are missing, so that what came before us counts as well."""
    with suppress(ResponseError):  # the group is there
        await client.xgroup_create(route.source, GROUP, id="0", mkstream=True)


async def _prepare_target(route: Route) -> None:
    """Make the queue of assessments where it is missing: without one they would be refused."""
    if not route.target:
        return
    async with await aio_pika.connect(route.url) as connection:
        try:
            await (await connection.channel()).declare_queue(route.target, passive=True)
        except ChannelNotFoundEntity:  # which ends the channel as well
            await (await connection.channel()).declare_queue(route.target, durable=True)


def _rabbit(route: Route, consumer: Consumer) -> RabbitBroker:
    channel = Channel(prefetch_count=AT_ONCE, on_return_raises=True)
    broker = RabbitBroker(route.url, logger=SILENT, default_channel=channel)
    queue = RabbitQueue(route.source, durable=True)

    @broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR, decoder=_undecoded)
    async def take(message: RabbitMessage) -> None:
        given = message.raw_message.message_id
        async with _returned_slowly():
            assessment = await consumer.take(message.body, given or _digest(message.body))
            if route.target:
                await broker.publish(assessment, route.target, persist=True, content_type=JSON)

    return broker


def _redis(route: Route, consumer: Consumer, client: Redis) -> RedisBroker:
    broker = RedisBroker(route.url, logger=SILENT)
    name = f"{socket.gethostname()}:{os.getpid()}"
    new = StreamSub(route.source, group=GROUP, consumer=name, max_records=AT_ONCE)
    left = StreamSub(route.source, group=GROUP, consumer=name, min_idle_time=TAKEN_OVER_AFTER)

    async def take(message: RedisStreamMessage) -> None:
        entry = message.raw_message["message_ids"][0]
        async with _returned_slowly():
            assessment = await consumer.take(message.body, entry.decode())
            if route.target:
                await client.xadd(route.target, {FIELD: assessment})

    for stream in (new, left):
        broker.subscriber(stream=stream, ack_policy=AckPolicy.NACK_ON_ERROR, decoder=_undecoded)(
            take
        )
    return broker


@asynccontextmanager
async def _returned_slowly() -> AsyncIterator[None]:
    """Pause after a failure: the message returns to the broker and would come again at once."""
    try:
        yield
    except Exception as error:
        is_ours = isinstance(error, StoreUnavailable)  # others may quote a ticket
        warn("message returns", error=type(error).__name__, why=str(error) if is_ours else "")
        await asyncio.sleep(TROUBLED_SECONDS)
        raise


async def _undecoded(message: StreamMessage[object]) -> bytes:
    """Leave a body as it came: whether it is a ticket is ours to say."""
    return bytes(message.body)


def _digest(body: bytes) -> str:
    """Stand in for the id of a message without one: the same when it comes again."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
