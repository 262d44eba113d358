"""Forms come from our own pages: they carry a token that no other site can read.

Signed in, it belongs to the session; else to a cookie that every visitor gets. What the browser
says of where a request comes from has to agree.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request

from triage.review.viewer import Viewer
from triage.service.problems import Problem

FIELD = "csrf_token"
HEADER = "x-csrf-token"


def check(request: Request, viewer: Viewer, given: str) -> None:
    """Raise `Problem` 403 for a form that another site has sent."""
    check_token(request, viewer.csrf_token, given or request.headers.get(HEADER, ""))


def check_token(request: Request, expected: str, given: str) -> None:
    """Raise `Problem` 403 unless a form carries the token, and comes from here."""
    is_ours = expected != "" and hmac.compare_digest(given.encode(), expected.encode())
    if not is_ours or _is_foreign(request):
        detail = "The form has expired; go back, load the page again and repeat it."
        raise Problem(HTTPStatus.FORBIDDEN, detail)


def _is_foreign(request: Request) -> bool:
    """Tell whether a browser says that a request comes from elsewhere.

    `Sec-Fetch-Site` tells it best, but comes only over https and on the own machine. Programs send
    neither header, and no browser sends their requests for anybody.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
