"""The same delivery, sent again, has the same id; the body of any is read with patience."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from triage.integrations import NotAPayload, delivery_id, payload_of

Read = Callable[[str, str], dict[str, Any]]


@pytest.mark.parametrize(
    ("source", "headers", "payload", "expected"),
    [
        (
            "zendesk",
            {"X-Zendesk-Webhook-Invocation-Id": "01J2"},
            {"type": "zen:event-type:ticket.created", "id": "cbe4"},
            "zen:event-type:ticket.created:cbe4",
        ),
        # a trigger's own "id" may be the ticket's: the same in every delivery
        ("zendesk", {"x-zendesk-webhook-invocation-id": "01J2"}, {"id": "48213"}, "01J2"),
        ("github", {"X-GitHub-Delivery": "72d3162e"}, {}, "72d3162e"),
        ("jira", {"X-Atlassian-Webhook-Identifier": "evt-1"}, {}, "evt-1"),
        ("servicenow", {}, {"sys_id": "a83f", "sys_mod_count": 4}, "a83f:4"),
        ("zammad", {"X-Zammad-Delivery": "55b1"}, {}, "55b1"),
        ("intercom", {}, {"id": "notif_1"}, "notif_1"),
        ("json", {"Idempotency-Key": "k-1"}, {"id": "no"}, "k-1"),
    ],
)
def test_the_desks_own_id_is_taken(
    source: str, headers: dict[str, str], payload: dict[str, Any], expected: str
) -> None:
    assert delivery_id(source, headers, payload, b"{}") == expected


DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    ("source", "headers", "payload"),
    [
        ("freshdesk", {}, {"id": 1}),
        ("zendesk", {}, {}),
        ("github", {"X-GitHub-Delivery": " "}, {}),
        ("github", {"X-GitHub-Delivery": "x" * 201}, {}),
        ("servicenow", {}, {"sys_id": "a83f"}),
        ("servicenow", {}, {"sys_id": ["a83f"], "sys_mod_count": "1"}),
        ("intercom", {}, {"id": None}),
    ],
)
def test_where_the_desk_sends_none_the_body_tells(
    source: str, headers: dict[str, str], payload: dict[str, Any]
) -> None:
    assert delivery_id(source, headers, payload, b"{}") == DIGEST
    assert delivery_id(source, headers, payload, b"{} ") != DIGEST


def test_two_updates_of_an_incident_are_two_deliveries(sent: Read) -> None:
    ids = {
        delivery_id("servicenow", {}, sent("servicenow", case), b"")
        for case in ("created", "agent_replied", "customer_replied", "waiting")
    }
    assert len(ids) == 4


def test_a_body_is_read_as_one_object() -> None:
    assert payload_of(b'\xef\xbb\xbf{"a": "\xc3\xa4"}', {}) == {"a": "ä"}


def test_what_careless_templates_send_is_read() -> None:
    assert payload_of(b'{"a": "one\ntwo\tthree"}', {}) == {"a": "one\ntwo\tthree"}
    assert payload_of(b'{"a": "\xff"}', {}) == {"a": "\ufffd"}
    assert payload_of(b'{"a": NaN, "b": -Infinity}', {}) == {"a": None, "b": None}


def test_a_number_too_long_for_python_is_text() -> None:
    digits = "9" * 5000
    assert payload_of(f'{{"a": {digits}, "b": 12}}'.encode(), {}) == {"a": digits, "b": 12}


def test_githubs_form_is_read() -> None:
    form = urlencode({"payload": json.dumps({"zen": "a & b"})}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert payload_of(form, kind) == {"zen": "a & b"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the body is not JSON: Expecting value at character 1"),
        (b'{"text": "a "b" c"}', "the body is not JSON: Expecting ',' delimiter at character 14"),
        (b"[1, 2]", "the body is no JSON object"),
        (b"null", "the body is no JSON object"),
        (b"[" * 100_000, "the body is nested too deeply"),
    ],
)
def test_what_is_no_object_is_told_without_quoting_it(body: bytes, problem: str) -> None:
    with pytest.raises(NotAPayload, match="body") as caught:
        payload_of(body, {})
    assert str(caught.value) == problem


@pytest.mark.parametrize("form", [b"other=1", b"&".join(b"a=1" for _ in range(50))])
def test_a_form_without_a_payload_is_none(form: bytes) -> None:
    with pytest.raises(NotAPayload):
        payload_of(form, {"content-type": "application/x-www-form-urlencoded"})
