"""What single desks do in their own way, and what is easily taken for something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from triage.integrations import (
    ClockEvent,
    Endpoint,
    Ignored,
    Message,
    TicketArrived,
    TicketChanged,
    read_delivery,
)
from triage.integrations.desk_words import Stage, change_of_stage, words_of
from triage.integrations.fields import header, instant, text, texts, value_at
from triage.integrations.own_marks import is_own_comment, is_own_tag

Make = Callable[..., Endpoint]
Read = Callable[[str, str], dict[str, Any]]
HeadersOf = Callable[[str, str], dict[str, str]]


def only(messages: tuple[Message, ...]) -> Message:
    (message,) = messages
    return message


def arrived(messages: tuple[Message, ...]) -> TicketArrived:
    message = only(messages)
    assert isinstance(message, TicketArrived)
    return message


def kind(messages: tuple[Message, ...]) -> str:
    message = messages[0]
    return str(message.kind) if isinstance(message, ClockEvent) else type(message).__name__


# Zendesk


def test_zendesks_first_comment_is_no_answer_even_where_an_agent_made_the_ticket(
    sent: Read, endpoint: Make
) -> None:
    payload = sent("zendesk", "agent_replied")
    payload["event"]["comment"]["body"] = payload["detail"]["description"]
    message = only(read_delivery(endpoint("zendesk"), {}, payload))
    assert message == Ignored("the first comment is the ticket itself", "48213")


def test_what_zendesks_system_does_is_no_persons_doing(sent: Read, endpoint: Make) -> None:
    payload = sent("zendesk", "solved")
    payload["detail"]["actor_id"] = "-1"
    message = only(read_delivery(endpoint("zendesk"), {}, payload))
    assert isinstance(message, ClockEvent)
    assert not message.by_person


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("NEW", "OPEN", "Ignored"),
        ("PENDING", "OPEN", "resumed"),
        ("PENDING", "HOLD", "resumed"),
        ("OPEN", "HOLD", "Ignored"),
        ("SOLVED", "CLOSED", "Ignored"),
        ("PENDING", "SOLVED", "solved"),
        ("OPEN", "DELETED", "solved"),
        ("SOLVED", "PENDING", "waiting"),
    ],
)
def test_zendesks_statuses(
    before: str, now: str, expected: str, sent: Read, endpoint: Make
) -> None:
    payload = sent("zendesk", "waiting")
    payload["event"].update(previous=before, current=now)
    assert kind(read_delivery(endpoint("zendesk"), {}, payload)) == expected


def test_only_the_head_of_a_zendesk_placeholder_is_taken_off(sent: Read, endpoint: Make) -> None:
    payload = sent("zendesk_trigger", "created")
    inner = f"Ours:\n{payload['ticket']['description']}"
    payload["ticket"]["description"] = inner
    assert arrived(read_delivery(endpoint("zendesk"), {}, payload)).record["body"] == inner


# GitHub


def test_a_pull_request_is_no_ticket(sent: Read, endpoint: Make) -> None:
    payload = sent("github", "agent_replied")
    payload["issue"]["pull_request"] = {"url": "https://api.github.example/pulls/57"}
    found = read_delivery(endpoint("github"), {"X-GitHub-Event": "issue_comment"}, payload)
    assert kind(found) == "Ignored"


def test_an_edited_comment_is_no_answer(sent: Read, endpoint: Make) -> None:
    payload = {**sent("github", "agent_replied"), "action": "edited"}
    found = read_delivery(endpoint("github"), {"X-GitHub-Event": "issue_comment"}, payload)
    assert kind(found) == "Ignored"


def test_a_member_who_opened_the_issue_is_its_customer(sent: Read, endpoint: Make) -> None:
    payload = sent("github", "agent_replied")
    payload["issue"]["user"] = payload["comment"]["user"]
    found = read_delivery(endpoint("github"), {"X-GitHub-Event": "issue_comment"}, payload)
    assert kind(found) == "resumed"


def test_without_its_repository_an_issue_is_known_by_its_address(
    sent: Read, endpoint: Make
) -> None:
    payload = sent("github", "created")
    del payload["repository"]
    found = arrived(read_delivery(endpoint("github"), {"X-GitHub-Event": "issues"}, payload))
    assert found.external_id == "northwind/cti-adapter#57"


def test_labels_that_an_endpoint_names_are_priorities_and_statuses(
    sent: Read, endpoint: Make
) -> None:
    words = words_of("github").also(
        {"sev: high": "P1"}, {"waiting": ["on hold"], "open": ["needs-info"]}
    )
    payload = sent("github", "priority_changed")
    expected = {"Sev: High": "priority_changed", "On hold": "waiting", "needs-info": "Ignored"}
    for label, kind_ in expected.items():
        payload["label"]["name"] = label
        found = read_delivery(
            endpoint("github", words=words), {"X-GitHub-Event": "issues"}, payload
        )
        assert kind(found) == kind_


def test_a_waiting_label_taken_off_resumes(sent: Read, endpoint: Make) -> None:
    payload = {**sent("github", "waiting"), "action": "unlabeled"}
    assert (
        kind(read_delivery(endpoint("github"), {"X-GitHub-Event": "issues"}, payload)) == "resumed"
    )


# Jira


def test_a_description_in_atlassians_document_format_becomes_text(
    sent: Read, endpoint: Make
) -> None:
    payload = sent("jira", "created")
    payload["issue"]["fields"]["description"] = {
        "type": "doc",
        "version": 1,
        "content": [
            {
                "type": "paragraph",
                "content": [{"type": "text", "text": "No "}, {"type": "text", "text": "rows."}],
            },
            {
                "type": "bulletList",
                "content": [
                    {
                        "type": "listItem",
                        "content": [
                            {"type": "paragraph", "content": [{"type": "text", "text": "daily"}]}
                        ],
                    }
                ],
            },
            {
                "type": "paragraph",
                "content": [{"type": "text", "text": "Help", "marks": [{"type": "strong"}]}],
            },
        ],
    }
    found = arrived(read_delivery(endpoint("jira"), {}, payload))
    assert [line for line in found.record["body"].splitlines() if line] == [
        "No rows.",
        "daily",
        "Help",
    ]
    assert found.missing == ()


def test_a_comment_of_data_center_names_its_issue_by_address_alone(
    sent: Read, endpoint: Make
) -> None:
    payload = sent("jira", "agent_replied")
    del payload["issue"]
    message = only(read_delivery(endpoint("jira"), {}, payload))
    assert (kind((message,)), getattr(message, "external_id", None)) == ("replied", "10231")


def test_a_comment_outside_service_desks_is_public_unless_restricted(
    sent: Read, endpoint: Make
) -> None:
    payload = sent("jira", "agent_replied")
    del payload["comment"]["jsdPublic"]
    assert kind(read_delivery(endpoint("jira"), {}, payload)) == "Ignored"
    payload["issue"]["fields"]["project"]["projectTypeKey"] = "software"
    assert kind(read_delivery(endpoint("jira"), {}, payload)) == "replied"
    payload["comment"]["visibility"] = {"type": "role", "value": "Developers"}
    assert kind(read_delivery(endpoint("jira"), {}, payload)) == "Ignored"


def test_a_reporter_without_an_address_is_their_account(sent: Read, endpoint: Make) -> None:
    payload = sent("jira", "created")
    del payload["issue"]["fields"]["reporter"]["emailAddress"]
    assert arrived(read_delivery(endpoint("jira"), {}, payload)).requester == "qm:71"


def test_a_deleted_issue_is_out_of_the_queue(sent: Read, endpoint: Make) -> None:
    payload = {**sent("jira", "created"), "webhookEvent": "jira:issue_deleted"}
    assert kind(read_delivery(endpoint("jira"), {}, payload)) == "solved"


def test_several_changes_at_once_are_several_messages(sent: Read, endpoint: Make) -> None:
    payload = sent("jira", "priority_changed")
    payload["changelog"]["items"] += sent("jira", "waiting")["changelog"]["items"]
    payload["changelog"]["items"] += sent("jira", "text_changed")["changelog"]["items"][:1]
    found = read_delivery(endpoint("jira"), {}, payload)
    told = [
        message.kind if isinstance(message, ClockEvent) else message.changed
        for message in found
        if isinstance(message, ClockEvent | TicketChanged)
    ]
    assert told == [("subject",), "priority_changed", ("priority",), "waiting"]


# Freshdesk, ServiceNow, Zammad, Intercom


def test_freshdesks_simple_content_of_a_reply_does_not_count(sent: Read, endpoint: Make) -> None:
    payload = sent("freshdesk", "agent_replied")
    del payload["freshdesk_webhook"]["event"]
    assert kind(read_delivery(endpoint("freshdesk"), {}, payload)) == "Ignored"


def test_freshdesks_api_fields_are_read_too(endpoint: Make) -> None:
    payload = {"id": 5, "subject": "s", "description": "<p>b</p>", "priority": 4, "source": 1}
    found = arrived(read_delivery(endpoint("freshdesk"), {}, payload))
    assert (found.external_id, found.desk_priority) == ("5", "4")
    assert found.record == {"id": "5", "subject": "s", "body": "<p>b</p>"}


def test_a_time_of_servicenow_is_utc(sent: Read, endpoint: Make) -> None:
    record = arrived(
        read_delivery(endpoint("servicenow"), {}, sent("servicenow", "created"))
    ).record
    assert record["received_at"] == datetime.fromisoformat("2026-07-10T16:05:00+00:00")


def test_servicenow_without_a_sys_id_is_known_by_its_number(sent: Read, endpoint: Make) -> None:
    payload = sent("servicenow", "waiting")
    del payload["sys_id"]
    (message,) = read_delivery(endpoint("servicenow"), {}, payload)
    assert getattr(message, "external_id", None) == "INC0048213"


def test_a_zammad_trigger_of_another_name_is_read_by_its_article(
    sent: Read, endpoint: Make
) -> None:
    found = read_delivery(
        endpoint("zammad"), {"X-Zammad-Trigger": "notify bot"}, sent("zammad", "created")
    )
    assert kind(found) == "TicketArrived"
    found = read_delivery(endpoint("zammad"), {}, sent("zammad", "agent_replied"))
    assert kind(found) == "replied"


def test_a_zammad_state_open_again_is_resumed_if_it_was_never_closed(
    sent: Read, endpoint: Make
) -> None:
    payload = sent("zammad", "reopened")
    payload["ticket"]["close_at"] = None
    found = read_delivery(endpoint("zammad"), {"X-Zammad-Trigger": "state"}, payload)
    assert kind(found) == "resumed"


def test_older_payloads_of_zammad_and_intercom_are_read(sent: Read, endpoint: Make) -> None:
    old = sent("zammad", "created")
    old["ticket"].update(priority="3 high", group="Service Desk")
    found = arrived(read_delivery(endpoint("zammad"), {}, old))
    assert (found.desk_priority, found.product_area) == ("3 high", "Service Desk")
    old = sent("intercom", "created")
    item = old["data"]["item"]
    item["conversation_message"] = item.pop("source")
    found = arrived(read_delivery(endpoint("intercom"), {}, old))
    assert found.record["subject"] == "Chat widget offline"


def test_a_chat_without_a_subject_is_complete(sent: Read, endpoint: Make) -> None:
    payload = sent("intercom", "created")
    payload["data"]["item"]["source"]["subject"] = ""
    found = arrived(read_delivery(endpoint("intercom"), {}, payload))
    assert (found.record["subject"], found.missing) == ("", ())


# Plain JSON


def test_an_event_outside_the_mapping_is_ignored(sent: Read, endpoint: Make) -> None:
    found = only(read_delivery(endpoint("json"), {}, {**sent("json", "created"), "kind": "liked"}))
    assert found == Ignored('event "liked" is none of ours', "9914")


# What all desks share


@pytest.mark.parametrize(
    ("before", "now", "kind_"),
    [
        (None, Stage.OPEN, "resumed"),
        (None, Stage.WAITING, "waiting"),
        (None, Stage.SOLVED, "solved"),
        (Stage.WAITING, Stage.OPEN, "resumed"),
        (Stage.SOLVED, Stage.OPEN, "reopened"),
        (Stage.SOLVED, Stage.WAITING, "waiting"),
        (Stage.OPEN, Stage.OPEN, None),
        (Stage.WAITING, Stage.WAITING, None),
    ],
)
def test_a_change_of_stage(before: Stage | None, now: Stage, kind_: str | None) -> None:
    assert change_of_stage(before, now) == kind_


@pytest.mark.parametrize(
    ("comment", "is_ours"),
    [
        ("[ujet_triage] Suggested P1", True),
        ("<!-- ujet_triage --> Suggested P1", True),
        ("<p><strong>[UJET_TRIAGE] Suggested", True),
        ("ujet_triage: P1", True),
        ("Thanks!\n> [ujet_triage] Suggested P1", False),
        ("> [ujet_triage] Suggested P1", False),
        ("[ujet_triager] is who?", False),
        ("", False),
        (None, False),
        ("<" * 50_000, False),
        (" " * 50_000, False),
    ],
)
def test_our_own_comments_begin_with_our_mark(comment: str | None, is_ours: bool) -> None:
    assert is_own_comment(comment) is is_ours


def test_our_own_tags_begin_with_our_mark() -> None:
    assert is_own_tag("ujet_triage__p1")
    assert is_own_tag(" UJET_triage ")
    assert not is_own_tag("triage__p1")


def test_a_reason_never_repeats_a_long_name(endpoint: Make) -> None:
    found = only(read_delivery(endpoint("intercom"), {}, {"topic": "x" * 5000}))
    assert found == Ignored(f'topic "{"x" * 60}" changes neither text nor clock')


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-10T16:05:00Z", "2026-07-10T16:05:00+00:00"),
        ("2026-07-10T18:05:00.123456789+0200", "2026-07-10T16:05:00.123456+00:00"),
        (" 2026-07-10T16:05Z ", "2026-07-10T16:05:00+00:00"),
        (1783699500, "2026-07-10T16:05:00+00:00"),
        (1783699500123, "2026-07-10T16:05:00.123000+00:00"),
        ("2026-07-10", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        (10**40, None),
        (float("nan"), None),
        (True, None),
        (None, None),
    ],
)
def test_instants(value: Any, expected: str | None) -> None:
    assert instant(value) == (None if expected is None else datetime.fromisoformat(expected))


def test_small_values() -> None:
    values: list[Any] = [" a ", "", 5, 1.5, True, None, [], 10**50]
    assert [text(value) for value in values] == ["a", None, "5", "1.5", None, None, None, None]
    assert texts("a, b  c") == ("a", "b", "c")
    assert texts([{"name": "a"}, "b", 5, None, {"x": 1}]) == ("a", "b", "5")
    assert value_at({"a": [{"b": 1}]}, "a", 0, "b") == 1
    assert value_at({"a": [1]}, "a", 1) is None
    assert value_at([1], "a") is None
    assert header({"X-A": " v "}, "x-a") == "v"
