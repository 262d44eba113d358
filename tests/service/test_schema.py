"""Whatever is sent, the answer is one that the OpenAPI document foretells; none is a 500."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from classifier import Reader
from triage.desk import Desk
from triage.integrations import Endpoint
from triage.integrations.desk_words import words_of
from triage.integrations.endpoints import Authentication

Serve = Callable[..., AbstractContextManager[httpx.Client]]
Cases = st.SearchStrategy[Case[Any]]

SECRET = "a secret of the tests, of no other use"
OPERATIONS = [
    ("POST", "/v1/triage"),
    ("POST", "/v1/triage/batch"),
    ("GET", "/v1/suggestions"),
    ("GET", "/v1/suggestions/{suggestion_id}"),
    ("POST", "/v1/suggestions/{suggestion_id}/decision"),
    ("POST", "/v1/decisions/{decision_id}/undo"),
    ("POST", "/v1/webhooks/{source}/{endpoint}"),
    ("GET", "/v1/models"),
    ("POST", "/v1/models/{version}/promote"),
    ("POST", "/v1/models/rollback"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]
OF_SOMETHING = [(method, path) for method, path in OPERATIONS if "{" in path]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
bounded = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,  # how quick it is, is measured elsewhere
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Api:
    """A service, its document, and what is there."""

    client: httpx.Client
    document: BaseSchema
    version: str
    """Of the model that serves."""

    def cases(self, method: str, path: str) -> Cases:
        """Requests as the document has them, and others."""
        operation = self.document[path][method]
        kinds: list[Cases] = [
            operation.as_strategy(generation_mode=kind) for kind in GenerationMode
        ]
        return st.one_of(kinds)

    def something(self, name: str) -> str:
        """A value of a path parameter behind which there is something that can be changed."""
        known = {"source": "github", "endpoint": "hub", "version": self.version}
        if name in known:
            return known[name]
        taken = self.client.post("/v1/triage", json={"body": "Nobody can take calls"}).json()
        suggestion: str = taken["suggestion_id"]
        if name == "suggestion_id":
            return suggestion
        here = f"/v1/suggestions/{suggestion}/decision"
        decision: str = self.client.post(here, json={"decision": "accept"}).json()["id"]
        return decision


@pytest.fixture(scope="module")
def api(serve: Serve, small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home = tmp_path_factory.mktemp("copy") / "home"
    shutil.copytree(small_home, home)
    desk = Desk.load(home, Reader.LIGHT)
    words, secret = words_of("github"), SECRET.encode()
    endpoint = Endpoint("hub", "github", Authentication.URL_TOKEN, secret, words)
    with serve(desk, home=home, endpoints={"hub": endpoint}) as client:
        document = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
        yield Api(client, document, desk.rooms.model.version)


def test_every_operation_is_tried(api: Api) -> None:
    results = api.document.get_all_operations()
    found = [result.ok() for result in results if isinstance(result, Ok)]
    assert {(operation.method.upper(), operation.path) for operation in found} == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_sent_is_answered_as_documented(api: Api, method: str, path: str) -> None:
    @bounded
    @given(api.cases(method, path))
    def holds(case: Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    holds()


@pytest.mark.parametrize(("method", "path"), OF_SOMETHING)
def test_so_it_is_where_the_address_leads_to_something(api: Api, method: str, path: str) -> None:
    @bounded
    @given(api.cases(method, path))
    def holds(case: Case[Any]) -> None:
        case.path_parameters = {name: api.something(name) for name in case.path_parameters}
        if "endpoint" in case.path_parameters:
            case.query = {"token": SECRET}
        statuses.add(case.call_and_validate(checks=CHECKS).status_code)

    statuses: set[int] = set()
    holds()
    assert statuses & {200, 201, 202}
