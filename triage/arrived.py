"""A ticket that a desk told of, as the store takes it."""

from __future__ import annotations

from datetime import datetime

from tickets import Ticket, parse_ticket
from tickets.store import Arrival
from triage.integrations import Customers, Endpoint, TicketArrived


def source_of(endpoint: Endpoint) -> str:
    """Return the source of a desk's tickets: two desks of one kind may use the same ids."""
    return f"{endpoint.source}:{endpoint.name}"


def ticket_of(message: TicketArrived, customers: Customers, came_at: datetime) -> Ticket:
    """Return the ticket, with the tier of its customer.

    `came_at` is when it came, for one that does not say so.
    """
    tier = customers.tier_of(message.organization, message.requester)
    record = {"received_at": came_at, **message.record, "tier": tier}
    return parse_ticket(record, default_id=message.external_id)


def arrival_of(
    message: TicketArrived, endpoint: Endpoint, delivery_id: str | None = None
) -> Arrival:
    """Return what the desk says of the ticket beside its text."""
    return Arrival(
        source=source_of(endpoint),
        external_id=message.external_id,
        endpoint=endpoint.name,
        delivery_id=delivery_id,
        incomplete=message.missing,
        requester=message.requester,
        organization=message.organization,
        url=message.url,
        product_area=message.product_area,
        extra={"labels": list(message.labels), "desk_priority": message.desk_priority},
        changed_at=message.as_of,
    )
