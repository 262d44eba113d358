"""The OpenAPI document is whole and true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema import Draft202012Validator


@pytest.fixture(scope="module")
def document(service: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = service.get("/openapi.json").json()
    return found


def validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    OpenAPI.model_validate(document)
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(references(document)):
        _, _, kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_every_component_is_used(document: dict[str, Any]) -> None:
    used = set(references(document))
    for kind, named in document["components"].items():
        assert [name for name in named if f"#/components/{kind}/{name}" not in used] == []


def test_examples_are_what_they_are_examples_of(document: dict[str, Any]) -> None:
    examples = document["components"]["examples"]
    for name in ("outage", "question"):
        validator(document, "Ticket").validate(examples[name]["value"])
    for ticket in examples["tickets"]["value"]:
        validator(document, "Ticket").validate(ticket)
    validator(document, "Assessment").validate(examples["assessment"]["value"])


def test_examples_are_answered(document: dict[str, Any], service: httpx.Client) -> None:
    examples = document["components"]["examples"]
    for name in ("outage", "question"):
        assert service.post("/v1/triage", json=examples[name]["value"]).status_code == 200
    lines = service.post(
        "/v1/triage/batch",
        content=examples["lines"]["value"],
        headers={"content-type": "application/x-ndjson"},
    )
    assert lines.status_code == 200


def test_answers_are_as_described(document: dict[str, Any], service: httpx.Client) -> None:
    tickets = [
        {"body": "Chat is down for all"},
        document["components"]["examples"]["outage"]["value"],
    ]
    for record in service.post("/v1/triage/batch", json=[*tickets, {"body": ""}]).json():
        validator(document, "Assessment").validate(record)
    validator(document, "Ready").validate(service.get("/readyz").json())
    validator(document, "Health").validate(service.get("/healthz").json())
    validator(document, "Problem").validate(service.post("/v1/triage", json={}).json())
