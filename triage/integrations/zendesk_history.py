"""Zendesk's history: the incremental ticket export by cursor.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from triage.integrations import zendesk
from triage.integrations.desk_ticket import DeskTicket, Read, entries, further
from triage.integrations.desk_words import Stage
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import instant, text, value_at
from triage.integrations.messages import TicketArrived

PATH = "/api/v2/incremental/tickets/cursor.json"
ASKED = {"per_page": "100", "include": "metric_sets"}
"""Of up to 1,000 tickets a page, so many stay below the largest answer that we take."""
CREATED = "zen:event-type:ticket.created"
DELETED = "deleted"


def pages(read: Read, since: datetime, endpoint: Endpoint) -> Iterator[list[DeskTicket]]:
    """Yield the pages of the export; it leaves out what changed within the last minute."""
    place = {"start_time": str(int(since.timestamp()))}
    while True:
        page = read(PATH, {**ASKED, **place})
        metrics = _metrics(page)
        yield [_ticket(ticket, metrics, endpoint) for ticket in entries(page, "tickets")]
        if page["end_of_stream"] is True:
            return
        place = {"cursor": further(page["after_cursor"], place)}


def _metrics(page: Mapping[str, Any]) -> Mapping[str | None, Any]:
    """Return what is measured of the tickets of a page, by their ids."""
    sets = page.get("metric_sets")
    found = sets if isinstance(sets, list) else []
    return {text(value_at(each, "ticket_id")): each for each in found}


def _ticket(ticket: Any, metrics: Mapping[str | None, Any], endpoint: Endpoint) -> DeskTicket:
    # The export spells tickets as the `detail` of events does.
    [arrived] = zendesk.read({"type": CREATED, "detail": ticket}, {}, endpoint)
    assert isinstance(arrived, TicketArrived)
    status = text(value_at(ticket, "status"))
    stage = None if status is None else endpoint.words.stage(status)
    # Not documented: whether what is measured stands in the ticket or beside the tickets.
    measured = value_at(ticket, "metric_set") or metrics.get(text(value_at(ticket, "id")))
    # A system's own update moves a ticket in the export and leaves its time of change.
    moved_at = instant(value_at(ticket, "generated_timestamp"))
    return DeskTicket(
        arrived=arrived,
        at=moved_at or arrived.as_of,
        stage=stage,
        stage_at=_stage_at(measured, stage),
        replied_at=_replied_at(measured, instant(value_at(ticket, "created_at"))),
        is_deleted=(status or "").lower() == DELETED,
    )


def _stage_at(measured: Any, stage: Stage | None) -> datetime | None:
    solved_at = instant(value_at(measured, "solved_at"))
    changed_at = instant(value_at(measured, "status_updated_at"))
    return solved_at or changed_at if stage is Stage.SOLVED else changed_at


def _replied_at(measured: Any, received_at: datetime | None) -> datetime | None:
    """Return the time of the first public answer of an agent, to the minute."""
    minutes = value_at(measured, "reply_time_in_minutes", "calendar")
    if received_at is None or isinstance(minutes, bool) or not isinstance(minutes, int):
        return None
    try:
        return received_at + timedelta(minutes=minutes)
    except OverflowError:
        return None
