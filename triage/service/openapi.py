"""What the OpenAPI document says beyond the routes: bodies, answers, examples, problems."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml
from fastapi import FastAPI

from triage.service.bodies import JSON, NDJSON
from triage.service.problems import PROBLEM_JSON

DESCRIPTION = """\
A support ticket goes in; a priority P0 to P4 with its reasons, and the deadline of the first
response, come out. Nothing is stored: a ticket is forgotten when its answer is sent. Errors are RFC
9457 problem documents. There is no authentication, so the service listens on its own machine only.
"""

Answers = dict[int | str, dict[str, Any]]


def _schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _examples(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/examples/{name}"} for name in names}


def _content(media_type: str, schema: dict[str, Any], *examples: str) -> dict[str, Any]:
    return {media_type: {"schema": schema, "examples": _examples(*examples)}}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _schema(name)}


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {PROBLEM_JSON: {"schema": _schema("Problem")}},
    }


_PROBLEMS: Answers = {
    400: _problem("The body is not JSON, or not UTF-8."),
    408: _problem("The body did not arrive in time."),
    413: _problem("The body is too large, or a batch has too many items."),
    415: _problem("The body has another media type, charset or encoding."),
    422: _problem("The body is JSON and no ticket or list, or a parameter has a wrong value."),
    503: {
        **_problem("Too many requests wait for the model."),
        "headers": {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        },
    },
}
_LINES = {"type": "string", "description": "One JSON object a line."}

TICKET_BODY = _body(_content(JSON, _schema("Ticket"), "outage", "question"))
BATCH_BODY = _body(
    {
        **_content(JSON, _list_of("Ticket"), "tickets"),
        **_content(NDJSON, _LINES, "lines"),
    }
)
TICKET_ANSWERS: Answers = {
    200: {
        "description": "The assessment.",
        "content": _content(JSON, _schema("Assessment"), "assessment"),
    },
    **_PROBLEMS,
}
BATCH_ANSWERS: Answers = {
    200: {
        "description": "An assessment for each item, in the order of the items.",
        "content": {
            JSON: {"schema": _list_of("Assessment")},
            NDJSON: {"schema": _LINES},
        },
    },
    **_PROBLEMS,
}
HEALTH_ANSWERS: Answers = {
    200: {"description": "It lives.", "content": {JSON: {"schema": _schema("Health")}}}
}
READY_ANSWERS: Answers = {
    200: {"description": "All is loaded.", "content": {JSON: {"schema": _schema("Ready")}}}
}


def describe(app: FastAPI) -> None:
    """Complete the OpenAPI document of an app whose routes are all there."""
    text = (files("triage.service") / "components.yaml").read_text("utf-8")
    app.openapi()["components"] = yaml.load(text, Loader=yaml.CSafeLoader)
