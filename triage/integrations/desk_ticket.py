"""A ticket as its desk has it now: read from the desk's own interface, as a webhook's would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from triage.integrations.desk_words import Stage
from triage.integrations.endpoints import Endpoint
from triage.integrations.messages import TicketArrived


@dataclass(frozen=True)
class DeskTicket:
    """What a desk says of one ticket when it is asked."""

    arrived: TicketArrived
    at: datetime | None
    """Where it stands in the order in which the desk tells: that of changes."""
    stage: Stage | None
    """None where the desk does not say."""
    stage_at: datetime | None
    """Since when, if the desk says so."""
    replied_at: datetime | None
    """When a person first answered in public, as far as the desk says."""
    is_deleted: bool = False


Read = Callable[[str, Mapping[str, str]], Mapping[str, Any]]
"""Returns the JSON object at a path of a desk, asked with some parameters."""

History = Callable[[Read, datetime, Endpoint], Iterator[list[DeskTicket]]]
"""Yields, page by page, the tickets made or changed since an instant, in the order of changes.

`KeyError` or `TypeError` for a page that is not as the desk documents it.
"""


def entries(page: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list that a page holds under a name; `KeyError` or `TypeError` without it."""
    found = page[name]
    if not isinstance(found, list):
        raise TypeError(name)
    return found


def further(mark: Any, asked: Mapping[str, str]) -> str:
    """Return the mark of the next page; `TypeError` for one that leads nowhere or in a circle."""
    if not isinstance(mark, str) or not mark or mark in asked.values():
        raise TypeError("the mark of the next page")
    return mark
