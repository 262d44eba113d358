"""A ticket made of what a desk sent, whatever is missing from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tickets.store import LONGEST_ID
from triage.integrations.desk_words import Words
from triage.integrations.fields import instant, is_usable, raw_text, text, texts
from triage.integrations.messages import NO_TEXT, TicketArrived


@dataclass(frozen=True)
class Sent:
    """A ticket's fields as a desk sent them: each of any type, None where it did not come."""

    external_id: Any
    subject: Any
    body: Any
    number: Any = None
    """What people call it, where that is not its id."""
    received_at: Any = None
    as_of: Any = None
    channel: Any = None
    organization: Any = None
    requester: Any = None
    url: Any = None
    labels: Any = None
    product_area: Any = None
    priority: Any = None
    expected: tuple[str, ...] = ("subject", "body", "received_at")
    """The fields that this desk always sends: a ticket without one of them is incomplete."""
    is_utc: bool = False
    """Whether times without an offset are in UTC."""


def arrived(sent: Sent, words: Words) -> TicketArrived:
    """Return the ticket; what is missing or unusable is named and never costs the ticket."""
    external_id = _named(sent) or _stand_in(sent)
    return TicketArrived(
        external_id=external_id,
        record=_record(sent, words, external_id),
        as_of=instant(sent.as_of, is_utc=sent.is_utc),
        organization=text(sent.organization),
        requester=text(sent.requester),
        url=text(sent.url),
        labels=texts(sent.labels),
        product_area=text(sent.product_area),
        desk_priority=text(sent.priority),
        missing=tuple(_missing(sent)),
    )


def _record(sent: Sent, words: Words, external_id: str) -> dict[str, Any]:
    subject, body = raw_text(sent.subject) or "", raw_text(sent.body) or ""
    optional = {
        "channel": words.channel(text(sent.channel)),
        "received_at": instant(sent.received_at, is_utc=sent.is_utc),
    }
    return {
        "id": text(sent.number) or external_id,
        "subject": subject,
        "body": body if subject.strip() or body.strip() else NO_TEXT,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _missing(sent: Sent) -> Iterator[str]:
    if _named(sent) is None:
        yield "id"
    has_text = any((raw_text(value) or "").strip() for value in (sent.subject, sent.body))
    if not is_usable(sent.subject) and "subject" in sent.expected:
        yield "subject"
    if not has_text or (not is_usable(sent.body) and "body" in sent.expected):
        yield "body"
    is_due = sent.received_at is not None or "received_at" in sent.expected
    if is_due and instant(sent.received_at, is_utc=sent.is_utc) is None:
        yield "received_at"


def _named(sent: Sent) -> str | None:
    """Return the id that a ticket came with; no desk has longer ones than the store keeps."""
    found = text(sent.external_id)
    return found if found is not None and len(found) <= LONGEST_ID else None


def _stand_in(sent: Sent) -> str:
    """Return an id for a ticket that came without: the same for the same words."""
    words = (raw_text(value) or "" for value in (sent.subject, sent.body, sent.received_at))
    return f"no-id-{hashlib.sha256(chr(0).join(words).encode('utf-8')).hexdigest()[:16]}"
