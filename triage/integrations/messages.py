"""What a delivery of a help desk tells us, whichever desk sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

NO_TEXT = "(no text)"
"""The body of a ticket that arrived without any; it is for a person to look at."""

Names = tuple[str, ...]
"""What a desk calls one account: its id, its login, its e-mail address, as far as sent."""


class ClockKind(StrEnum):
    """What happens to a ticket that its response clock must know of."""

    REPLIED = "replied"
    """Somebody of the desk answered in public; stops the clock if a person did."""
    WAITING = "waiting"
    RESUMED = "resumed"
    SOLVED = "solved"
    REOPENED = "reopened"
    PRIORITY_CHANGED = "priority_changed"


@dataclass(frozen=True)
class TicketArrived:
    """A ticket as a desk knows it now: a new one, or one that we may know already."""

    external_id: str
    """What the desk's own interface calls it; stays the same for the ticket's life."""
    record: Mapping[str, Any]
    """The raw fields, which `tickets.parse_ticket` always takes: `id`, `subject`, `body`, and
    `channel` and `received_at` where known. `id` is the number that people use."""
    as_of: datetime | None = None
    """When the desk last changed it."""
    organization: str | None = None
    """Its name, or its id where the desk sends no name."""
    requester: str | None = None
    """E-mail address of who asks, or their account where the desk sends none."""
    url: str | None = None
    labels: tuple[str, ...] = ()
    product_area: str | None = None
    desk_priority: str | None = None
    """The priority in the desk's own word."""
    missing: tuple[str, ...] = ()
    """Fields that did not come, or came unusable: a person should look at the ticket."""


@dataclass(frozen=True)
class ClockEvent:
    """Something that happened to a ticket, for its response clock."""

    external_id: str
    kind: ClockKind
    at: datetime | None
    """None where the desk does not say when: the time of receipt must do."""
    by_person: bool
    detail: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of a changed priority: the desk's words `from` and `to`, and ours in `priority` if the
    desk's has one. Of a status: `from` and `to`."""
    author: Names = ()


@dataclass(frozen=True)
class TicketChanged:
    """A ticket's text or priority became another."""

    external_id: str
    changed: tuple[str, ...]
    """Which of `subject`, `body` and `priority`."""
    at: datetime | None
    by_person: bool
    subject: str | None = None
    """The new one; None where it did not change or was not sent. So are the next two."""
    body: str | None = None
    desk_priority: str | None = None
    author: Names = ()


@dataclass(frozen=True)
class Ping:
    """The desk asks whether we are there."""


@dataclass(frozen=True)
class Ignored:
    """Nothing to be done, and why; never holds words of a ticket."""

    why: str
    external_id: str | None = None


Message = TicketArrived | ClockEvent | TicketChanged | Ping | Ignored
