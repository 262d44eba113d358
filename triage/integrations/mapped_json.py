"""Plain JSON of any tool, read by the mapping file that its endpoint names."""

from __future__ import annotations

from collections.abc import Iterator

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.endpoints import Endpoint
from triage.integrations.field_mapping import FieldMapping
from triage.integrations.fields import Headers, Payload, instant, raw_text, text, value_at, word
from triage.integrations.happenings import Happening, shown
from triage.integrations.messages import ClockKind, Ignored, Message, Ping


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells."""
    mapping = endpoint.mapping or FieldMapping({}, None, {})
    sent = None if mapping.event is None else value_at(payload, *mapping.event)
    theirs = text(sent)
    ours = mapping.events.get(theirs or "", None if word(sent) else "created")
    ticket_id = text(mapping.value(payload, "id"))
    if ours == "ping":
        yield Ping()
    elif ours == "created":
        yield _arrived(payload, mapping, endpoint)
    elif ours in (None, "ignore"):
        yield Ignored(f"event {shown(theirs)} is none of ours", ticket_id)
    elif ticket_id is None:
        yield Ignored("the event names no ticket")
    else:
        author = text(mapping.value(payload, "author"))
        at = instant(mapping.value(payload, "at"))
        happening = Happening(endpoint, ticket_id, at, (author,) if author else ())
        yield from _happened(str(ours), payload, mapping, happening)


def _arrived(payload: Payload, mapping: FieldMapping, endpoint: Endpoint) -> Message:
    sent = Sent(
        external_id=mapping.value(payload, "id"),
        number=mapping.value(payload, "number"),
        subject=mapping.value(payload, "subject"),
        body=mapping.value(payload, "body"),
        received_at=mapping.value(payload, "received_at"),
        as_of=mapping.value(payload, "at"),
        channel=mapping.value(payload, "channel"),
        organization=mapping.value(payload, "organization"),
        requester=mapping.value(payload, "requester"),
        url=mapping.value(payload, "url"),
        labels=mapping.value(payload, "labels"),
        product_area=mapping.value(payload, "product_area"),
        priority=mapping.value(payload, "priority"),
        expected=tuple(mapping.fields),
    )
    return arrived(sent, endpoint.words)


_CLOCK = {
    "customer_replied": ClockKind.RESUMED,
    "agent_replied": ClockKind.REPLIED,
    "waiting": ClockKind.WAITING,
    "resumed": ClockKind.RESUMED,
    "solved": ClockKind.SOLVED,
    "reopened": ClockKind.REOPENED,
}


def _happened(
    ours: str, payload: Payload, mapping: FieldMapping, happening: Happening
) -> Iterator[Message]:
    if ours in _CLOCK:
        yield happening.event(_CLOCK[ours])
    elif ours == "priority_changed":
        yield from happening.priority(None, text(mapping.value(payload, "priority")))
    else:
        new = {name: raw_text(mapping.value(payload, name)) for name in ("subject", "body")}
        sent = {name: value for name, value in new.items() if value is not None}
        yield happening.changed(*sent, **sent)
