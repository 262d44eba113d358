"""Zendesk: webhooks subscribed to ticket events, and our template for triggers.

Events: https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.desk_words import Stage
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
from triage.integrations.happenings import Happening, shown
from triage.integrations.messages import Ignored, Message, Names

_EVENT = "zen:event-type:ticket."
_TICKET = re.compile(r"zen:ticket:(\d+)")
_SYSTEM = "-1"
"""The actor of what triggers and automations do."""


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells."""
    kind = payload.get("type")
    if "detail" in payload or "zendesk_event_version" in payload or isinstance(kind, str):
        yield from _read_event(_Event(payload, endpoint))
    else:
        yield from _read_trigger(payload, endpoint)


@dataclass(frozen=True)
class _Event:
    """One event of a ticket, with the ticket as it is after it."""

    payload: Payload
    endpoint: Endpoint

    @property
    def kind(self) -> str | None:
        """The event's name without its prefix; None where it cannot be told."""
        kind = word(self.payload.get("type"))
        return None if kind is None else kind.removeprefix(_EVENT)

    def detail(self, *steps: str) -> Any:
        return value_at(self.payload, "detail", *steps)

    def event(self, *steps: str) -> Any:
        return value_at(self.payload, "event", *steps)

    @property
    def ticket_id(self) -> str | None:
        subject = _TICKET.fullmatch(text(self.payload.get("subject")) or "")
        return text(self.detail("id")) or (subject[1] if subject else None)

    def happening(self, author: Names) -> Happening | None:
        """Return the event's ticket, time and author; None where the ticket cannot be told."""
        if self.ticket_id is None:
            return None
        at = instant(self.payload.get("time")) or instant(self.detail("updated_at"))
        is_by_person = _SYSTEM not in author
        return Happening(self.endpoint, self.ticket_id, at, author, is_by_person)


def _read_event(event: _Event) -> Iterator[Message]:
    if event.kind in (None, "created"):
        yield _arrived(event)
        return
    read_kind = _READERS.get(event.kind or "")
    actor = text(event.detail("actor_id"))
    happening = event.happening((actor,) if actor else ())
    if read_kind is None:
        yield Ignored(f"event {shown(event.kind)} changes neither text nor clock", event.ticket_id)
    elif happening is None:
        yield Ignored("the event names no ticket")
    else:
        yield from read_kind(event, happening)


def _arrived(event: _Event) -> Message:
    sent = Sent(
        external_id=event.ticket_id,
        subject=event.detail("subject"),
        body=event.detail("description"),
        received_at=event.detail("created_at"),
        as_of=event.detail("updated_at") or event.payload.get("time"),
        channel=event.detail("via", "channel"),
        organization=event.detail("organization_id"),
        requester=event.detail("requester_id"),
        labels=event.detail("tags"),
        priority=event.detail("priority"),
    )
    return arrived(sent, event.endpoint.words)


def _commented(event: _Event, happening: Happening) -> Iterator[Message]:
    author = text(event.event("comment", "author", "id"))
    body = raw_text(event.event("comment", "body"))
    if body is not None and body == raw_text(event.detail("description")):
        yield Ignored("the first comment is the ticket itself", happening.external_id)
        return
    is_staff = flag(event.event("comment", "author", "is_staff"))
    is_requester = author is not None and author == text(event.detail("requester_id"))
    yield replace(happening, author=(author,) if author else happening.author).comment(
        body,
        is_public=flag(event.event("comment", "is_public")),
        is_customer=True if is_requester else None if is_staff is None else not is_staff,
    )


def _status_changed(event: _Event, happening: Happening) -> Iterator[Message]:
    now = text(event.event("current")) or text(event.detail("status"))
    yield happening.status(text(event.event("previous")), now)


def _priority_changed(event: _Event, happening: Happening) -> Iterator[Message]:
    now = text(event.event("current")) or text(event.detail("priority"))
    yield from happening.priority(text(event.event("previous")), now)


def _subject_changed(event: _Event, happening: Happening) -> Iterator[Message]:
    new = raw_text(event.event("current")) or raw_text(event.detail("subject"))
    yield happening.changed("subject", subject=new)


def _description_changed(event: _Event, happening: Happening) -> Iterator[Message]:
    new = raw_text(event.event("current")) or raw_text(event.detail("description"))
    yield happening.changed("body", body=new)


_READERS: dict[str, Callable[[_Event, Happening], Iterator[Message]]] = {
    "comment_added": _commented,
    "status_changed": _status_changed,
    "priority_changed": _priority_changed,
    "subject_changed": _subject_changed,
    "description_changed": _description_changed,
}


_MAIL_HEAD = re.compile(
    r"-{20,}[ \t]*\r?\n(?:[ \t]*\r?\n){0,3}[^\n]{1,200}\d:\d\d[^\n]{0,20}\n(?:[ \t]*\r?\n){0,3}"
)
"""What stands above a comment that a placeholder brings: a line, the author, the time."""


def _read_trigger(payload: Payload, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what our template tells; `event` is the word that its trigger was given."""
    told = word(payload.get("event"))
    ticket_id = text(value_at(payload, "ticket", "id"))
    if told in (None, "created"):
        yield _arrived_by_trigger(payload, endpoint)
    elif ticket_id is None:
        yield Ignored("the event names no ticket")
    else:
        actor = text(value_at(payload, "actor", "id"))
        author = (actor,) if actor else ()
        at = instant(payload.get("at"))
        happening = Happening(endpoint, ticket_id, at, author, _SYSTEM not in author)
        yield from _told_by_trigger(told, payload, happening)


def _arrived_by_trigger(payload: Payload, endpoint: Endpoint) -> Message:
    ticket = payload.get("ticket")
    body = value_at(ticket, "description")
    sent = Sent(
        external_id=value_at(ticket, "id"),
        subject=value_at(ticket, "title"),
        body=_without_head(body),
        received_at=value_at(ticket, "created_at"),
        as_of=payload.get("at"),
        channel=value_at(ticket, "channel"),
        organization=value_at(ticket, "organization"),
        requester=value_at(ticket, "requester"),
        url=value_at(ticket, "url"),
        labels=value_at(ticket, "tags"),
        priority=value_at(ticket, "priority"),
    )
    return arrived(sent, endpoint.words)


def _without_head(body: Any) -> Any:
    head = _MAIL_HEAD.match(body) if isinstance(body, str) else None
    return body[head.end() :] if head else body


def _told_by_trigger(told: str | None, payload: Payload, happening: Happening) -> Iterator[Message]:
    ticket = payload.get("ticket")
    if told == "commented":
        author = text(value_at(payload, "comment", "author"))
        requester = text(value_at(payload, "comment", "requester"))
        yield happening.comment(
            raw_text(value_at(payload, "comment", "text")),
            is_public=flag(value_at(payload, "comment", "is_public")),
            is_customer=None if author is None else author == requester,
        )
    elif told == "status":
        yield happening.status(None, text(value_at(ticket, "status")))
    elif told == "reopened":
        status = text(value_at(ticket, "status"))
        yield happening.stage(Stage.SOLVED, Stage.OPEN, None, status)
    elif told == "priority":
        yield from happening.priority(None, text(value_at(ticket, "priority")))
    else:
        yield happening.ignored(f"the template's event {shown(told)} is none of ours")
