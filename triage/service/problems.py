"""Errors as RFC 9457 problem documents. They quote a wrong value shortly, never a whole text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tickets import InputFaults, TicketFault

PROBLEM_JSON = "application/problem+json"

STORE_RETRY_SECONDS = 5
"""What a client is asked to wait: about what a database takes to start again."""

_DETAILS = {
    HTTPStatus.NOT_FOUND: "Nothing is at this address; /docs lists what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address has other methods; see the Allow header.",
}
"""What to do about errors that the router finds."""


class Problem(Exception):  # noqa: N818 - named as RFC 9457 names it
    """A request that gets no answer: its status, why, and what would mend it."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers

    def response(self) -> Response:
        """Return the problem document as an answer."""
        document: dict[str, Any] = {
            "type": "about:blank",  # the status says all; RFC 9457, 4.2.1
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = list(self.errors)
        content = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return Response(content, self.status, self.headers, PROBLEM_JSON)


def invalid_field(fault: TicketFault) -> Problem:
    """Return the problem of a field, of a ticket or else, that cannot be used."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(fault), errors=[fault.as_record()])


def invalid_input(faults: InputFaults) -> Problem:
    """Return the problem of a value that cannot be used."""
    errors = [
        {"field": fault.place, "problem": fault.problem, "remedy": fault.remedy}
        for fault in faults.faults
    ]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(faults), errors=errors)


def store_unavailable() -> Problem:
    """Return the problem of a store that cannot be reached or written; nothing was stored."""
    detail = "The store does not answer or is full; nothing was kept. Send it again."
    headers = {"Retry-After": str(STORE_RETRY_SECONDS)}
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)


def answer_with_problems(app: FastAPI) -> None:
    """Make an app answer each error that reaches it with a problem document."""

    @app.exception_handler(Problem)
    async def ours(_: Request, error: Exception) -> Response:
        return cast(Problem, error).response()

    @app.exception_handler(HTTPException)
    async def of_the_router(_: Request, error: Exception) -> Response:
        return _of_the_router(cast(HTTPException, error)).response()

    @app.exception_handler(RequestValidationError)
    async def of_a_parameter(_: Request, error: Exception) -> Response:
        return _of_parameters(cast(RequestValidationError, error)).response()


def _of_the_router(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    return Problem(status, _DETAILS.get(status, str(error.detail)), headers=error.headers)


def _of_parameters(error: RequestValidationError) -> Problem:
    errors = [
        {
            "field": str(fault["loc"][-1]),
            "value": f"{fault['input']:.40}",
            "problem": fault["msg"],
            "remedy": "see /docs",
        }
        for fault in error.errors()
    ]
    detail = "; ".join(f"{fault['field']}: {fault['problem']}" for fault in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)
