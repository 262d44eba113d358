"""Many tickets over HTTP: lists and lines."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tickets import parse_ticket
from triage.desk import Desk
from triage.service.limits import LIMITS

LINES = {"content-type": "application/x-ndjson"}
TICKETS = [{"id": "A", "body": "Chat is down"}, {"body": "How do I rename a queue?"}]


def post_lines(service: httpx.Client, content: bytes) -> list[dict[str, Any]]:
    answer = service.post("/v1/triage/batch", content=content, headers=LINES)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_list_for_a_list_in_its_order(service: httpx.Client, desk: Desk) -> None:
    answer = service.post("/v1/triage/batch", json=TICKETS)
    assert answer.status_code == 200
    answered = answer.json()
    assert all(record.pop("suggestion_id") for record in answered)
    assert answered == [
        desk.assess(parse_ticket(ticket, default_id=str(number))).as_record()
        for number, ticket in enumerate(TICKETS, start=1)
    ]


def test_lines_for_lines_and_the_same_answers(service: httpx.Client) -> None:
    content = "\n".join(json.dumps(ticket) for ticket in TICKETS).encode()
    first, second = post_lines(service, content)
    again, anew = service.post("/v1/triage/batch", json=TICKETS).json()
    assert first == again  # known by its id, so the suggestion that it has
    assert second.pop("suggestion_id") != anew.pop("suggestion_id")
    assert second == anew


def test_each_of_two_tickets_with_one_id_is_answered_by_its_own_text(
    service: httpx.Client, desk: Desk
) -> None:
    bodies = ["Phones are down for all agents, nobody can take calls", "How do I rename a queue?"]
    twins = [{"id": "twin", "body": body} for body in bodies]
    answered = service.post("/v1/triage/batch", json=twins).json()
    assert [record["priority"] for record in answered] == [
        desk.assess(parse_ticket(twin, default_id="")).as_record()["priority"] for twin in twins
    ]
    assert len({record["suggestion_id"] for record in answered}) == 2


def test_items_beyond_one_chunk_keep_their_order(service: httpx.Client) -> None:
    many = [{"id": str(n), "body": "Chat is down"} for n in range(2 * LIMITS.chunk + 1)]
    answered = service.post("/v1/triage/batch", json=many).json()
    assert [record["id"] for record in answered] == [ticket["id"] for ticket in many]


def test_an_item_that_is_no_ticket_keeps_its_id_and_has_an_error(service: httpx.Client) -> None:
    items = [
        {"id": "good", "body": "Chat is down"},
        {"id": "empty", "body": " "},
        {"id": "gold", "body": "x", "tier": "gold"},
        {"id": "list", "body": ["x"]},
        {"id": "half a character \ud800", "body": "\x00"},
        "text",
        None,
        {"id": ["odd"], "body": "x"},
        {"id": "z" * 256, "body": "x"},
    ]
    content = json.dumps(items).encode()  # as ASCII, with escapes
    headers = {"content-type": "application/json"}
    answered = service.post("/v1/triage/batch", content=content, headers=headers).json()
    assert [record["id"] for record in answered[:4]] == ["good", "empty", "gold", "list"]
    assert answered[4]["id"] == "half a character \ud800"
    assert [record["id"] for record in answered[5:]] == ["6", "7", "['odd']", "z" * 256]
    assert [record["priority"] is None for record in answered] == [False] + [True] * 8
    assert answered[0]["error"] is None
    assert answered[1]["error"]["problem"] == "subject and body are both empty"
    assert answered[2]["error"] == {
        "field": "tier",
        "value": "gold",
        "problem": "unknown tier 'gold'",
        "remedy": "use one of standard, premium",
    }
    assert answered[3]["error"]["problem"] == "is not a text"
    assert answered[5]["error"]["problem"] == "is no JSON object"
    assert answered[8]["error"]["problem"] == "is longer than 255 characters"


def test_bad_lines_do_not_affect_the_others(service: httpx.Client) -> None:
    content = (
        b'\xef\xbb\xbf{"id": "A", "body": "Chat is down"}\r\n\n'
        b'{"id": "B", "body": \n'
        b'{"body": "caf\xe9"}\n'
        b'{"body": NaN}\n' + b"[" * 100_000 + b"\n"
        b'{"id": 1' + b"0" * 5_000 + b"}\n"
        b'{"id": "C", "body": "Chat is down"}'
    )
    answered = post_lines(service, content)
    assert [record["id"] for record in answered] == ["A", "2", "3", "4", "5", "6", "C"]
    assert [record["error"] and record["error"]["problem"] for record in answered] == [
        None,
        "is not JSON: Expecting value at character 21",
        "is not JSON: byte 14 is not UTF-8",
        "is not JSON: it holds NaN",
        "is not JSON: it is nested too deeply",
        "is not JSON: it holds a number of too many digits",
        None,
    ]


def test_nothing_for_nothing(service: httpx.Client) -> None:
    assert service.post("/v1/triage/batch", json=[]).json() == []
    assert post_lines(service, b"\n") == []
