"""Requests that get no assessment learn why, as RFC 9457 has it."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tickets import InputFaults
from triage.desk import Desk
from triage.journal import JsonLines
from triage.service.limits import Limits
from triage.service.listening import listen

JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    return document


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "The body is not JSON: Expecting value at character 1."),
        (b'{"body": "x"', "The body is not JSON: Expecting ',' delimiter at character 13."),
        (b'{"body": "caf\xe9"}', "The body is not JSON: byte 14 is not UTF-8."),
        (b'{"body": Infinity}', "The body is not JSON: it holds Infinity."),
        (b"[" * 100_000, "The body is not JSON: it is nested too deeply."),
    ],
)
def test_bad_json(service: httpx.Client, content: bytes, detail: str) -> None:
    for path in ("/v1/triage", "/v1/triage/batch"):
        answer = service.post(path, content=content, headers=JSON)
        assert problem(answer, 400)["detail"] == detail


@pytest.mark.parametrize(
    ("ticket", "field", "detail"),
    [
        ({}, "body", "subject and body are both empty (give at least one of them)"),
        ({"body": " \n"}, "body", "subject and body are both empty"),
        ({"body": "x", "tier": "premum"}, "tier", 'did you mean "premium"?'),
        ({"body": "x", "channel": "fax"}, "channel", "unknown channel 'fax'"),
        ({"body": "x", "received_at": "2026-07-10T09:05:00"}, "received_at", "has no UTC offset"),
        ({"body": "x", "received_at": "1999-07-10T09:05:00Z"}, "received_at", "2000 and 2040"),
        ({"body": "a\x00b"}, "body", "holds a NUL character"),
        ({"body": {"text": "x"}}, "body", "is not a text"),
        ({"body": "x" * 10_000_001}, "body", "is longer than 10,000,000 characters"),
        ("Chat is down", "row", "is no JSON object"),
    ],
)
def test_what_is_no_ticket(service: httpx.Client, ticket: Any, field: str, detail: str) -> None:
    document = problem(service.post("/v1/triage", json=ticket), 422)
    assert detail in document["detail"]
    assert [error["field"] for error in document["errors"]] == [field]
    assert len(str(document)) < 1_000


def test_a_list_and_a_ticket_are_sent_to_the_right_address(service: httpx.Client) -> None:
    ticket = {"body": "Chat is down"}
    assert "/v1/triage/batch" in problem(service.post("/v1/triage", json=[ticket]), 422)["detail"]
    detail = problem(service.post("/v1/triage/batch", json=ticket), 422)["detail"]
    assert "send one ticket to /v1/triage" in detail


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-ndjson"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {},
    ],
)
def test_another_media_type(service: httpx.Client, headers: dict[str, str]) -> None:
    answer = service.post("/v1/triage", content=b'{"body": "x"}', headers=headers)
    problem(answer, 415)
    assert answer.headers["accept"] == "application/json"


def test_an_address_or_method_that_is_not_there(service: httpx.Client) -> None:
    assert "/docs" in problem(service.get("/v1/nothing"), 404)["detail"]
    answer = service.get("/v1/triage")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_a_parameter_with_a_wrong_value(service: httpx.Client) -> None:
    answer = service.post("/v1/triage", json={"body": "x"}, params={"dry_run": "maybe"})
    errors = problem(answer, 422)["errors"]
    assert [(error["field"], error["value"]) for error in errors] == [("dry_run", "maybe")]


def test_too_large_a_body_is_refused_whether_its_length_is_told_or_not(
    strict: httpx.Client,
) -> None:
    large = b'{"body": "' + b"x" * 4_000_000 + b'"}'
    told = strict.post("/v1/triage", content=large, headers=JSON)
    assert "larger than 1,000 bytes" in problem(told, 413)["detail"]
    untold = strict.post("/v1/triage", content=iter([large[:600], large[600:1_200]]), headers=JSON)
    problem(untold, 413)
    batch = strict.post("/v1/triage/batch", content=large, headers=JSON)
    assert "larger than 2,000 bytes" in problem(batch, 413)["detail"]


def test_too_many_items_are_refused(strict: httpx.Client) -> None:
    items = [{"body": "x"}] * 4
    detail = problem(strict.post("/v1/triage/batch", json=items), 413)["detail"]
    assert detail == "The batch has 4 items, more than 3; send it in parts."
    lines = b'{"body": "x"}\n' * 4
    problem(strict.post("/v1/triage/batch", content=lines, headers=LINES), 413)
    assert strict.post("/v1/triage/batch", json=items[:3]).status_code == 200


def stalled(client: httpx.Client, path: str) -> socket.socket:
    """Open a request whose body does not come."""
    url = client.base_url
    request = (
        f"POST {path} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: application/json\r\n"
        "Content-Length: 13\r\n\r\n"
    )
    connection = socket.create_connection((url.host, url.port or 80), timeout=30)
    connection.sendall(request.encode())
    return connection


def test_a_body_that_does_not_come_is_not_waited_for(strict: httpx.Client) -> None:
    with stalled(strict, "/v1/triage") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["/v1/triage", "/v1/triage/batch"])
def test_when_all_places_are_taken_the_client_is_asked_to_come_again(
    serve: Callable[..., Any], path: str
) -> None:
    limits = Limits(waiting_tickets=1, running_batches=1, retry_seconds=7)
    with serve(limits=limits) as client, stalled(client, path) as first:
        answers = (client.post(path, json=[]) for _ in range(1_000))
        answer = next(answer for answer in answers if answer.status_code == 503)
        assert "waiting" in problem(answer, 503)["detail"]
        assert answer.headers["retry-after"] == "7"
        assert client.get("/healthz").status_code == 200
        first.sendall(b'{"body": "x"}')
        assert first.recv(100).startswith(
            b"HTTP/1.1 200 " if path == "/v1/triage" else b"HTTP/1.1 422 "
        )
        freed = client.post(path, json=[] if path.endswith("batch") else {"body": "x"})
        assert freed.status_code == 200


def test_a_failure_of_the_program_is_a_problem_without_a_word_of_the_ticket(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    unfurnished = Desk(rooms=None)  # type: ignore[arg-type]
    with serve(unfurnished) as client:
        document = problem(client.post("/v1/triage", json={"body": "Kingfisher"}), 500)
        assert document["detail"] == "The service failed on this request; its log says where."
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/v1/triage/batch", json=[{"body": "Kingfisher"}])
        assert client.get("/healthz").status_code == 200
    failed = [record for record in caplog.records if record.getMessage() == "failed"]
    assert [vars(record)["fields"]["error"] for record in failed] == ["AttributeError"] * 2
    assert "Kingfisher" not in "".join(JsonLines().format(record) for record in caplog.records)


def test_texts_and_query_strings_are_not_logged(
    service: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="triage")
    ticket = {"id": "Kingfisher", "body": "Kingfisher", "tier": "Kingfisher"}
    service.post("/v1/triage", json=ticket)
    service.post("/v1/triage/batch?note=Kingfisher", json=[ticket])
    service.get("/Kingfisher")
    logged = [r for r in caplog.records if r.name.startswith("triage")]
    assert [(r.getMessage(), *list(vars(r)["fields"].values())[1:4]) for r in logged] == [
        ("request", "POST", "/v1/triage", 422),
        ("request", "POST", "/v1/triage/batch", 200),
        ("request", "GET", "unknown", 404),
    ]
    lines = [JsonLines().format(record) for record in logged]
    assert [json.loads(line)["status"] for line in lines] == [422, 200, 404]
    assert "Kingfisher" not in "".join(lines)


@pytest.mark.parametrize("host", ["no such host", "x" * 70 + ".example"])
def test_a_host_that_is_none_is_named(host: str) -> None:
    with pytest.raises(InputFaults, match="is no address"):
        listen(host, 0)
