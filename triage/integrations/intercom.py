"""Intercom: notifications about conversations.

https://developers.intercom.com/docs/references/webhooks/webhook-models
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import Headers, Payload, instant, raw_text, text, value_at, word
from triage.integrations.happenings import Happening, shown
from triage.integrations.messages import ClockKind, Ignored, Message, Names, Ping


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells."""
    event = _Event(payload, endpoint)
    topic = word(payload.get("topic"))
    if topic == "ping":
        yield Ping()
    elif topic in (None, "conversation.user.created"):
        yield _arrived(event)
    elif topic not in _READERS:
        yield Ignored(f"topic {shown(topic)} changes neither text nor clock", event.conversation_id)
    elif event.conversation_id is None:
        yield Ignored("the event names no conversation")
    else:
        yield from _READERS[topic](event, event.happening)


@dataclass(frozen=True)
class _Event:
    """A notification, with the conversation and the one part that it is about."""

    payload: Payload
    endpoint: Endpoint

    def item(self, *steps: str | int) -> Any:
        return value_at(self.payload, "data", "item", *steps)

    def part(self, *steps: str) -> Any:
        return self.item("conversation_parts", "conversation_parts", 0, *steps)

    @property
    def conversation_id(self) -> str | None:
        return text(self.item("id"))

    @property
    def happening(self) -> Happening:
        author = self.part("author")
        at = instant(self.part("created_at")) or instant(self.payload.get("created_at"))
        is_bot = text(value_at(author, "type")) == "bot"
        is_by_machine = is_bot or value_at(author, "from_ai_agent") is True
        names: Names = tuple(
            name for key in ("id", "email") if (name := text(value_at(author, key))) is not None
        )
        return Happening(self.endpoint, self.conversation_id or "", at, names, not is_by_machine)


def _arrived(event: _Event) -> Message:
    # Before version 2.0 of the API, the first message stood under another name.
    source = event.item("source") or event.item("conversation_message")
    sent = Sent(
        external_id=event.conversation_id,
        subject=value_at(source, "subject") or event.item("title"),
        body=value_at(source, "body"),
        received_at=event.item("created_at"),
        as_of=event.item("updated_at"),
        channel=value_at(source, "type"),
        organization=event.item("company", "name"),
        requester=value_at(source, "author", "email") or event.item("user", "email"),
        url=event.item("links", "conversation_web"),
        labels=event.item("tags", "tags"),
        priority=event.item("priority"),
        expected=("body", "received_at"),  # a chat has no subject
    )
    return arrived(sent, event.endpoint.words)


def _customer_replied(event: _Event, happening: Happening) -> Iterator[Message]:
    yield happening.comment(None, is_public=True, is_customer=True)


def _admin_replied(event: _Event, happening: Happening) -> Iterator[Message]:
    body = raw_text(event.part("body"))
    yield happening.comment(body, is_public=True, is_customer=False)


def _operator_replied(event: _Event, happening: Happening) -> Iterator[Message]:
    yield from _admin_replied(event, replace(happening, is_by_person=False))


def _noted(event: _Event, happening: Happening) -> Iterator[Message]:
    yield happening.comment(None, is_public=False, is_customer=False)


def _prioritised(event: _Event, happening: Happening) -> Iterator[Message]:
    yield from happening.priority(None, text(event.item("priority")))


def _staged(kind: ClockKind, event: _Event, happening: Happening) -> Iterator[Message]:
    yield happening.event(kind)


_READERS: dict[str, Callable[[_Event, Happening], Iterator[Message]]] = {
    "conversation.user.replied": _customer_replied,
    "conversation.admin.replied": _admin_replied,
    "conversation.operator.replied": _operator_replied,
    "conversation.admin.noted": _noted,
    "conversation.priority.updated": _prioritised,
    "conversation.admin.closed": partial(_staged, ClockKind.SOLVED),
    "conversation.deleted": partial(_staged, ClockKind.SOLVED),
    "conversation.admin.opened": partial(_staged, ClockKind.REOPENED),
    "conversation.admin.snoozed": partial(_staged, ClockKind.WAITING),
    "conversation.admin.unsnoozed": partial(_staged, ClockKind.RESUMED),
}
