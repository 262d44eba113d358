"""Jira's history: a search for the issues that changed.

https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-issue-search/
Version 2 of the interface writes texts as webhooks do, so that an issue reads the same by either.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from triage.integrations import jira
from triage.integrations.desk_ticket import DeskTicket, Read, entries, further
from triage.integrations.desk_words import Stage
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import instant, text, value_at
from triage.integrations.messages import ClockEvent, ClockKind, TicketArrived

PATH = "/rest/api/2/search/jql"
ASKED = {"fields": "*navigable,comment", "maxResults": "50"}
FURTHEST_ZONE = timedelta(hours=12)
"""JQL reads times in the zone of the account, which may be so far behind UTC."""


def pages(read: Read, since: datetime, endpoint: Endpoint) -> Iterator[list[DeskTicket]]:
    """Yield the pages of a search, which may begin with issues of a day before."""
    earliest = since.astimezone(UTC) - FURTHEST_ZONE
    jql = f'updated >= "{earliest:%Y-%m-%d %H:%M}" ORDER BY updated ASC'
    place: dict[str, str] = {}
    while True:
        page = read(PATH, {**ASKED, "jql": jql, **place})
        yield [_ticket(issue, endpoint) for issue in entries(page, "issues")]
        if page.get("nextPageToken") is None:  # its absence is documented to mark the last page
            return
        place = {"nextPageToken": further(page["nextPageToken"], place)}


def _ticket(issue: Any, endpoint: Endpoint) -> DeskTicket:
    [arrived] = jira.read({"issue": issue}, {}, endpoint)
    assert isinstance(arrived, TicketArrived)
    stage = _stage(value_at(issue, "fields", "status"), endpoint)
    return DeskTicket(
        arrived=arrived,
        at=arrived.as_of,
        stage=stage,
        stage_at=_stage_at(issue, stage),
        replied_at=_replied_at(issue, endpoint),
    )


def _stage(status: Any, endpoint: Endpoint) -> Stage | None:
    if value_at(status, "statusCategory", "key") == "done":  # as in webhooks
        return Stage.SOLVED
    name = text(value_at(status, "name"))
    return None if name is None else endpoint.words.stage(name)


def _stage_at(issue: Any, stage: Stage | None) -> datetime | None:
    if stage is not Stage.SOLVED:
        return None
    resolved_at = instant(value_at(issue, "fields", "resolutiondate"))
    return resolved_at or instant(value_at(issue, "fields", "statuscategorychangedate"))


def _replied_at(issue: Any, endpoint: Endpoint) -> datetime | None:
    """Return the time of the first public answer among the comments that the search brings."""
    comments = value_at(issue, "fields", "comment", "comments")
    answers = (
        message.at
        for comment in (comments if isinstance(comments, list) else [])
        for message in _told_by(comment, issue, endpoint)
        if message.kind is ClockKind.REPLIED and message.by_person
    )
    return min((at for at in answers if at is not None), default=None)


def _told_by(comment: Any, issue: Any, endpoint: Endpoint) -> Iterator[ClockEvent]:
    delivery = {"webhookEvent": "comment_created", "issue": issue, "comment": comment}
    for message in jira.read(delivery, {}, endpoint):
        if isinstance(message, ClockEvent) and not endpoint.is_own(message.author):
            yield message
