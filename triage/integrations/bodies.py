"""The body of a delivery: bytes from a desk, read as one JSON object."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from triage.integrations.fields import Headers, header

_LONGEST_NUMBER = 18
"""Digits; longer ones are no ids, and Python refuses to read very long ones at all."""


class NotAPayload(ValueError):  # noqa: N818 - reads as what it says
    """A body is no JSON object; says why, never quoting it."""


def payload_of(body: bytes, headers: Headers) -> dict[str, Any]:
    """Return the JSON object of a body; `NotAPayload` if it is none.

    Verify the signature first, over the bytes. Templates in desks paste texts in without much
    care: line breaks inside a text and bytes that are not UTF-8 do not cost a ticket.
    """
    written = body.decode("utf-8-sig", "replace")
    kind = header(headers, "Content-Type") or ""
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        written = _form_field(written)  # GitHub, unless told to send JSON
    try:
        payload = json.loads(written, strict=False, parse_constant=_none, parse_int=_whole)
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at character {error.pos + 1:,}"
        raise NotAPayload(f"the body is not JSON: {problem}") from None
    except RecursionError:
        raise NotAPayload("the body is nested too deeply") from None
    if not isinstance(payload, dict):
        raise NotAPayload("the body is no JSON object")
    return payload


def _form_field(written: str) -> str:
    try:
        return parse_qs(written, max_num_fields=10).get("payload", [""])[0]
    except ValueError:
        raise NotAPayload("the form has too many fields") from None


def _none(_: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not know, are nothing."""


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
