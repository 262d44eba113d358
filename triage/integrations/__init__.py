"""Native webhooks of help desks in, tickets and clock events out: pure, no store, no server."""

from triage.integrations.adapters import ADAPTERS, adapter, read_delivery
from triage.integrations.bodies import NotAPayload, payload_of
from triage.integrations.customers import Customers, load_customers
from triage.integrations.delivery import delivery_id
from triage.integrations.endpoints import Endpoint, Endpoints, load_endpoints
from triage.integrations.messages import (
    ClockEvent,
    ClockKind,
    Ignored,
    Message,
    Ping,
    TicketArrived,
    TicketChanged,
)
from triage.integrations.signatures import Refused, verify

__all__ = [
    "ADAPTERS",
    "ClockEvent",
    "ClockKind",
    "Customers",
    "Endpoint",
    "Endpoints",
    "Ignored",
    "Message",
    "NotAPayload",
    "Ping",
    "Refused",
    "TicketArrived",
    "TicketChanged",
    "adapter",
    "delivery_id",
    "load_customers",
    "load_endpoints",
    "payload_of",
    "read_delivery",
    "verify",
]
