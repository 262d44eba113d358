"""Problems as pages: whoever looks at the desk reads HTML and no JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from tickets.store import StoreUnavailable
from triage.journal import LOG
from triage.review import cookies
from triage.review.rendering import page
from triage.service.problems import Problem

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route to a page."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request, with a page in any case."""
        answer = super().get_route_handler()

        async def answer_with_cookies(request: Request) -> Response:
            return cookies.put_into(await answer_with_page(request), request)

        async def answer_with_page(request: Request) -> Response:
            try:
                return await answer(request)
            except Problem as problem:
                return _page(request, problem.status, str(problem), problem.headers)
            except RequestValidationError:
                detail = "The address has a part that is not possible; go back to the queue."
                return _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, None)
            except StoreUnavailable as error:
                LOG.error("store unavailable", extra={"fields": {"why": str(error)}})
                detail = "The store does not answer or is full; nothing was kept. Try it again."
                return _page(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})

        return answer_with_cookies


def _page(request: Request, status: HTTPStatus, detail: str, headers: Any) -> Response:
    answer = page(request, None, "problem.html", status, title=status.phrase, detail=detail)
    answer.headers.update({"hx-push-url": "false", **(headers or {})})
    return answer
