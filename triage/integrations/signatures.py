"""Whether a delivery comes from the desk it claims to come from: decided over its bytes.

Every comparison takes the same time wherever two values differ, and no reason repeats a value.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from triage.integrations.endpoints import Authentication, Endpoint
from triage.integrations.fields import Headers, header, instant

REPLAY_WINDOW = timedelta(minutes=5)
"""How far a signed time may lie from ours."""


class Refused(Exception):  # noqa: N818 - reads as what it says
    """A delivery does not prove where it comes from; says what is wrong, never a secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def verify(
    endpoint: Endpoint,
    headers: Headers,
    body: bytes,
    now: datetime,
    *,
    url_token: str | None = None,
) -> None:
    """Raise `Refused` unless a delivery proves itself as its endpoint asks.

    `url_token` is what the address held for a token, if anything.
    """
    match endpoint.authentication:
        case Authentication.SIGNATURE:
            _SIGNATURES[endpoint.source](endpoint, headers, body, now)
        case Authentication.HEADER:
            _compare(_needed(headers, endpoint.header), endpoint.secret, "the secret")
        case Authentication.BASIC:
            _verify_basic(endpoint, headers)
        case Authentication.URL_TOKEN:
            if not url_token:
                raise Refused("no token in the address")
            _compare(url_token, endpoint.secret, "the token")


def _verify_zendesk(endpoint: Endpoint, headers: Headers, body: bytes, now: datetime) -> None:
    """Check base64(HMAC-SHA256(time + body)), and that the time is near."""
    signature = _needed(headers, "X-Zendesk-Webhook-Signature")
    written = _needed(headers, "X-Zendesk-Webhook-Signature-Timestamp")
    signed = written.encode("utf-8", "replace") + body
    digest = hmac.new(endpoint.secret, signed, hashlib.sha256).digest()
    _compare(signature, base64.b64encode(digest), "the signature")
    signed_at = instant(written)
    if signed_at is None:
        raise Refused("the signed time is no time")
    if abs(now - signed_at) > REPLAY_WINDOW:
        minutes = int(REPLAY_WINDOW.total_seconds() // 60)
        raise Refused(f"the signed time is more than {minutes} minutes away")


def _hub_signature(name: str, method: str) -> Callable[[Endpoint, Headers, bytes, datetime], None]:
    """Return a check of `method=hex(HMAC(body))` in a header."""

    def check(endpoint: Endpoint, headers: Headers, body: bytes, now: datetime) -> None:
        given = _needed(headers, name)
        digest = hmac.new(endpoint.secret, body, method).hexdigest()
        _compare(given, f"{method}={digest}".encode(), "the signature")

    return check


_SIGNATURES: dict[str, Callable[[Endpoint, Headers, bytes, datetime], None]] = {
    "zendesk": _verify_zendesk,
    "github": _hub_signature("X-Hub-Signature-256", "sha256"),
    "jira": _hub_signature("X-Hub-Signature", "sha256"),
    "zammad": _hub_signature("X-Hub-Signature", "sha1"),
    "intercom": _hub_signature("X-Hub-Signature", "sha1"),
}


def _verify_basic(endpoint: Endpoint, headers: Headers) -> None:
    kind, _, encoded = _needed(headers, "Authorization").partition(" ")
    if kind.lower() != "basic":
        raise Refused("the Authorization header is not HTTP Basic")
    expected = base64.b64encode(f"{endpoint.user}:".encode() + endpoint.secret)
    _compare(encoded.strip(), expected, "user or password")


def _needed(headers: Headers, name: str) -> str:
    value = header(headers, name)
    if value is None:
        raise Refused(f"no {name} header")
    return value


def _compare(given: str, expected: bytes, what: str) -> None:
    # As bytes: of texts, compare_digest takes ASCII only, and a header may hold anything.
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected):
        raise Refused(f"{what} does not match")
