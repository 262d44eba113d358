"""What each desk's deliveries become: every payload of `fixtures/`, with the messages expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from classifier.text import clean
from tickets import parse_ticket
from triage.integrations import (
    ClockEvent,
    ClockKind,
    Endpoint,
    Ignored,
    Message,
    Ping,
    TicketArrived,
    TicketChanged,
    read_delivery,
)

OWN = Ignored("our own doing")
NOTE = Ignored("a private note")


def at(written: str) -> datetime:
    return datetime.fromisoformat(f"2026-07-{written}+00:00")


def event(
    ticket: str, kind: str, when: str, *author: str, person: bool = True, **detail: str
) -> ClockEvent:
    detail = {name.rstrip("_"): value for name, value in detail.items()}
    return ClockEvent(ticket, ClockKind(kind), at(when), person, detail, author)


def prioritised(
    ticket: str, when: str, *author: str, to: str, ours: str, before: str | None = None
) -> list[Message]:
    detail = {"to": to, "priority": ours} | ({} if before is None else {"from": before})
    kind = ClockKind.PRIORITY_CHANGED
    changed = ClockEvent(ticket, kind, at(when), True, detail, author)
    chosen = TicketChanged(ticket, ("priority",), at(when), True, None, None, to, author)
    return [changed, chosen]


ZENDESK = "48213"
REQUESTER, AGENT = "38801501", "38809902"
GITHUB = "northwind/cti-adapter#57"
JIRA = "10231"
NOW = "a83f0c1e1b2042107f3c0d8f6e4bcb21"

EXPECTED: dict[str, dict[str, list[Message]]] = {
    "zendesk": {
        "created": [
            TicketArrived(
                external_id=ZENDESK,
                record={
                    "id": ZENDESK,
                    "subject": "No audio on inbound calls",
                    "body": "All 40 agents in Lisbon hear nothing since 9am.\n"
                    "Inbound calls connect, then silence.",
                    "channel": "email",
                    "received_at": at("10T16:05:00"),
                },
                as_of=at("10T16:05:00"),
                organization="52077",
                requester=REQUESTER,
                labels=("voice", "lisbon"),
            )
        ],
        "customer_replied": [event(ZENDESK, "resumed", "10T17:30:00.672717", REQUESTER)],
        "agent_replied": [event(ZENDESK, "replied", "10T16:20:00.672717", AGENT)],
        "private_note": [NOTE],
        "waiting": [
            event(ZENDESK, "waiting", "10T16:40:00.672717", AGENT, from_="OPEN", to="PENDING")
        ],
        "solved": [
            event(ZENDESK, "solved", "10T18:00:00.672717", AGENT, from_="OPEN", to="SOLVED")
        ],
        "reopened": [
            event(ZENDESK, "reopened", "11T07:00:00.672717", REQUESTER, from_="SOLVED", to="OPEN")
        ],
        "priority_changed": prioritised(
            ZENDESK, "10T16:30:00.672717", AGENT, before="HIGH", to="URGENT", ours="P0"
        ),
        "subject_changed": [
            TicketChanged(
                ZENDESK,
                ("subject",),
                at("10T16:31:00.672717"),
                True,
                subject="No audio on inbound calls, Lisbon and Porto",
                author=(AGENT,),
            )
        ],
        "own_priority": [OWN, OWN],
        "own_tag": [Ignored('event "tags_changed" changes neither text nor clock')],
        "own_comment": [Ignored("our own comment")],
    },
    "zendesk_trigger": {
        "created": [
            TicketArrived(
                external_id=ZENDESK,
                record={
                    "id": ZENDESK,
                    "subject": "No audio on inbound calls",
                    "body": 'All 40 agents in Lisbon hear "nothing" since 9am.',
                    "channel": "email",
                    "received_at": at("10T16:05:00"),
                },
                as_of=at("10T16:20:00"),
                organization="Acme Telecom",
                requester="rui@acme.example",
                url="https://acme-support.example/agent/tickets/48213",
                labels=("voice", "lisbon"),
            )
        ],
        "agent_replied": [event(ZENDESK, "replied", "10T16:20:00", AGENT)],
        "solved": [event(ZENDESK, "solved", "10T16:20:00", AGENT, to="Solved")],
        "reopened": [event(ZENDESK, "reopened", "10T16:20:00", AGENT, to="Open")],
        "priority_changed": prioritised(ZENDESK, "10T16:20:00", AGENT, to="Urgent", ours="P0"),
    },
    "github": {
        "created": [
            TicketArrived(
                external_id=GITHUB,
                record={
                    "id": GITHUB,
                    "subject": "Softphone stays mute after transfer",
                    "body": "After a warm transfer the second agent hears nothing.\n\n"
                    "1. transfer\n2. silence",
                    "received_at": at("10T16:05:00"),
                },
                as_of=at("10T16:05:00"),
                requester="mwangi-k",
                url="https://github.com/northwind/cti-adapter/issues/57",
                labels=("voice",),
                product_area="cti-adapter",
            )
        ],
        "customer_replied": [event(GITHUB, "resumed", "10T17:30:00", "mwangi-k", "7711")],
        "agent_replied": [event(GITHUB, "replied", "10T16:20:00", "dana-w", "4402")],
        "bot_replied": [
            event(GITHUB, "replied", "10T16:05:05", "northwind-triage[bot]", "9099", person=False)
        ],
        "waiting": [event(GITHUB, "waiting", "10T16:40:00", "dana-w", "4402", to="needs-info")],
        "solved": [event(GITHUB, "solved", "11T09:00:00", "dana-w", "4402", to="completed")],
        "reopened": [event(GITHUB, "reopened", "12T08:00:00", "mwangi-k", "7711")],
        "priority_changed": prioritised(
            GITHUB, "10T16:30:00", "dana-w", "4402", to="P1", ours="P1"
        ),
        "edited": [
            TicketChanged(
                GITHUB,
                ("subject",),
                at("10T16:31:00"),
                True,
                subject="Softphone stays mute after warm transfer",
                author=("mwangi-k", "7711"),
            )
        ],
        "own_priority": [OWN, OWN],
        "own_tag": [Ignored("our own label")],
        "own_comment": [Ignored("our own comment")],
        "ping": [Ping()],
    },
    "jira": {
        "created": [
            TicketArrived(
                external_id=JIRA,
                record={
                    "id": "SUP-231",
                    "subject": "Queue report is empty since the update",
                    "body": "The daily queue report shows no rows since Monday.\nExport works.",
                    "received_at": at("10T16:05:00.123"),
                },
                as_of=at("10T16:05:00.123"),
                organization="Fjordbank ASA",
                requester="ingrid@fjordbank.example",
                url="https://brightline.example.net/browse/SUP-231",
                labels=("reporting",),
                product_area="Reporting",
                desk_priority="Medium",
            )
        ],
        "customer_replied": [
            event(JIRA, "resumed", "10T17:30:00", "qm:71", "ingrid@fjordbank.example")
        ],
        "agent_replied": [event(JIRA, "replied", "10T16:20:00", "712:9")],
        "private_note": [NOTE],
        "waiting": [
            event(
                JIRA,
                "waiting",
                "10T16:40:00",
                "712:9",
                from_="Waiting for support",
                to="Waiting for customer",
            )
        ],
        "solved": [
            event(
                JIRA, "solved", "10T18:00:00", "712:9", from_="Waiting for support", to="Deployed"
            )
        ],
        "reopened": [
            event(
                JIRA,
                "reopened",
                "11T07:00:00",
                "qm:71",
                "ingrid@fjordbank.example",
                from_="Deployed",
                to="Waiting for support",
            )
        ],
        "priority_changed": prioritised(
            JIRA, "10T16:30:00", "712:9", before="Medium", to="Highest", ours="P0"
        ),
        "text_changed": [
            TicketChanged(
                JIRA,
                ("subject", "body"),
                at("10T16:31:00"),
                True,
                subject="All queue reports are empty since the update",
                body="No report has rows since Monday.",
                author=("712:9",),
            )
        ],
        "own_priority": [OWN, OWN],
        "own_tag": [Ignored("nothing changed that concerns us")],
    },
    "freshdesk": {
        "created": [
            TicketArrived(
                external_id="3107",
                record={
                    "id": "3107",
                    "subject": "Callback button missing",
                    "body": '<div dir="ltr">The callback button is gone from <b>three</b> of our sites.</div>',
                    "channel": "email",
                },
                as_of=at("10T16:05:00"),
                organization="Hanover Travel",
                requester="o.mensah@hanover.example",
                url="https://hanover.example/helpdesk/tickets/3107",
                labels=("callback", "web"),
                desk_priority="Medium",
            )
        ],
        "customer_replied": [event("3107", "resumed", "10T16:20:00")],
        "agent_replied": [event("3107", "replied", "10T16:20:00")],
        "private_note": [NOTE],
        "waiting": [event("3107", "waiting", "10T16:20:00", from_="2", to="6")],
        "solved": [event("3107", "solved", "10T16:20:00", from_="2", to="4")],
        "reopened": [event("3107", "reopened", "10T16:20:00", from_="4", to="2")],
        "priority_changed": prioritised("3107", "10T16:20:00", before="2", to="Urgent", ours="P0"),
    },
    "servicenow": {
        "created": [
            TicketArrived(
                external_id=NOW,
                record={
                    "id": "INC0048213",
                    "subject": "Cannot log in to the agent desktop",
                    "body": "Since the SSO change nobody in Leeds can log in.\n"
                    "Error: SAML_RESPONSE_EXPIRED",
                    "channel": "phone",
                    "received_at": at("10T16:05:00"),
                },
                as_of=at("10T16:05:00"),
                organization="Penrose Energy",
                requester="h.blake@penrose.example",
                url=f"https://penrose.example/nav_to.do?uri=incident.do?sys_id={NOW}",
                product_area="Access",
                desk_priority="3",
            )
        ],
        "customer_replied": [event(NOW, "resumed", "10T17:30:00", "h.blake")],
        "agent_replied": [event(NOW, "replied", "10T16:20:00", "d.weiss")],
        "private_note": [NOTE],
        "waiting": [event(NOW, "waiting", "10T16:40:00", "d.weiss", from_="2", to="3/1")],
        "on_vendor": [event(NOW, "resumed", "10T16:50:00", "d.weiss", from_="3/1", to="3/4")],
        "solved": [event(NOW, "solved", "10T18:00:00", "d.weiss", from_="2", to="6")],
        "reopened": [event(NOW, "reopened", "11T07:00:00", "h.blake", from_="6", to="2")],
        "priority_changed": prioritised(
            NOW, "10T16:30:00", "d.weiss", before="3", to="1", ours="P0"
        ),
        "text_changed": [
            TicketChanged(
                NOW,
                ("subject",),
                at("10T16:31:00"),
                True,
                subject="Nobody in Leeds and York can log in",
                author=("d.weiss",),
            )
        ],
        "own_priority": [OWN, OWN],
    },
    "zammad": {
        "created": [
            TicketArrived(
                external_id="81",
                record={
                    "id": "10081",
                    "subject": "Old greeting on the IVR",
                    "body": "The IVR plays the <b>old</b> greeting.<div><br></div>"
                    "<div>All lines, since this morning.</div>",
                    "channel": "email",
                    "received_at": at("10T16:05:00.282"),
                },
                as_of=at("10T16:05:00.333"),
                organization="Kessler Logistik",
                requester="petra@kessler.example",
                product_area="Service Desk",
                desk_priority="2 normal",
            )
        ],
        "customer_replied": [event("81", "resumed", "10T17:30:00", "8", "petra@kessler.example")],
        "agent_replied": [event("81", "replied", "10T16:20:00", "3", "dana@desk.example")],
        "auto_reply": [
            event("81", "replied", "10T16:05:02", "3", "dana@desk.example", person=False)
        ],
        "private_note": [NOTE],
        "waiting": [
            event("81", "waiting", "10T16:40:00", "3", "dana@desk.example", to="pending reminder")
        ],
        "solved": [event("81", "solved", "10T18:00:00", "3", "dana@desk.example", to="closed")],
        "reopened": [
            event("81", "reopened", "11T07:00:00", "8", "petra@kessler.example", to="open")
        ],
        "priority_changed": prioritised(
            "81", "10T16:30:00", "3", "dana@desk.example", to="3 high", ours="P1"
        ),
        "title_changed": [
            TicketChanged(
                "81",
                ("subject",),
                at("10T16:31:00"),
                True,
                subject="Old greeting on the IVR, all lines",
                author=("3", "dana@desk.example"),
            )
        ],
        "own_priority": [OWN, OWN],
    },
    "intercom": {
        "created": [
            TicketArrived(
                external_id="215472",
                record={
                    "id": "215472",
                    "subject": "Chat widget offline",
                    "body": "<p>The chat widget says <i>offline</i> all day.</p>",
                    "channel": "email",
                    "received_at": at("10T16:05:00"),
                },
                as_of=at("10T16:05:00"),
                requester="lucia@solaris.example",
                url="https://app.intercom.example/a/apps/k3/conversations/215472",
                labels=("chat",),
                desk_priority="not_priority",
            )
        ],
        "customer_replied": [
            event("215472", "resumed", "10T17:30:00", "66a0", "lucia@solaris.example")
        ],
        "agent_replied": [event("215472", "replied", "10T16:20:00", "9608", "dana@desk.example")],
        "bot_replied": [
            event(
                "215472",
                "replied",
                "10T16:05:10",
                "9699",
                "operator@intercom.example",
                person=False,
            )
        ],
        "private_note": [NOTE],
        "waiting": [event("215472", "waiting", "10T16:40:00", "9608", "dana@desk.example")],
        "solved": [event("215472", "solved", "10T18:00:00", "9608", "dana@desk.example")],
        "reopened": [event("215472", "reopened", "11T07:00:00", "9608", "dana@desk.example")],
        "priority_changed": prioritised(
            "215472", "10T16:30:00", "9608", "dana@desk.example", to="priority", ours="P1"
        ),
        "own_priority": [OWN, OWN],
        "ping": [Ping()],
    },
    "json": {
        "created": [
            TicketArrived(
                external_id="9914",
                record={
                    "id": "9914",
                    "subject": "Recordings missing",
                    "body": "No recordings since Friday for 12 agents.",
                    "channel": "phone",
                    "received_at": at("10T16:05:00"),
                },
                as_of=at("10T16:20:00"),
                organization="Lagoon Insurance",
                requester="noor@lagoon.example",
                desk_priority="P2",
            )
        ],
        "agent_replied": [event("9914", "replied", "10T16:20:00", "dana")],
        "customer_replied": [event("9914", "resumed", "10T16:20:00", "dana")],
        "waiting": [event("9914", "waiting", "10T16:20:00", "dana")],
        "solved": [event("9914", "solved", "10T16:20:00", "dana")],
        "reopened": [event("9914", "reopened", "10T16:20:00", "dana")],
        "priority_changed": prioritised("9914", "10T16:20:00", "dana", to="P1", ours="P1"),
        "text_changed": [
            TicketChanged(
                "9914",
                ("subject", "body"),
                at("10T16:20:00"),
                True,
                subject="Recordings missing for all",
                body="No recordings since Friday for 12 agents.",
                author=("dana",),
            )
        ],
        "own_priority": [OWN, OWN],
        "ping": [Ping()],
    },
}

Read = Callable[[str, str], tuple[Message, ...]]


@pytest.fixture(scope="module")
def read(
    sent: Callable[[str, str], dict[str, Any]],
    endpoint: Callable[..., Endpoint],
    headers: Callable[[str, str], dict[str, str]],
) -> Read:
    """Reads a payload as its endpoint does."""

    def read_case(folder: str, case: str) -> tuple[Message, ...]:
        desk = endpoint(folder.partition("_")[0])
        return read_delivery(desk, headers(folder, case), sent(folder, case))

    return read_case


@pytest.mark.parametrize(
    ("folder", "case"), [(folder, case) for folder in EXPECTED for case in EXPECTED[folder]]
)
def test_a_delivery_becomes_these_messages(folder: str, case: str, read: Read) -> None:
    expected = EXPECTED[folder][case]
    found = [_without_id(message) for message in read(folder, case)]
    assert found == [_without_id(message) for message in expected]


def _without_id(message: Message) -> Message:
    return Ignored(message.why) if isinstance(message, Ignored) else message


@pytest.mark.parametrize("folder", EXPECTED)
def test_every_payload_has_its_expectation(folder: str, cases: Callable[[str], set[str]]) -> None:
    assert cases(folder) == set(EXPECTED[folder])


@pytest.mark.parametrize("folder", EXPECTED)
def test_what_is_ignored_still_names_its_ticket(folder: str, read: Read) -> None:
    for case in EXPECTED[folder]:
        for message in read(folder, case):
            assert not isinstance(message, Ignored) or message.external_id is not None


@pytest.mark.parametrize("folder", EXPECTED)
def test_an_arrived_ticket_is_taken_by_the_border(folder: str, read: Read) -> None:
    (message,) = read(folder, "created")
    assert isinstance(message, TicketArrived)
    ticket = parse_ticket(message.record, default_id="none")
    assert ticket.id == message.record["id"]
    assert (ticket.subject, ticket.body) == (message.record["subject"], message.record["body"])


@pytest.mark.parametrize("folder", [each for each in EXPECTED if "own_priority" in EXPECTED[each]])
def test_without_an_own_user_the_same_change_is_a_persons(
    folder: str,
    sent: Callable[[str, str], dict[str, Any]],
    endpoint: Callable[..., Endpoint],
    headers: Callable[[str, str], dict[str, str]],
) -> None:
    desk = endpoint(folder, own_user=None)
    changed, chosen = read_delivery(
        desk, headers(folder, "own_priority"), sent(folder, "own_priority")
    )
    assert isinstance(changed, ClockEvent)
    assert isinstance(chosen, TicketChanged)


def test_a_ticket_made_by_our_own_account_is_no_write_back(
    sent: Callable[[str, str], dict[str, Any]], endpoint: Callable[..., Endpoint]
) -> None:
    payload = sent("zendesk", "created")
    payload["detail"]["actor_id"] = payload["detail"]["requester_id"] = "38811777"
    (message,) = read_delivery(endpoint("zendesk"), {}, payload)
    assert isinstance(message, TicketArrived)


@pytest.mark.parametrize(
    ("folder", "lines"),
    [
        ("zammad", ["The IVR plays the old greeting.", "All lines, since this morning."]),
        ("freshdesk", ["The callback button is gone from three of our sites."]),
        ("intercom", ["The chat widget says offline all day."]),
    ],
)
def test_html_arrives_as_it_was_sent_and_the_reader_cleans_it(
    folder: str, lines: list[str], read: Read
) -> None:
    (message,) = read(folder, "created")
    assert isinstance(message, TicketArrived)
    seen = clean("", message.record["body"]).text
    assert [" ".join(line.split()) for line in seen.splitlines() if line.strip()] == lines
