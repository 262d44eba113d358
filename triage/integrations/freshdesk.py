"""Freshdesk: webhooks of automation rules, with the simple content or our template.

https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import Headers, Payload, instant, raw_text, text, word
from triage.integrations.happenings import Happening, shown
from triage.integrations.messages import Ignored, Message

# What {{triggered_event}} becomes; no JSON: {ticket_action:created}, {priority:{from:1,to:3}}.
_CHANGE = re.compile(r"(\w+):\{from:([^,{}]*),to:([^,{}]*)\}")
_NOTE = re.compile(r"\bnote_type:(\w+)")
_LONGEST_TRIGGER = 500
"""Characters of it that are read; it names a field and two values."""
_REPLIES = {"customer_replied": True, "agent_replied": False}
"""The template's events that are replies, and whether they are the customer's."""

_REQUESTER = ("ticket_requester_email", "requester_email", "ticket_contact_email")


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells: our template's `event`, or else what triggered the rule."""
    inner = payload.get("freshdesk_webhook")
    ticket = inner if isinstance(inner, Mapping) else payload
    told = word(ticket.get("event"))
    trigger = (word(ticket.get("triggered_event")) or "")[:_LONGEST_TRIGGER]
    ticket_id = text(_first(ticket, "ticket_id", "id"))
    is_made = "ticket_action:created" in trigger or not (trigger or told)
    if told == "created" or (is_made and told not in _REPLIES):
        yield _arrived(ticket, endpoint)
    elif ticket_id is None:
        yield Ignored("the event names no ticket")
    else:
        happening = Happening(endpoint, ticket_id, instant(ticket.get("updated_at")))
        yield from _happened(told, trigger, ticket, happening)


def _first(ticket: Payload, *names: str) -> Any:
    """Return the first of some fields that came: the simple content and the API name them apart."""
    return next((ticket[name] for name in names if ticket.get(name) is not None), None)


def _arrived(ticket: Payload, endpoint: Endpoint) -> Message:
    sent = Sent(
        external_id=_first(ticket, "ticket_id", "id"),
        subject=_first(ticket, "ticket_subject", "subject"),
        body=_first(ticket, "ticket_description", "description"),
        received_at=_first(ticket, "created_at"),
        as_of=ticket.get("updated_at"),
        channel=_first(ticket, "ticket_source", "source"),
        organization=_first(ticket, "ticket_company_name", "company_name"),
        requester=_first(ticket, *_REQUESTER),
        url=_first(ticket, "ticket_url", "url"),
        labels=_first(ticket, "ticket_tags", "tags"),
        product_area=_first(ticket, "ticket_product_description", "ticket_type", "type"),
        priority=_first(ticket, "ticket_priority", "priority"),
        expected=("subject", "body"),  # no placeholder gives the time of receipt with an offset
    )
    return arrived(sent, endpoint.words)


def _happened(
    told: str | None, trigger: str, ticket: Payload, happening: Happening
) -> Iterator[Message]:
    changes = {name: (before, now) for name, before, now in _CHANGE.findall(trigger)}
    note = _NOTE.search(trigger)
    if told in _REPLIES:
        comment = raw_text(ticket.get("ticket_latest_public_comment"))
        yield happening.comment(comment, is_public=True, is_customer=_REPLIES[told])
    elif note:
        yield happening.comment(None, is_public=note[1] == "public", is_customer=None)
    else:
        messages = list(_changed(changes, ticket, happening))
        why = f"event {shown(trigger)} changes neither text nor clock"
        yield from messages or [happening.ignored(why)]


def _changed(
    changes: Mapping[str, tuple[str, str]], ticket: Payload, happening: Happening
) -> Iterator[Message]:
    if "status" in changes:
        yield happening.status(*changes["status"])
    if "priority" in changes:
        before, now = changes["priority"]
        yield from happening.priority(before, text(ticket.get("ticket_priority")) or now)
    if "subject" in changes:
        new = raw_text(_first(ticket, "ticket_subject", "subject"))
        yield happening.changed("subject", subject=new)
