"""Cookies of the desk: which there are, and that an answer takes them along.

Over https a cookie is bound to this host (`__Host-`) and never sent without encryption. Whether a
request came over https the server knows by itself, or from a proxy that it was told to trust.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

SESSION = "triage-session"
VISIT = "triage-visit"
"""Given to whoever comes: it shows that a form was sent from a page that they were shown."""
_PATH = "/review"


@dataclass(frozen=True)
class _Cookie:
    name: str
    value: str
    """Empty to have it deleted."""


def read(request: Request, name: str) -> str:
    """Return the value of a cookie; empty where there is none."""
    return request.cookies.get(_full_name(request, name), "")


def give(request: Request, name: str, value: str) -> None:
    """Have the answer to a request set a cookie."""
    _given(request).append(_Cookie(name, value))


def take_back(request: Request, name: str) -> None:
    """Have the answer to a request delete a cookie."""
    give(request, name, "")


def put_into(answer: Response, request: Request) -> Response:
    """Set the cookies that were given while a request was worked on."""
    for cookie in _given(request):
        answer.set_cookie(
            _full_name(request, cookie.name),
            cookie.value,
            max_age=None if cookie.value else 0,
            path="/" if _is_https(request) else _PATH,
            secure=_is_https(request),
            httponly=True,
            samesite="lax",
        )
    return answer


def _given(request: Request) -> list[_Cookie]:
    if not hasattr(request.state, "cookies"):
        request.state.cookies = []
    found: list[_Cookie] = request.state.cookies
    return found


def _full_name(request: Request, name: str) -> str:
    return f"__Host-{name}" if _is_https(request) else name


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https"
