"""The outermost layer: headers that protect, one log line a request, an answer to our own faults.

Logged are an id, method, route, status and time. Neither texts nor query strings nor messages of
exceptions get into a log, as each of them may hold a customer's words.
"""

from __future__ import annotations

import time
import traceback
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tickets.store import StoreUnavailable
from triage.journal import LOG, note
from triage.service.measures import Measures
from triage.service.problems import Problem, store_unavailable

PROTECTING = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
"""Set unless an answer sets its own; what the service says is for the one who asked."""


class Guard:
    """Wraps an app."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures

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
        except StoreUnavailable as error:
            LOG.error("store unavailable", extra={"fields": {"why": str(error)}})
            if watched.status is None:
                await store_unavailable().response()(scope, receive, watched)
        except Exception as error:  # the last layer: whatever it is, the process lives on
            fields = {"error": type(error).__name__, "at": _frames(error), "id": watched.id}
            LOG.error("failed", extra={"fields": fields})
            if watched.status is None:
                await _failure().response()(scope, receive, watched)
            # An answer that has begun stays unfinished: the server then cuts the connection.
        finally:
            self._tell(scope, watched, time.perf_counter() - began)

    def _tell(self, scope: Scope, watched: _Watched, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        status = watched.status or 0
        self._measures.request(scope["method"], route, status, seconds)
        ms = round(seconds * 1_000)
        fields = {"method": scope["method"], "route": route, "status": status, "ms": ms}
        note("request", id=watched.id, **fields)


class _Watched:
    """Sends on, with headers, remembering the status that was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None
        self.id = uuid4().hex

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in PROTECTING.items():
                headers.setdefault(name, value)
            headers["x-request-id"] = self.id
        await self._send(message)


def _frames(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-5:])


def _failure() -> Problem:
    detail = "The service failed on this request; its log says where."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
