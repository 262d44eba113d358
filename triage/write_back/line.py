"""The line to one target: one request at a time, with credentials, limits and no detours."""

from __future__ import annotations

import base64
import ipaddress
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from triage.write_back.outcome import Collision, Delayed, Limited, Refused, Resting, quoted
from triage.write_back.retry import asked_pause
from triage.write_back.targets import Target, is_loopback

PATIENCE = httpx.Timeout(20, connect=5)
LONGEST_ANSWER = 60
"""Seconds from the first byte of an answer to its last."""
LARGEST_ANSWER = 5_000_000
"""Bytes; a hundred audits of a ticket are far smaller."""
REST = timedelta(seconds=30)
"""How long a target that does not answer is left alone, so that it does not hold up the others."""

REQUESTS_PER_MESSAGE = 3
"""About; what a Zendesk update takes."""


def open_client() -> httpx.Client:
    """Return the client that all lines of a process share."""
    return httpx.Client(timeout=PATIENCE, follow_redirects=False)


@dataclass(frozen=True)
class Answer:
    """What a target said: the status was a good one."""

    body: bytes

    def values(self) -> Mapping[str, Any]:
        """Return the JSON object of the answer; `Delayed` when it is none."""
        try:
            values = json.loads(self.body)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise Delayed("the answer is not JSON as documented; is the url that of the desk?")
        return values


class Line:
    """Our line to one target, in one thread."""

    def __init__(self, target: Target, client: httpx.Client) -> None:
        self.target = target
        self._client = client
        self._now: datetime | None = None
        self._tokens = float(_at_once(target))
        self._rests_until: datetime | None = None
        self._rests_by: type[Resting | Limited] = Resting
        self._booked_until: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Get ready for a message; `Delayed` where the target rests, or has had enough for now."""
        since = now - self._now if self._now else timedelta()
        self._now = now
        earned = since / timedelta(minutes=1) * self.target.requests_per_minute
        self._tokens = min(self._tokens + max(earned, 0.0), _at_once(self.target))
        if self._rests_until and now < self._rests_until:
            until = self._booked(self._rests_until)
            raise self._rests_by("waits, as the target asked for it or did not answer", until)
        if self._tokens <= 0:
            raise Limited("waits for its turn by requests_per_minute", self._booked(now))
        _refuse_inside(self.target)

    def _booked(self, earliest: datetime) -> datetime:
        """Give each waiting message a time of its own, so that it is not taken up in vain."""
        if self._booked_until and self._booked_until > earliest:
            earliest = self._booked_until
        turn = timedelta(minutes=REQUESTS_PER_MESSAGE / self.target.requests_per_minute)
        self._booked_until = earliest + turn
        return self._booked_until

    def read(self, path: str, parameters: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Return the JSON object at a path."""
        return self.ask("GET", path, parameters=parameters).values()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to one request; failures are `Delayed`, `Refused`, `Collision`."""
        assert self._now is not None  # begin() comes first
        self._tokens -= 1
        try:
            with self._client.stream(
                method,
                self.target.url + path,
                content=body,
                params=parameters,
                headers={**self._headers(), **(headers or {})},
                follow_redirects=False,
            ) as response:
                answer = _whole(response)
        except httpx.TimeoutException:
            raise self._resting("does not answer in time") from None
        except httpx.RequestError as error:
            raise self._resting(f"cannot be reached: {type(error).__name__}") from None
        self._judge(response, answer)
        return Answer(answer)

    def _headers(self) -> dict[str, str]:
        common = {"Accept": "application/json", "Content-Type": "application/json"}
        return {**common, "User-Agent": "ujet-triage", **_credentials(self.target)}

    def _resting(self, problem: str) -> Delayed:
        assert self._now is not None
        self._rests_until, self._rests_by = self._now + REST, Resting
        return Delayed(f"{self.target.host} {problem}")

    def _judge(self, response: httpx.Response, body: bytes) -> None:
        """Raise what the status of an answer means, unless it is a success."""
        if response.is_success:
            return
        assert self._now is not None
        status, name = response.status_code, self.target.host
        says = f"{name} answers {status} {_phrase(status)}".rstrip()
        if response.is_redirect:
            raise Refused(f"{says} to {_host(response)}; set the url of target {self.target.name}")
        until = asked_pause(response.headers.get("Retry-After"), self._now)
        if until and status in (429, 503):
            self._rests_until, self._rests_by = until, Limited if status == 429 else Resting
            raise Limited(says, until) if status == 429 else Delayed(says, until)
        # Of a webhook, only 410 means that nobody listens any more: receivers are being deployed.
        is_passing = self.target.kind == "webhook" and status != 410
        if is_passing or status in (408, 425, 429) or status >= 500:
            raise Delayed(says)
        if status == 409:
            raise Collision(says)
        raise Refused(f"{says}{_remedy(status, self.target)}{_reason(body)}")


def _at_once(target: Target) -> float:
    """Return how many requests may come at once: those of ten seconds, and at least one."""
    return max(target.requests_per_minute / 6, 1)


def _refuse_inside(target: Target) -> None:
    """Refuse a name that leads into our own network, unless the targets file allows it."""
    if target.is_private or is_loopback(target.host):
        return
    try:
        found = socket.getaddrinfo(target.host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise Delayed(f"{target.host} has no address") from None
    for *_, address in found:
        if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global:
            raise Refused(
                f"{target.host} is a private address; if that is meant, "
                f"give target {target.name} private: true"
            )


def _whole(response: httpx.Response) -> bytes:
    body, until = bytearray(), time.monotonic() + LONGEST_ANSWER
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER or time.monotonic() > until:
            raise Delayed("the answer is too large or too slow")
    return bytes(body)


def _credentials(target: Target) -> dict[str, str]:
    if target.kind == "webhook":  # it gets a signature, never the secret that made it
        return {}
    if target.user is None:
        return {"Authorization": f"Bearer {target.token}"}
    # https://developer.zendesk.com/api-reference/introduction/security-and-auth/
    user = f"{target.user}/token" if target.kind == "zendesk" else target.user
    encoded = base64.b64encode(f"{user}:{target.token}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _host(response: httpx.Response) -> str:
    try:
        return urlsplit(response.headers["Location"]).hostname or "another path"
    except ValueError:
        return "an address that is none"


def _remedy(status: int, target: Target) -> str:
    if status == 401:
        return f"; renew the token of target {target.name} ({target.token_at})"
    if status == 403:
        return f"; the account of target {target.name} may not do that: give it the permission"
    if status in (404, 410):
        return "; it is gone, or the account may not see it"
    return ""


def _reason(body: bytes) -> str:
    """Return what a desk says of a refusal, in the shapes that Zendesk and Jira use."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict):
        return ""
    parts = [
        values.get(key) for key in ("error", "description", "errorMessages", "errors", "details")
    ]
    words = "; ".join(_flat(part) for part in parts if part)
    return f": {quoted(words)}" if words else ""


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    return str(value)
