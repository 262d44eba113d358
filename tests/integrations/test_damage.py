"""Whatever is missing from a payload, null or of another type: no ticket is lost, nothing raises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets import parse_ticket
from triage.integrations import (
    ADAPTERS,
    ClockEvent,
    ClockKind,
    Endpoint,
    Message,
    TicketArrived,
    read_delivery,
)

Path_ = tuple[str | int, ...]
Make = Callable[..., Endpoint]
HeadersOf = Callable[[str, str], dict[str, str]]

FIXTURES = Path(__file__).with_name("fixtures")
CASES = sorted((file.parent.name, file.stem) for file in FIXTURES.glob("*/*.json"))

# What a field becomes: another type than any of its own; "drop" takes it out.
DROP = object()
DAMAGE: tuple[object, ...] = (DROP, None, 7, True, [], {"x": 1})

TELLS_THE_ID: dict[str, set[Path_]] = {
    "zendesk": {("detail", "id")},  # without its detail, the event's subject names the ticket
    "zendesk_trigger": {("ticket",), ("ticket", "id")},
    "github": {("issue",), ("issue", "number"), ("repository", "full_name")},
    "jira": {("issue",), ("issue", "id")},
    "freshdesk": {("freshdesk_webhook",), ("freshdesk_webhook", "ticket_id")},
    "servicenow": {("sys_id",)},
    "zammad": {("ticket", "id")},
    "intercom": {("data",), ("data", "item"), ("data", "item", "id")},
    "json": {("ticket",), ("ticket", "number")},
}


def read_file(folder: str, case: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((FIXTURES / folder / f"{case}.json").read_text("utf-8"))
    return payload


def paths(value: Any, here: Path_ = ()) -> Iterator[Path_]:
    if here:
        yield here
    inner: dict[Any, Any] = {}
    if isinstance(value, dict | list):
        inner = value if isinstance(value, dict) else dict(enumerate(value))
    for step, child in inner.items():
        yield from paths(child, (*here, step))


def damaged(value: Any, path: Path_, damage: object) -> Any:
    """Return a copy, shared but for the way to the damage."""
    step, *rest = path
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        copy[step] = damaged(copy[step], tuple(rest), damage)
    elif damage is DROP:
        del copy[step]
    else:
        copy[step] = damage
    return copy


def all_damaged(payload: dict[str, Any]) -> Iterator[tuple[Path_, dict[str, Any]]]:
    for path in paths(payload):
        value: Any = payload
        for step in path:
            value = value[step]
        for damage in DAMAGE:
            if type(damage) is not type(value):
                yield path, damaged(payload, path, damage)


def assert_sound(messages: tuple[Message, ...]) -> None:
    assert messages
    for message in messages:
        if isinstance(message, TicketArrived):
            ticket = parse_ticket(message.record, default_id="none")
            assert ticket.subject.strip() or ticket.body.strip()
            assert message.external_id


@pytest.mark.parametrize("folder", TELLS_THE_ID)
def test_a_new_ticket_lands_under_its_id_whatever_else_is_damaged(
    folder: str, endpoint: Make, headers: HeadersOf
) -> None:
    desk, payload = endpoint(folder.partition("_")[0]), read_file(folder, "created")
    (whole,) = read_delivery(desk, headers(folder, "created"), payload)
    assert isinstance(whole, TicketArrived)
    for path, broken in all_damaged(payload):
        (message,) = read_delivery(desk, headers(folder, "created"), broken)
        assert isinstance(message, TicketArrived), path
        parse_ticket(message.record, default_id="none")
        if path not in TELLS_THE_ID[folder]:
            assert message.external_id == whole.external_id, path


@pytest.mark.parametrize(("folder", "case"), CASES)
def test_damage_changes_neither_the_ticket_nor_makes_an_answer_of_what_was_none(
    folder: str, case: str, endpoint: Make, headers: HeadersOf
) -> None:
    desk, payload = endpoint(folder.partition("_")[0]), read_file(folder, case)
    sent_with = headers(folder, case)
    whole = read_delivery(desk, sent_with, payload)
    # Our own comment is known by its words alone.
    may_answer = has_answer(whole) or case == "own_comment"
    for path, broken in all_damaged(payload):
        messages = read_delivery(desk, sent_with, broken)
        assert_sound(messages)
        assert may_answer or not has_answer(messages), path
        if path not in TELLS_THE_ID[folder] and case != "ping":
            assert tickets_named(messages) == tickets_named(whole), path


def tickets_named(messages: tuple[Message, ...]) -> set[str | None]:
    return {getattr(message, "external_id", None) for message in messages}


def has_answer(messages: tuple[Message, ...]) -> bool:
    return any(
        isinstance(message, ClockEvent) and message.kind is ClockKind.REPLIED and message.by_person
        for message in messages
    )


@pytest.mark.parametrize(
    ("damage", "missing"),
    [
        ({"subject": None}, ("subject",)),
        ({"subject": ["x"]}, ("subject",)),
        ({"description": 5}, ("body",)),
        ({"created_at": "yesterday"}, ("received_at",)),
        ({"created_at": "2026-07-10T16:05:00"}, ("received_at",)),
        ({"created_at": "1999-07-10T16:05:00Z"}, ("received_at",)),
        ({"subject": "", "description": " "}, ("body",)),
        ({"description": "a\x00b"}, ("body",)),
        ({"description": "a\ud800b"}, ("body",)),
        ({"priority": None, "organization_id": None, "tags": None}, ()),
    ],
)
def test_what_is_missing_is_named(
    damage: dict[str, Any], missing: tuple[str, ...], endpoint: Make
) -> None:
    payload = read_file("zendesk", "created")
    payload["detail"].update(damage)
    (message,) = read_delivery(endpoint("zendesk"), {}, payload)
    assert isinstance(message, TicketArrived)
    assert message.missing == missing


def test_an_empty_ticket_has_a_body_that_says_so(endpoint: Make) -> None:
    payload = read_file("zendesk", "created")
    del payload["detail"]["subject"], payload["detail"]["description"]
    (message,) = read_delivery(endpoint("zendesk"), {}, payload)
    assert isinstance(message, TicketArrived)
    assert message.record["body"] == "(no text)"
    assert message.missing == ("subject", "body")


def test_characters_that_no_ticket_may_hold_are_replaced(endpoint: Make) -> None:
    payload = read_file("zendesk", "created")
    payload["detail"].update(subject="a\x00b", description="c\ud800d")
    (message,) = read_delivery(endpoint("zendesk"), {}, payload)
    assert isinstance(message, TicketArrived)
    assert (message.record["subject"], message.record["body"]) == ("a\ufffdb", "c\ufffdd")


def test_a_ticket_without_an_id_lands_under_the_same_one_when_it_is_sent_again(
    endpoint: Make,
) -> None:
    payload = read_file("freshdesk", "created")
    del payload["freshdesk_webhook"]["ticket_id"]
    (first,), (again,) = (read_delivery(endpoint("freshdesk"), {}, payload) for _ in range(2))
    assert isinstance(first, TicketArrived)
    assert first == again
    assert first.external_id.startswith("no-id-")
    assert first.missing == ("id",)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_several_damages_at_once_raise_nothing(
    data: st.DataObject, endpoint: Make, headers: HeadersOf
) -> None:
    folder, case = data.draw(st.sampled_from(CASES))
    payload = read_file(folder, case)
    for _ in range(data.draw(st.integers(1, 6))):
        where = list(paths(payload))
        if where:
            path = data.draw(st.sampled_from(where))
            payload = damaged(payload, path, data.draw(st.just(DROP) | VALUES))
    desk = endpoint(folder.partition("_")[0])
    given_headers = data.draw(st.sampled_from([headers(folder, case), {}]))
    assert_sound(read_delivery(desk, given_headers, payload))


@settings(max_examples=100, deadline=None)
@given(
    source=st.sampled_from(sorted(ADAPTERS)),
    payload=st.dictionaries(st.text(max_size=12), VALUES),
)
def test_any_object_at_all_raises_nothing(
    source: str, payload: dict[str, Any], endpoint: Make
) -> None:
    assert_sound(read_delivery(endpoint(source), {}, payload))
