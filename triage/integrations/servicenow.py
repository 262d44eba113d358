"""ServiceNow: what the business rule in docs/integrations.md sends for an incident."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import (
    Headers,
    Payload,
    flag,
    instant,
    raw_text,
    text,
    value_at,
    word,
)
from triage.integrations.happenings import Happening
from triage.integrations.messages import Ignored, Message

_ON_HOLD = "3"
_TEXTS = {"short_description": "subject", "description": "body"}


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells."""
    happening = _happening(payload, endpoint)
    if word(payload.get("operation")) in (None, "insert"):
        yield _arrived(payload, endpoint)
    elif happening is None:
        yield Ignored("the event names no incident")
    else:
        messages = list(_happened(payload, happening))
        yield from messages or [happening.ignored("nothing changed that concerns us")]


def _happening(payload: Payload, endpoint: Endpoint) -> Happening | None:
    incident = _id(payload)
    if incident is None:
        return None
    at = instant(payload.get("sys_updated_on"), is_utc=True)
    user = text(payload.get("sys_updated_by"))
    is_by_person = user != "system"
    return Happening(endpoint, incident, at, (user,) if user else (), is_by_person)


def _id(payload: Payload) -> str | None:
    return text(payload.get("sys_id")) or text(payload.get("number"))


def _arrived(payload: Payload, endpoint: Endpoint) -> Message:
    sent = Sent(
        external_id=_id(payload),
        number=payload.get("number"),
        subject=payload.get("short_description"),
        body=payload.get("description"),
        received_at=payload.get("opened_at"),
        as_of=payload.get("sys_updated_on"),
        channel=payload.get("contact_type"),
        organization=payload.get("company"),
        requester=payload.get("caller_email"),
        url=payload.get("url"),
        product_area=payload.get("category"),
        priority=payload.get("priority"),
        is_utc=True,  # so the database has them, and getValue() gives them
    )
    return arrived(sent, endpoint.words)


def _happened(payload: Payload, happening: Happening) -> Iterator[Message]:
    comment = text(payload.get("comment"))
    if comment is not None:
        yield happening.comment(
            raw_text(payload.get("comment_text")),
            is_public={"public": True, "private": False}.get(comment),
            is_customer=flag(payload.get("comment_by_caller")),
        )
    before = payload.get("previous")
    changed = [ours for theirs, ours in _TEXTS.items() if _has(before, theirs)]
    if changed:
        new = {ours: raw_text(payload.get(theirs)) for theirs, ours in _TEXTS.items()}
        yield happening.changed(*changed, **{ours: new[ours] for ours in changed})
    if _has(before, "priority"):
        was, now = value_at(before, "priority"), payload.get("priority")
        yield from happening.priority(text(was), text(now))
    if _has(before, "state") or _has(before, "hold_reason"):
        yield happening.status(_status(payload, before), _status(payload, None))


def _has(before: Any, name: str) -> bool:
    """Tell whether a field changed: the rule sends the former values of those that did."""
    return isinstance(before, dict) and name in before


def _status(payload: Payload, before: Any) -> str | None:
    """Return the state, with the reason where it is on hold; the former ones if given."""

    def known(name: str) -> str | None:
        return text(before[name] if _has(before, name) else payload.get(name))

    state = known("state")
    return f"{state}/{known('hold_reason') or ''}" if state == _ON_HOLD else state
