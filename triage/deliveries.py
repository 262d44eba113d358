"""Deliveries of help desks, taken out of the inbox and worked on one by one.

    inbox ──▶ adapter of the desk: messages ──▶ intake: ticket, suggestion
                                            └─▶ events of the response clock, decisions made there

A delivery leaves the inbox when all that it tells is stored. Worked on twice, it changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tickets import Priority, Ticket
from tickets.store import (
    Arrival,
    Conflict,
    Decision,
    DecisionKind,
    Delivery,
    EventKind,
    Store,
    StoredTicket,
    StoreUnavailable,
)
from triage.arrived import arrival_of, source_of, ticket_of
from triage.desk import Desk
from triage.intake import Intake, Taken
from triage.integrations import (
    ClockEvent,
    ClockKind,
    Customers,
    Endpoint,
    Endpoints,
    Message,
    TicketArrived,
    TicketChanged,
    payload_of,
    read_delivery,
)

LOG = logging.getLogger("triage")

LEASE = timedelta(seconds=30)
"""For which claimed deliveries are ours; a process that dies holds them up no longer."""
AT_ONCE = 10
"""Deliveries of one claim: a second or two of work, well within the lease. One that takes longer is
worked on twice, which changes nothing."""
FIRST_RETRY = timedelta(seconds=15)
MOST_ATTEMPTS = 8
"""With the wait doubling each time, the last comes half an hour after the first."""


class Unworkable(Exception):  # noqa: N818 - said of a delivery
    """A delivery cannot be worked on now; says why, in words of ours."""


@dataclass(frozen=True)
class Deliveries:
    """Works on what is in the inbox."""

    store: Store
    intake: Intake
    endpoints: Endpoints
    customers: Customers
    told: Callable[[str, str], None]
    """Called with an endpoint and what became of a delivery."""
    taken: Callable[[Taken, str], None]
    """Called with each ticket that was taken in, and its endpoint."""

    def work(self, worker: str, desk: Desk, shadow: Desk | None, now: datetime) -> int:
        """Claim some deliveries and work on them; return how many were claimed.

        What fails is put back for later, and given up after `MOST_ATTEMPTS`: it stays in the inbox
        for a person. `StoreUnavailable` when nothing can be claimed or closed.
        """
        claimed = self.store.inbox.claim(worker, AT_ONCE, now, LEASE)
        for delivery in claimed:
            self._work_on(delivery, desk, shadow, now)
        return len(claimed)

    def _work_on(self, delivery: Delivery, desk: Desk, shadow: Desk | None, now: datetime) -> None:
        try:
            endpoint = self._endpoint(delivery)
            moment = _Moment(delivery, endpoint, desk, shadow, now)
            for message in messages_of(delivery, endpoint):
                self._act_on(message, moment)
        except StoreUnavailable:
            raise  # the claim runs out, and the delivery is worked on again
        except Unworkable as reason:
            self._put_back(delivery, str(reason), now)
        except Exception as error:  # whatever a delivery does to us, the next one is worked on
            LOG.error("delivery failed", exc_info=error, extra={"fields": {"id": delivery.id}})
            self._put_back(delivery, type(error).__name__, now)
        else:
            self.store.inbox.done(delivery.id)
            self.told(delivery.endpoint, "done")

    def _endpoint(self, delivery: Delivery) -> Endpoint:
        if delivery.endpoint not in self.endpoints:
            raise Unworkable("its endpoint is not in the endpoints file any more")
        return self.endpoints[delivery.endpoint]

    def _put_back(self, delivery: Delivery, problem: str, now: datetime) -> None:
        is_last = delivery.attempts >= MOST_ATTEMPTS
        retry_at = None if is_last else now + FIRST_RETRY * 2 ** (delivery.attempts - 1)
        self.store.inbox.failed(delivery.id, problem, retry_at)
        self.told(delivery.endpoint, "failed" if is_last else "put back")

    def _act_on(self, message: Message, moment: _Moment) -> None:
        match message:
            case TicketArrived():
                self._take(*self._arrived(message, moment), moment)
            case TicketChanged():
                self._change(message, moment)
            case ClockEvent():
                self._note(message, moment)

    def _arrived(self, message: TicketArrived, moment: _Moment) -> tuple[Ticket, Arrival]:
        ticket = ticket_of(message, self.customers, self._first_seen(message, moment))
        return ticket, arrival_of(message, moment.endpoint, moment.delivery.delivery_id)

    def _first_seen(self, message: TicketArrived, moment: _Moment) -> datetime:
        """Return when a ticket came that does not say so: with the first delivery about it."""
        says_so = "received_at" in message.record
        stored = None if says_so else self.store.tickets.find(moment.source, message.external_id)
        return moment.delivery.received_at if stored is None else stored.received_at

    def _take(self, ticket: Ticket, arrival: Arrival, moment: _Moment) -> None:
        [taken] = self.intake.take([(ticket, arrival)], moment.desk, moment.now, moment.shadow)
        self.taken(taken, moment.endpoint.name)

    def _change(self, message: TicketChanged, moment: _Moment) -> None:
        """Take a ticket in again whose text became another."""
        if message.subject is None and message.body is None:
            return
        stored = self._known(message.external_id, moment)
        subject, body = stored.ticket.subject, stored.ticket.body
        new = replace(
            stored.ticket,
            subject=subject if message.subject is None else message.subject,
            body=body if message.body is None else message.body,
        )
        arrival = replace(
            stored.arrival,
            delivery_id=moment.delivery.delivery_id,
            changed_at=message.at,
        )
        self._take(new, arrival, moment)

    def _note(self, event: ClockEvent, moment: _Moment) -> None:
        """Tell the response clock what happened; only what a person did counts as done."""
        if not event.by_person and event.kind is not ClockKind.REOPENED:
            return
        stored = self._known(event.external_id, moment)
        at = event.at or moment.delivery.received_at
        identity = moment.delivery.delivery_id
        kind = EventKind(event.kind)
        self.store.clock_events.add(stored.key, kind, at, event.detail, identity)
        if event.kind is ClockKind.PRIORITY_CHANGED:
            self._decide(stored, event, moment)

    def _decide(self, stored: StoredTicket, event: ClockEvent, moment: _Moment) -> None:
        """Count a priority that a person set at the desk as their decision, if none stands."""
        name = event.detail.get("priority")
        if name is None or stored.suggestion_id is None:
            return
        actor = f"{moment.source}:{event.author[0]}" if event.author else moment.source
        decision = Decision(DecisionKind.OVERRIDE, actor, Priority.parse(name), "set-at-desk")
        with suppress(Conflict):  # somebody has decided here; the event says what was done there
            self.store.decisions.decide(stored.suggestion_id, decision, None, moment.now)

    def _known(self, external_id: str, moment: _Moment) -> StoredTicket:
        stored = self.store.tickets.find(moment.source, external_id)
        if stored is None:
            raise Unworkable("its ticket is not known: deliveries may overtake each other")
        return stored


@dataclass(frozen=True)
class _Moment:
    """What a delivery is worked on with."""

    delivery: Delivery
    endpoint: Endpoint
    desk: Desk
    shadow: Desk | None
    now: datetime

    @property
    def source(self) -> str:
        """The source of the desk's tickets."""
        return source_of(self.endpoint)


def messages_of(delivery: Delivery, endpoint: Endpoint) -> list[Message]:
    """Return what a delivery tells."""
    payload = payload_of(delivery.body, delivery.headers)
    return list(read_delivery(endpoint, delivery.headers, payload))
