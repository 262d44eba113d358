"""A desk that is asked for its history: its tickets are stored as its webhooks would have stored them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tickets import InputFaults, Priority
from tickets.store import (
    EventKind,
    QueueQuery,
    QueueState,
    Store,
    StoredTicket,
    TicketState,
)
from triage import cli
from triage.arrived import arrival_of, ticket_of
from triage.asked_desk import PATIENCE, AskedDesk, Asking
from triage.backfill import Backfill, Report
from triage.desk import Desk
from triage.desk_history import DeskHistory
from triage.intake import Intake
from triage.integrations import Customers, Endpoint, TicketArrived, read_delivery
from triage.integrations.desk_words import words_of
from triage.integrations.endpoints import Authentication
from triage.period import Period
from triage.settings import HOME_VARIABLE
from triage.write_back import Line

NOW = datetime(2026, 7, 10, 9, tzinfo=UTC)
SINCE = datetime(2026, 7, 1, tzinfo=UTC)
CUSTOMERS = Customers({"52077": "premium"}, {}, "standard")
Values = dict[str, Any]


class ZendeskExport:
    """The incremental ticket export: cursors, and an end of the stream."""

    page_size = 2

    def __init__(self, server: Any) -> None:
        self.tickets: list[Any] = []
        self.url = server.url
        server.reply = self.reply
        self.server = server

    def reply(self, asked: Any) -> tuple[int, Any]:
        if asked.path != "/api/v2/incremental/tickets/cursor.json":
            return 404, {"error": "RecordNotFound"}
        assert asked.query["include"] == "metric_sets"
        if cursor := asked.query.get("cursor"):
            start = int(cursor.removeprefix("after-"))
        else:
            since = int(asked.query["start_time"])
            early = [each for each in self.tickets if self._stamp(each) < since]
            start = len(early)
        end = start + min(int(asked.query["per_page"]), self.page_size)
        return 200, {
            "tickets": self.tickets[start:end],
            "after_url": f"{self.url}{asked.path}?cursor=after-{end}",
            "after_cursor": f"after-{end}",
            "before_cursor": None,
            "end_of_stream": end >= len(self.tickets),
        }

    def _stamp(self, ticket: Any) -> int:
        stamp = ticket.get("generated_timestamp", 2**40) if isinstance(ticket, dict) else 2**40
        return int(stamp)


class JiraSearch:
    """The search by JQL: tokens for pages, times in the zone of the account."""

    page_size = 2
    zone = timedelta(hours=-7)

    def __init__(self, server: Any) -> None:
        self.issues: list[Any] = []
        server.reply = self.reply
        self.server = server

    def reply(self, asked: Any) -> tuple[int, Any]:
        if asked.path != "/rest/api/2/search/jql":
            return 404, {"errorMessages": ["Not found"]}
        found = re.fullmatch(
            r'updated >= "(\d{4}-\d\d-\d\d \d\d:\d\d)" ORDER BY updated ASC', asked.query["jql"]
        )
        if not found:
            return 400, {"errorMessages": ["Error in the JQL Query"]}
        since = datetime.fromisoformat(found[1]).replace(tzinfo=UTC) - self.zone
        matching = [issue for issue in self.issues if self._updated(issue) >= since]
        start = int(asked.query.get("nextPageToken", "token-0").removeprefix("token-"))
        end = start + min(int(asked.query["maxResults"]), self.page_size)
        page: Values = {"issues": matching[start:end]}
        return 200, page if end >= len(matching) else {**page, "nextPageToken": f"token-{end}"}

    def _updated(self, issue: Any) -> datetime:
        try:
            return datetime.fromisoformat(issue["fields"]["updated"])
        except (KeyError, TypeError):
            return NOW


def zendesk_ticket(number: int, day: int = 2, **fields: Any) -> Values:
    """A ticket as Zendesk documents it, of a day of July."""
    at = datetime(2026, 7, day, 9, tzinfo=UTC)
    written = at.isoformat().replace("+00:00", "Z")
    return {
        "id": number,
        "url": f"https://acme.zendesk.com/api/v2/tickets/{number}.json",
        "subject": f"All phones are dead {number}",
        "raw_subject": f"All phones are dead {number}",
        "description": "Nobody can take calls since 9am.",
        "priority": None,
        "status": "open",
        "type": "incident",
        "organization_id": 52077,
        "requester_id": 7,
        "tags": ["vip"],
        "via": {"channel": "email", "source": {}},
        "created_at": written,
        "updated_at": written,
        "generated_timestamp": int(at.timestamp()),
        "metric_set": {
            "solved_at": None,
            "status_updated_at": written,
            "reply_time_in_minutes": {"calendar": None, "business": None},
        },
        **fields,
    }


def jira_issue(number: int, day: int = 2, **fields: Any) -> Values:
    """An issue as Jira documents it, of a day of July."""
    at = f"2026-07-{day:02}T09:00:00.000+0000"
    return {
        "id": str(10_000 + number),
        "key": f"SUP-{number}",
        "self": f"https://acme.atlassian.net/rest/api/2/issue/{10_000 + number}",
        "fields": {
            "summary": f"All phones are dead {number}",
            "description": "Nobody can take *calls* since 9am.",
            "priority": {"name": "Medium"},
            "status": {"name": "To Do", "statusCategory": {"key": "new"}},
            "labels": [],
            "components": [{"name": "Voice"}],
            "project": {"key": "SUP", "projectTypeKey": "service_desk"},
            "reporter": {"accountId": "5b10-mia", "accountType": "customer"},
            "created": at,
            "updated": at,
            "resolutiondate": None,
            "comment": {"comments": [], "total": 0},
            **fields,
        },
    }


@dataclass
class World:
    """A desk that can be asked, and a store that is filled from it."""

    store: Store
    desk: Desk
    endpoint: Endpoint
    line: Line
    now: datetime = NOW
    told: list[str] = field(default_factory=list)
    reached: list[datetime | None] = field(default_factory=list)

    def backfill(
        self, since: datetime = SINCE, until: datetime = NOW, labels: Mapping[str, Priority] = {}
    ) -> Report:
        """Take the history in; waiting takes no time."""
        report, self.reached = Report(), []
        asked = AskedDesk(self.endpoint, self.line.target)
        history = DeskHistory(
            asked, Period(since, until), CUSTOMERS, labels, report, lambda: self.now
        )
        taking_in = Backfill(self.store, self.desk, self._clock)
        for page in history.pages(Asking(self.line, self.told.append, self._clock, self._sleep)):
            taking_in.update(page.pasts, report)
            self.reached.append(page.reached)
        return report

    def deliver(self, payload: Values) -> StoredTicket:
        """Take a ticket in that comes by a webhook."""
        [message] = read_delivery(self.endpoint, {}, payload)
        assert isinstance(message, TicketArrived)
        ticket = ticket_of(message, CUSTOMERS, self._clock())
        arrived = ticket, arrival_of(message, self.endpoint, "d-1")
        Intake(self.store).take([arrived], self.desk, self._clock())
        return self.found(message.external_id)

    def found(self, external_id: str) -> StoredTicket:
        source = f"{self.endpoint.source}:{self.endpoint.name}"
        stored = self.store.tickets.find(source, external_id)
        assert stored is not None
        return stored

    def ids(self) -> list[str | None]:
        everything = self.store.tickets.stored_since(datetime(2000, 1, 1, tzinfo=UTC))
        return [stored.arrival.external_id for stored in everything]

    def in_queue(self, state: QueueState = QueueState.PENDING) -> set[str | None]:
        page = self.store.suggestions.queue(QueueQuery(state=state))
        return {item.external_id for item in page.items}

    def overdue(self) -> int:
        """What `triage_overdue_tickets` shows."""
        return self.store.statistics(self.now).overdue

    def _clock(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def endpoint_of(source: str) -> Endpoint:
    secret = b"0123456789abcdef"
    return Endpoint("acme", source, Authentication.SIGNATURE, secret, words_of(source))


@pytest.fixture
def export(zendesk: Any) -> ZendeskExport:
    return ZendeskExport(zendesk)


@pytest.fixture
def search(jira: Any) -> JiraSearch:
    return JiraSearch(jira)


@pytest.fixture
def world(export: ZendeskExport, store: Store, desk: Desk, line: Callable[..., Line]) -> World:
    """A Zendesk that is asked."""
    return World(store, desk, endpoint_of("zendesk"), line(export.server))


@pytest.fixture
def jira_world(search: JiraSearch, store: Store, desk: Desk, line: Callable[..., Line]) -> World:
    """A Jira that is asked."""
    return World(store, desk, endpoint_of("jira"), line(search.server))


def test_all_pages_of_an_export_become_tickets_with_suggestions(
    world: World, export: ZendeskExport
) -> None:
    export.tickets = [zendesk_ticket(number, day=number) for number in range(1, 6)]
    report = world.backfill()
    assert (report.stored, report.known, report.failed) == (5, 0, 0)
    assert world.ids() == ["1", "2", "3", "4", "5"]
    assert [at.day for at in world.reached if at] == [2, 4, 5]
    stored = world.found("1")
    assert (stored.ticket.subject, stored.ticket.tier) == ("All phones are dead 1", "premium")
    assert (stored.ticket.channel, stored.arrival.endpoint) == ("email", "acme")
    assert stored.received_at == datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert world.in_queue() == {"1", "2", "3", "4", "5"}
    assert world.store.outbox.waiting(10) == []


def test_a_ticket_reads_the_same_by_webhook_and_by_export(
    world: World, export: ZendeskExport
) -> None:
    ticket = zendesk_ticket(1, priority="high")
    live = world.deliver({"type": "zen:event-type:ticket.created", "id": "e1", "detail": ticket})
    export.tickets = [ticket, zendesk_ticket(2)]
    report = world.backfill()
    assert (report.stored, report.known, report.changed) == (1, 1, 0)
    assert world.found("1") == live


def test_the_same_history_again_changes_nothing(world: World, export: ZendeskExport) -> None:
    solved = {"solved_at": "2026-07-03T10:00:00Z"}
    export.tickets = [zendesk_ticket(1), zendesk_ticket(2, status="closed", metric_set=solved)]
    world.backfill()
    before = [world.found("1"), world.found("2")]
    report = world.backfill()
    assert (report.stored, report.known, report.changed) == (0, 2, 0)
    assert [world.found("1"), world.found("2")] == before
    assert len(world.store.clock_events.of_ticket(before[1].key)) == 1


def test_a_text_that_changed_is_read_again_and_the_customer_stays_as_the_webhook_named_them(
    world: World, export: ZendeskExport
) -> None:
    trigger: Values = {
        "event": "created",
        "at": "2026-07-02T09:00:00Z",
        "ticket": {"id": "1", "title": "Phones", "description": "They crackle.\n\n"},
    }
    trigger["ticket"] |= {"organization": "Acme Telecom", "created_at": "2026-07-02T09:00:00Z"}
    live = world.deliver(trigger)
    same = {"subject": "Phones", "description": "They crackle."}
    export.tickets = [zendesk_ticket(1, day=3, **same)]
    assert world.backfill().changed == 0
    export.tickets = [zendesk_ticket(1, day=4, **same | {"description": "All are dead now."})]
    assert world.backfill().changed == 1
    stored = world.found("1")
    assert stored.ticket.body == "All are dead now."
    assert (stored.ticket.tier, stored.arrival.organization) == ("standard", "Acme Telecom")
    assert stored.is_assessed
    assert stored.suggestion_id != live.suggestion_id


def test_only_open_tickets_that_nobody_answered_are_overdue(
    world: World, export: ZendeskExport
) -> None:
    solved = {"solved_at": "2026-07-03T10:00:00Z"}
    replied = {"reply_time_in_minutes": {"calendar": 12, "business": 12}}
    export.tickets = [
        zendesk_ticket(1, status="solved", metric_set=solved),
        zendesk_ticket(2, status="closed", priority="urgent"),
        zendesk_ticket(3, status="open", metric_set=replied),
        zendesk_ticket(4, status="pending"),
        zendesk_ticket(5, status="new"),
    ]
    world.backfill()
    assert world.in_queue() == {"3", "4", "5"}
    assert world.in_queue(QueueState.CLOSED) == {"1", "2"}
    assert [world.found(number).state for number in "1345"] == [
        TicketState.SOLVED,
        TicketState.OPEN,
        TicketState.WAITING,
        TicketState.OPEN,
    ]
    assert world.found("3").replied_at == datetime(2026, 7, 2, 9, 12, tzinfo=UTC)
    [event] = world.store.clock_events.of_ticket(world.found("1").key)
    assert (event.kind, event.at) == (EventKind.SOLVED, datetime(2026, 7, 3, 10, tzinfo=UTC))
    assert world.overdue() == len(world.in_queue() - {"3"})


def test_what_is_measured_of_tickets_may_stand_beside_them(
    world: World, export: ZendeskExport
) -> None:
    export.tickets = [zendesk_ticket(1, metric_set=None), zendesk_ticket(2, metric_set=None)]
    measured = {"ticket_id": 2, "reply_time_in_minutes": {"calendar": 12, "business": 12}}
    told = export.reply

    def tells(asked: Any) -> tuple[int, Any]:
        status, page = told(asked)
        return status, {**page, "metric_sets": ["odd", {"ticket_id": None}, measured]}

    export.server.reply = tells
    world.backfill()
    assert world.found("1").replied_at is None
    assert world.found("2").replied_at == datetime(2026, 7, 2, 9, 12, tzinfo=UTC)


def test_a_ticket_that_was_solved_while_we_were_away_leaves_the_queue_and_comes_back_reopened(
    world: World, export: ZendeskExport
) -> None:
    world.deliver({"type": "zen:event-type:ticket.created", "detail": zendesk_ticket(1, day=2)})
    assert world.in_queue() == {"1"}
    export.tickets = [zendesk_ticket(1, day=3, status="solved")]
    world.backfill()
    assert (world.in_queue(), world.in_queue(QueueState.CLOSED)) == (set(), {"1"})
    export.tickets = [zendesk_ticket(1, day=4, status="open")]
    world.backfill()
    assert world.in_queue() == {"1"}
    events = world.store.clock_events.of_ticket(world.found("1").key)
    assert [event.kind for event in events] == [EventKind.SOLVED, EventKind.REOPENED]


def test_what_the_desk_told_live_after_its_history_holds(
    world: World, export: ZendeskExport
) -> None:
    live = world.deliver({"type": "zen:event-type:ticket.created", "detail": zendesk_ticket(1)})
    later = datetime(2026, 7, 5, tzinfo=UTC)
    world.store.clock_events.add(live.key, EventKind.SOLVED, later, {}, "d-2")
    export.tickets = [zendesk_ticket(1, day=3, status="open")]
    world.backfill()
    assert world.found("1").state is TicketState.SOLVED


def test_of_one_update_that_is_two_events_the_lost_one_is_made_good(
    world: World, export: ZendeskExport
) -> None:
    """An agent answers and solves at once; Zendesk tells events to the nanosecond, when asked to
    the second."""
    live = world.deliver({"type": "zen:event-type:ticket.created", "detail": zendesk_ticket(1)})
    answered_at = datetime(2026, 7, 3, 9, 0, 0, 500_000, tzinfo=UTC)
    world.store.clock_events.add(live.key, EventKind.REPLIED, answered_at, {}, "d-2")
    export.tickets = [zendesk_ticket(1, day=3, status="solved")]
    world.backfill()
    assert world.found("1").state is TicketState.SOLVED


def test_a_history_that_does_not_say_how_far_a_ticket_is_changes_nothing_of_that(
    world: World, export: ZendeskExport
) -> None:
    export.tickets = [zendesk_ticket(1, day=2, status="solved")]
    world.backfill()
    export.tickets = [zendesk_ticket(1, day=3, status=None, metric_set=None)]
    world.backfill()
    assert world.found("1").state is TicketState.SOLVED


def test_deleted_tickets_are_not_stored_and_known_ones_leave_the_queue(
    world: World, export: ZendeskExport
) -> None:
    world.deliver({"type": "zen:event-type:ticket.created", "detail": zendesk_ticket(1)})
    scrubbed = {"status": "deleted", "subject": "SCRUBBED", "description": "SCRUBBED"}
    export.tickets = [zendesk_ticket(1, day=3, **scrubbed), zendesk_ticket(2, day=3, **scrubbed)]
    report = world.backfill()
    assert (report.stored, report.known, report.deleted) == (0, 1, 1)
    assert world.ids() == ["1"]
    assert world.found("1").ticket.subject == "All phones are dead 1"
    assert world.in_queue() == set()


def test_malformed_tickets_do_not_cost_the_others(world: World, export: ZendeskExport) -> None:
    odd: list[Any] = [
        "no ticket",
        {},
        zendesk_ticket(3, id=None),
        zendesk_ticket(4, subject=None, description=None, created_at="yesterday", metric_set=7),
        zendesk_ticket(5, id="9" * 300),
        zendesk_ticket(6, status=["open"], via=None, tags={"a": 1}, updated_at=None),
        zendesk_ticket(7, metric_set={"reply_time_in_minutes": {"calendar": 10**12}}),
    ]
    export.tickets = [*odd, zendesk_ticket(8, subject="Odd \x00 name \ud800")]
    report = world.backfill()
    assert (report.stored, report.failed) == (4, 4)
    assert world.ids() == ["4", "6", "7", "8"]
    assert world.found("4").arrival.incomplete == ("subject", "body", "received_at")
    places = [line.partition(" of page ") for line in report.shown]
    assert [(ticket, page[0]) for ticket, _, page in places] == [
        ("ticket 1", "1"),
        ("ticket 2", "1"),
        ("ticket 1", "2"),
        ("ticket 1", "3"),
    ]


def test_a_desk_that_limits_fails_and_hangs_up_is_asked_again(
    world: World, export: ZendeskExport
) -> None:
    export.tickets = [zendesk_ticket(number) for number in range(1, 6)]
    export.server.fails("GET", status=429, headers={"Retry-After": "93"})
    export.server.fails("GET", status=500)
    export.server.fails("GET")  # is silent, then hangs up
    export.server.fails("GET", status=200, body=b"<html>", is_applied=True)
    report = world.backfill()
    assert (report.stored, report.known) == (5, 0)
    assert len(set(world.ids())) == 5
    assert "127.0.0.1 answers 429 Too Many Requests; asks again at 09:01:33 UTC" in world.told
    assert world.now - NOW > timedelta(seconds=93 + 30)


def test_one_that_stays_away_is_given_up_and_what_it_told_is_kept(
    world: World, export: ZendeskExport
) -> None:
    export.tickets = [zendesk_ticket(number) for number in range(1, 6)]

    def breaks_down(asked: Any) -> tuple[int, Any]:
        return export.reply(asked) if "cursor" not in asked.query else (502, None)

    export.server.reply = breaks_down
    with pytest.raises(InputFaults) as given_up:
        world.backfill()
    problem = "127.0.0.1 answers 502 Bad Gateway"
    assert str(given_up.value) == f'target "acme": {problem} (run the same again later)'
    assert world.now - NOW < PATIENCE + timedelta(minutes=1)
    assert world.ids() == ["1", "2"]
    export.server.reply = export.reply
    report = world.backfill()
    assert (report.stored, report.known) == (3, 2)


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"tickets": None},
        {"tickets": "none"},
        {"tickets": [], "end_of_stream": False},
        {"tickets": [], "end_of_stream": False, "after_cursor": None},
        {"tickets": [], "end_of_stream": False, "after_cursor": "always the same"},
    ],
)
def test_an_answer_of_something_else_is_named(
    page: Values, world: World, export: ZendeskExport
) -> None:
    export.server.reply = lambda asked: (200, page)
    with pytest.raises(InputFaults, match="not as zendesk documents it"):
        world.backfill()


def test_only_what_changed_in_the_period_is_stored(world: World, export: ZendeskExport) -> None:
    export.tickets = [zendesk_ticket(day, day=day) for day in range(1, 8)]
    world.backfill(datetime(2026, 7, 3, 9, tzinfo=UTC), datetime(2026, 7, 5, 9, tzinfo=UTC))
    assert world.ids() == ["3", "4"]
    assert "start_time" not in export.server.asked[-1].query
    assert len(export.server.asked) == 2


def test_priorities_count_as_decisions_where_the_call_says_what_they_stand_for(
    world: World, export: ZendeskExport
) -> None:
    export.tickets = [
        zendesk_ticket(1, priority="urgent", status="solved"),
        zendesk_ticket(2, priority="urgent", tags=["ujet_triage__p0"]),
        zendesk_ticket(3, priority="low"),
        zendesk_ticket(4),
    ]
    assert world.backfill().decided == 0
    report = world.backfill(labels={"urgent": Priority.P0})
    assert (report.decided, dict(report.unknown_words)) == (1, {"low": 1})
    assert world.in_queue(QueueState.DECIDED) == {"1"}
    assert world.backfill(labels={"urgent": Priority.P0}).decided == 0


def test_an_erased_ticket_stays_erased(world: World, export: ZendeskExport) -> None:
    export.tickets = [zendesk_ticket(1)]
    world.backfill()
    world.store.personal_data.erase_ticket(world.found("1").key, NOW)
    export.tickets = [zendesk_ticket(1, day=4)]
    report = world.backfill()
    assert (report.stored, report.known, report.changed) == (0, 1, 0)
    assert world.found("1").ticket.subject == ""


def test_a_search_in_jira_tells_its_issues_page_by_page(
    jira_world: World, search: JiraSearch
) -> None:
    done = {"status": {"name": "Erledigt", "statusCategory": {"key": "done"}}}
    search.issues = [
        jira_issue(1, day=1),
        jira_issue(2, day=2, **done, resolutiondate="2026-07-02T08:00:00.000+0000"),
        jira_issue(3, day=3, status={"name": "Waiting for customer"}),
        jira_issue(4, day=4),
    ]
    report = jira_world.backfill(datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert (report.stored, report.failed) == (3, 0)  # the first came only for its zone's sake
    assert jira_world.ids() == ["10002", "10003", "10004"]
    stored = jira_world.found("10004")
    assert (stored.ticket.id, stored.arrival.product_area) == ("SUP-4", "Voice")
    assert stored.arrival.url == "https://acme.atlassian.net/browse/SUP-4"
    assert jira_world.in_queue() == {"10003", "10004"}
    assert jira_world.found("10003").state is TicketState.WAITING


def test_an_issue_reads_the_same_by_webhook_and_by_search(
    jira_world: World, search: JiraSearch
) -> None:
    issue = jira_issue(1)
    live = jira_world.deliver({"webhookEvent": "jira:issue_created", "issue": issue})
    search.issues = [issue]
    assert jira_world.backfill().known == 1
    assert jira_world.found("10001") == live


def test_the_first_public_answer_among_an_issues_comments_stops_its_clock(
    jira_world: World, search: JiraSearch
) -> None:
    def comment(hour: int, who: str, *, is_public: bool = True, kind: str = "atlassian") -> Values:
        return {
            "body": "We are on it.",
            "author": {"accountId": who, "accountType": kind},
            "created": f"2026-07-02T{hour:02}:00:00.000+0000",
            "jsdPublic": is_public,
        }

    comments: list[Any] = [
        comment(9, "5b10-ana", is_public=False),
        comment(10, "5b10-bot", kind="app"),
        comment(11, "5b10-mia", kind="customer"),
        "no comment",
        comment(13, "5b10-ana"),
        comment(12, "5b10-ben"),
    ]
    search.issues = [jira_issue(1, day=3, comment={"comments": comments}), jira_issue(2)]
    search.issues[0]["fields"]["created"] = "2026-07-02T09:00:00.000+0000"
    jira_world.backfill()
    assert jira_world.found("10001").replied_at == datetime(2026, 7, 2, 12, tzinfo=UTC)
    assert jira_world.found("10002").replied_at is None


def test_malformed_issues_do_not_cost_the_others(jira_world: World, search: JiraSearch) -> None:
    search.issues = [
        7,
        {"fields": None},
        {**jira_issue(3), "fields": {"status": "open", "comment": [], "components": {}}},
        jira_issue(4, description=None, reporter=None, updated=None, status=None),
        jira_issue(5),
    ]
    report = jira_world.backfill()
    assert (report.stored, report.failed) == (3, 2)
    assert sorted(filter(None, jira_world.ids())) == ["10003", "10004", "10005"]


@pytest.fixture
def home(small_home: Path, tmp_path: Path, export: ZendeskExport) -> Path:
    """A home that knows the Zendesk by an endpoint and a target, and a ServiceNow by an endpoint."""
    home = tmp_path / "home"
    home.mkdir()
    for entry in small_home.iterdir():
        (home / entry.name).symlink_to(entry)
    (home / "hook.secret").write_text("0123456789abcdef0123")
    (home / "token").write_text("s3cret")
    (home / "endpoints.yaml").write_text(
        "endpoints:\n"
        "  - {name: acme, source: zendesk, secret_file: hook.secret}\n"
        "  - {name: shy, source: zendesk, secret_file: hook.secret}\n"
        "  - {name: mixed, source: jira, secret_file: hook.secret}\n"
        "  - {name: it, source: servicenow, secret_file: hook.secret}\n"
    )
    target = f"kind: zendesk, url: '{export.url}', user: bot@acme.example, token_file: token"
    (home / "targets.yaml").write_text(
        f"targets:\n  - {{name: acme, {target}}}\n  - {{name: mixed, {target}}}\n"
    )
    return home


@pytest.fixture
def call(
    home: Path,
    store_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, list[str]]]:
    """Runs `triage backfill`; returns its exit status and what it said."""

    def run(*arguments: str) -> tuple[int, list[str]]:
        monkeypatch.setenv(HOME_VARIABLE, str(home))
        usual = ["--reader", "light", "--database-url", store_url]
        monkeypatch.setattr("sys.argv", ["triage", "backfill", *arguments, *usual])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        assert isinstance(ending.value.code, int)
        said = capsys.readouterr().err.splitlines()
        return ending.value.code, [line for line in said if "durable-rules" not in line]

    return run


def test_the_command_says_how_far_it_came_and_what_became_of_it(
    call: Callable[..., tuple[int, list[str]]], export: ZendeskExport, store: Store
) -> None:
    export.tickets = [zendesk_ticket(1, day=2), zendesk_ticket(2, day=3, id=None)]
    code, said = call("--from", "acme", "--since", "2026-07-01", "--until", "2026-07-10")
    assert code == 3
    assert said[0] == "triage: 1 tickets read, up to 2026-07-03T09:00:00+00:00"
    assert said[1] == (
        "triage: ticket 2 of page 1: id: is missing or too long: the ticket could not be known "
        "again (look whether the desk shows it)"
    )
    assert said[2] == "triage: 1 tickets stored, 0 known before, 0 decisions recorded, 1 failed"
    assert store.tickets.find("zendesk:acme", "1") is not None


def test_a_token_that_is_refused_is_named_and_not_shown(
    call: Callable[..., tuple[int, list[str]]], home: Path
) -> None:
    (home / "token").write_text("an old token")
    code, said = call("--from", "acme", "--since", "2026-07-01")
    assert code == 2
    assert said[-1] == (
        'triage: target "acme": 127.0.0.1 answers 401 Unauthorized; renew the token of target acme '
        "(file token): Couldn't authenticate you"
    )
    assert "an old token" not in "\n".join(said)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "triage backfill: names neither a file nor a desk (give FILE, or --from NAME"),
        (("export.csv", "--from", "acme"), "triage backfill: names both a file and a desk"),
        (("--from", "acme"), "--since: is missing (say from when on, as in --since 2026-11-01)"),
        (("export.csv", "--since", "2026-07-01"), "--since: means nothing for a file"),
        (("--from", "acme", "--since", "2026-07-01", "--column", "id=no"), "--column: means"),
        (("--from", "acme", "--since", "monday"), "--since: 'monday' is not an ISO 8601 time"),
        (("--from", "akme", "--since", "2026-07-01"), 'unknown "akme" (did you mean "acme"?)'),
        (("--from", "it", "--since", "2026-07-01"), '"it" is servicenow; only jira and zendesk'),
        (("--from", "shy", "--since", "2026-07-01"), 'targets.yaml has no target "shy"'),
        (("--from", "mixed", "--since", "2026-07-01"), "is zendesk, its endpoint jira"),
    ],
)
def test_a_call_that_cannot_be_carried_out_names_what_is_wrong(
    arguments: tuple[str, ...],
    fault: str,
    call: Callable[..., tuple[int, list[str]]],
    export: ZendeskExport,
) -> None:
    code, said = call(*arguments)
    assert (code, export.server.asked) == (2, [])
    assert fault in said[0]


def test_killed_half_way_and_run_again_nothing_is_lost_or_doubled(
    home: Path, export: ZendeskExport, store_url: str, store: Store
) -> None:
    export.tickets = [zendesk_ticket(number) for number in range(1, 8)]
    command = [str(Path(sys.executable).with_name("triage")), "backfill", "--from", "acme"]
    command += ["--since", "2026-07-01", "--reader", "light", "--database-url", store_url]
    environment = {**os.environ, HOME_VARIABLE: str(home)}

    def dies(asked: Any) -> None:
        if asked.query.get("cursor") == "after-4":
            os.kill(process.pid, signal.SIGKILL)

    export.server.before = dies
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    assert process.wait(60) == -signal.SIGKILL
    export.server.before = lambda asked: None
    again = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    counted = "3 tickets stored, 4 known before, 0 decisions recorded, 0 failed"
    assert again.stderr.splitlines()[-1] == f"triage: {counted}"
    tickets = list(store.tickets.stored_since(datetime(2000, 1, 1, tzinfo=UTC)))
    assert sorted(str(each.arrival.external_id) for each in tickets) == list("1234567")
    assert [len(store.suggestions.of_ticket(each.key)) for each in tickets] == [1] * 7
