"""Bodies of requests: of a known media type, not too large, and all there in good time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from email.message import Message
from http import HTTPStatus

from fastapi import Request

from triage.service.limits import Limits
from triage.service.problems import Problem

JSON = "application/json"
NDJSON = "application/x-ndjson"


def media_type(request: Request, known: Sequence[str]) -> str:
    """Return which of the known media types a body has; `Problem` 415 for any other."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    found = header.get_content_type() if header["content-type"] else "none"
    if found not in known:
        raise _unsupported(f"Content-Type is {found:.60}; send {' or '.join(known)}.", known)
    charset = str(header.get_param("charset", "utf-8")).lower()
    if charset not in ("utf-8", "utf8"):
        raise _unsupported(f"The charset is {charset:.60}; send UTF-8.", known)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unsupported("The body is encoded; send it as it is, without gzip.", known)
    return found


def _unsupported(detail: str, known: Sequence[str]) -> Problem:
    # RFC 9110, 15.5.16: 415 names what would have been taken.
    headers = {"Accept": ", ".join(known), "Accept-Encoding": "identity"}
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers=headers)


async def read_body(request: Request, most: int, limits: Limits) -> bytes:
    """Return a body of at most `most` bytes; `Problem` 413 for more, 408 for a stalled one."""
    declared = int(request.headers.get("content-length", 0))
    if declared > most and "expect" in request.headers:
        raise _too_large(most)  # the client waits for "100 Continue" and has sent nothing yet
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _received(request, most)
    except TimeoutError:
        detail = f"The body was not there after {limits.body_seconds:g} seconds."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, detail, headers={"Connection": "close"}) from None


async def _received(request: Request, most: int) -> bytes:
    """Read to the end and drop what is too much.

    Most clients send all before they look for an answer; cut off, they would see no 413 but a
    broken connection.
    """
    body = bytearray()
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= most:
            body += part
        else:
            body.clear()
    if size > most:
        raise _too_large(most)
    return bytes(body)


def _too_large(most: int) -> Problem:
    detail = f"The body is larger than {most:,} bytes; shorten it or send it in parts."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
