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
response, come out. Both are stored, and people decide on them. Errors are RFC 9457 problem
documents. Once a key was made with `triage keys add`, every call carries one as a bearer token;
until then the service listens on its own machine only.
"""

_PARAMETERS = ("Action", "Order", "QueueState")
"""Schemas of parameters, which FastAPI writes; all others stand in `components.yaml`."""

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


_BODY_PROBLEMS: Answers = {
    400: _problem("The body is not JSON, or not UTF-8."),
    408: _problem("The body did not arrive in time."),
    413: _problem("The body is too large, or a batch has too many items."),
    415: _problem("The body has another media type, charset or encoding."),
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_BUSY: Answers = {
    503: {
        **_problem("Too many requests wait, or the store does not answer."),
        "headers": _RETRY_AFTER,
    },
}
_ACCESS: Answers = {
    401: _problem("The service asks for a key, and this is none of its keys."),
    403: _problem("The key lacks the scope; without keys, the call is not to a loopback name."),
    429: {**_problem("The key sends too many requests."), "headers": _RETRY_AFTER},
    **_BUSY,
}
_WRONG: Answers = {422: _problem("A field or a parameter has a value that cannot be used.")}
_UNKNOWN: Answers = {404: _problem("There is nothing with this id.")}
_LINES = {"type": "string", "description": "One JSON object a line."}
_ETAG = {"ETag": {"description": "For If-Match.", "schema": {"type": "string"}}}


def _answer(description: str, name: str, *examples: str) -> dict[str, Any]:
    return {"description": description, "content": _content(JSON, _schema(name), *examples)}


TICKET_BODY = _body(_content(JSON, _schema("Ticket"), "outage", "question"))
BATCH_BODY = _body(
    {
        **_content(JSON, _list_of("Ticket"), "tickets"),
        **_content(NDJSON, _LINES, "lines"),
    }
)
DELIVERY_BODY = _body({JSON: {"schema": {"type": "object"}}})
DECISION_BODY = _body(_content(JSON, _schema("Choice"), "accept", "override"))
PROMOTION_BODY = {
    "requestBody": {"required": False, "content": {JSON: {"schema": _schema("Terms")}}}
}
TICKET_ANSWERS: Answers = {
    200: _answer("The assessment.", "Assessment", "assessment"),
    409: _problem("The request with this Idempotency-Key is being worked on."),
    **_BODY_PROBLEMS,
    **_WRONG,
    **_ACCESS,
}
BATCH_ANSWERS: Answers = {
    200: {
        "description": "An assessment for each item, in the order of the items.",
        "content": {
            JSON: {"schema": _list_of("Assessment")},
            NDJSON: {"schema": _LINES},
        },
    },
    **_BODY_PROBLEMS,
    **_WRONG,
    **_ACCESS,
}
DELIVERY_ANSWERS: Answers = {
    202: _answer("The delivery is in the inbox, now or since it came before.", "Receipt"),
    401: _problem("The delivery does not prove where it comes from."),
    404: _problem("There is no such endpoint."),
    400: _BODY_PROBLEMS[400],
    408: _BODY_PROBLEMS[408],
    413: _BODY_PROBLEMS[413],
    422: _problem("The address cannot be read."),
    **_BUSY,
}
SUGGESTIONS_ANSWERS: Answers = {
    200: _answer("A page of suggestions.", "Suggestions"),
    **_WRONG,
    **_ACCESS,
}
SUGGESTION_ANSWERS: Answers = {
    200: {**_answer("The suggestion.", "Suggestion"), "headers": _ETAG},
    **_UNKNOWN,
    **_WRONG,
    **_ACCESS,
}
DECISION_ANSWERS: Answers = {
    201: {**_answer("The entry in the log of decisions.", "Decision"), "headers": _ETAG},
    409: {
        **_problem("The ticket is no longer as the caller saw it, or is decided."),
        "headers": _ETAG,
    },
    **_UNKNOWN,
    **_BODY_PROBLEMS,
    **_WRONG,
    **_ACCESS,
}
MODELS_ANSWERS: Answers = {200: _answer("The models.", "Models"), **_ACCESS}
PROMOTION_ANSWERS: Answers = {
    200: _answer("Done.", "Done"),
    **_BODY_PROBLEMS,
    **_WRONG,
    **_ACCESS,
}
HEALTH_ANSWERS: Answers = {200: _answer("It lives.", "Health")}
READY_ANSWERS: Answers = {200: _answer("All is loaded, the store answers.", "Ready"), **_BUSY}
METRICS_ANSWERS: Answers = {
    200: {
        "description": "Counts and times.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    **_ACCESS,
}


def describe(app: FastAPI) -> None:
    """Complete the OpenAPI document of an app whose routes are all there."""
    text = (files("triage.service") / "components.yaml").read_text("utf-8")
    components = yaml.load(text, Loader=yaml.CSafeLoader)
    generated = app.openapi()["components"]["schemas"]
    for name in _PARAMETERS:
        components["schemas"][name] = generated[name]
    app.openapi()["components"] = components
