"""Payloads of the desks, and endpoints to which they deliver."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from triage.integrations.desk_words import words_of
from triage.integrations.endpoints import AUTHENTICATION, Endpoint
from triage.integrations.field_mapping import load_mapping

FIXTURES = Path(__file__).with_name("fixtures")

OWN_USERS = {
    "zendesk": "38811777",
    "github": "ujet-triage-sync",
    "jira": "557:77",
    "servicenow": "ujet.triage",
    "zammad": "triage@desk.example",
    "intercom": "9777",
    "json": "ujet-triage",
}
SECRET = b"a secret of the tests, of no other use"

Sent = Callable[[str, str], dict[str, Any]]
MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture(scope="session")
def sent() -> Sent:
    """Reads one payload, by folder and name."""

    def read(folder: str, case: str) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(
            (FIXTURES / folder / f"{case}.json").read_text("utf-8")
        )
        return payload

    return read


@pytest.fixture(scope="session")
def cases() -> Callable[[str], set[str]]:
    """Names the payloads of a folder."""
    return lambda folder: {path.stem for path in (FIXTURES / folder).glob("*.json")}


@pytest.fixture(scope="session")
def endpoint() -> MakeEndpoint:
    """Makes an endpoint of a source, that of the fixtures unless told otherwise."""

    def make(source: str, **values: Any) -> Endpoint:
        mapping = load_mapping(FIXTURES / "json" / "mapping.yaml") if source == "json" else None
        usual = {
            "name": f"test-{source}",
            "source": source,
            "authentication": AUTHENTICATION[source][0],
            "secret": SECRET,
            "words": words_of(source),
            "own_user": OWN_USERS.get(source),
            "mapping": mapping,
        }
        return Endpoint(**{**usual, **values})

    return make


@pytest.fixture(scope="session")
def headers() -> Callable[[str, str], dict[str, str]]:
    """Gives the headers that decide how a payload is read."""
    return _headers


def _headers(folder: str, case: str) -> dict[str, str]:
    if folder == "github":
        is_comment = case.endswith("_replied") or case == "own_comment"
        event = "ping" if case == "ping" else "issue_comment" if is_comment else "issues"
        return {"x-github-event": event}
    if folder == "zammad":
        return {"x-zammad-trigger": f"triage {_ZAMMAD.get(case, 'article')}"}
    return {}


_ZAMMAD = {
    "created": "created",
    "waiting": "state",
    "solved": "state",
    "reopened": "state",
    "priority_changed": "priority",
    "own_priority": "priority",
    "title_changed": "title",
}
