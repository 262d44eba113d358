"""Zammad: the default payload of a webhook, sent by triggers named after what they tell.

https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.desk_words import Stage
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import (
    Headers,
    Payload,
    header,
    instant,
    raw_text,
    text,
    value_at,
    word,
)
from triage.integrations.happenings import Happening
from triage.integrations.messages import Ignored, Message, Names

TRIGGERS = ("created", "article", "state", "priority", "title")
"""The last word of a trigger's name says what it tells: the payload itself does not."""

_SYSTEM = "-"
"""The login of what schedulers and triggers do."""


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells."""
    event = _Event(payload, endpoint)
    trigger = _trigger(headers) or ("created" if event.is_first_article else "article")
    if trigger == "created":
        yield _arrived(event)
    elif event.ticket_id is None:
        yield Ignored("the event names no ticket")
    elif trigger == "article":
        yield _commented(event)
    else:
        yield from _changed(event, trigger)


def _trigger(headers: Headers) -> str | None:
    words = (header(headers, "X-Zammad-Trigger") or "").lower().split()
    return words[-1] if words and words[-1] in TRIGGERS else None


@dataclass(frozen=True)
class _Event:
    """A ticket as it is now, with its latest article."""

    payload: Payload
    endpoint: Endpoint

    def ticket(self, *steps: str | int) -> Any:
        return value_at(self.payload, "ticket", *steps)

    def article(self, *steps: str) -> Any:
        return value_at(self.payload, "article", *steps)

    @property
    def ticket_id(self) -> str | None:
        return (
            text(self.ticket("id"))
            or text(self.article("ticket_id"))
            or text(self.ticket("number"))
        )

    @property
    def is_first_article(self) -> bool:
        first = text(self.ticket("article_ids", 0))
        return first is None or first == text(self.article("id"))

    def happening(self, at: Any, account: Any, *, is_by_person: bool) -> Happening:
        return Happening(
            self.endpoint, self.ticket_id or "", instant(at), _names(account), is_by_person
        )


def _names(account: Any) -> Names:
    found = (text(value_at(account, key)) for key in ("id", "login", "email"))
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _arrived(event: _Event) -> Message:
    sent = Sent(
        external_id=event.ticket_id,
        number=event.ticket("number"),
        subject=event.ticket("title"),
        body=event.article("body"),
        received_at=event.ticket("created_at"),
        as_of=event.ticket("updated_at"),
        channel=event.ticket("create_article_type"),
        organization=event.ticket("organization", "name"),
        requester=event.ticket("customer", "email"),
        labels=event.ticket("tags"),
        product_area=_name(event.ticket("group")),
        priority=_name(event.ticket("priority")),
    )
    return arrived(sent, event.endpoint.words)


def _name(value: Any) -> Any:
    """Return the name of an object; older versions send the name itself."""
    return value_at(value, "name") or value


def _commented(event: _Event) -> Message:
    sender = word(event.article("sender"))
    happening = event.happening(
        event.article("created_at"),
        event.article("created_by"),
        is_by_person=sender != "System",
    )
    if event.is_first_article:
        return happening.ignored("the first article is the ticket itself")
    is_internal = event.article("internal")
    return happening.comment(
        raw_text(event.article("body")),
        is_public=not is_internal if isinstance(is_internal, bool) else None,
        is_customer=_IS_CUSTOMER.get(sender or ""),
    )


_IS_CUSTOMER = {"Customer": True, "Agent": False, "System": False}


def _changed(event: _Event, trigger: str) -> Iterator[Message]:
    account = event.ticket("updated_by")
    is_by_person = text(value_at(account, "login")) != _SYSTEM
    happening = event.happening(event.ticket("updated_at"), account, is_by_person=is_by_person)
    if trigger == "priority":
        yield from happening.priority(None, text(_name(event.ticket("priority"))))
    elif trigger == "title":
        yield happening.changed("subject", subject=raw_text(event.ticket("title")))
    else:
        now = text(_name(event.ticket("state")))
        was_closed = event.ticket("close_at") is not None
        if now is not None and was_closed and event.endpoint.words.stage(now) is Stage.OPEN:
            yield happening.stage(Stage.SOLVED, Stage.OPEN, None, now)
        else:
            yield happening.status(None, now)
