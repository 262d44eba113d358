"""The outermost layer: one log line a request, and an answer when the program itself is wrong.

Logged are method, route, status and time. Neither texts nor query strings nor messages of
exceptions get into a log, as each of them may hold a customer's words.
"""

from __future__ import annotations

import logging
import time
import traceback
from http import HTTPStatus
from pathlib import Path

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.service.problems import Problem

LOG = logging.getLogger("triage.service")


class Guard:
    """Wraps an app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watched = _Watched(send)
        began = time.perf_counter()
        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            pass  # it left before its body was there; nobody waits for an answer
        except Exception as error:  # the last layer: whatever it is, the process lives on
            LOG.error("failed error=%s at=%s", type(error).__name__, _frames(error))
            if watched.status is None:
                await _failure().response()(scope, receive, watched)
            # An answer that has begun stays unfinished: the server then cuts the connection.
        finally:
            _log_request(scope, watched.status, time.perf_counter() - began)


class _Watched:
    """Sends on, remembering the status that was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _frames(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-5:])


def _failure() -> Problem:
    detail = "The service failed on this request; its log says where."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _log_request(scope: Scope, status: int | None, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "unknown")
    LOG.info(
        "request method=%s route=%s status=%s ms=%.0f",
        *(scope["method"], route, status or "none", seconds * 1_000),
    )
