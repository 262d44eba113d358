"""Who looks at a page, and what they may do there."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request

from tickets.store import DecisionRow, Role
from triage.intake import AUTOMATIC
from triage.review import cookies, sessions
from triage.review.accounts import NOBODY
from triage.service.problems import Problem
from triage.service.service import refuse_foreign_pages, service_of, utc_now

SIGN_IN = "/review/sign-in"
_RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True)
class Viewer:
    """A person at the desk."""

    name: str
    """Stands in the log of decisions, and with tickets being looked at."""
    role: Role
    csrf_token: str
    """What forms of this viewer carry; another site cannot know it."""
    is_signed_in: bool
    """False where no accounts exist and whoever reaches this machine may do everything."""

    def may(self, role: Role | str) -> bool:
        """Tell whether the viewer may do what a role may; the higher ones include the lower."""
        return _RANKS[self.role] >= _RANKS[Role(role)]

    def may_take_back(self, decision: DecisionRow) -> bool:
        """Tell whether the viewer may undo a decision: their own, the system's, as a lead any."""
        return decision.actor in (self.name, AUTOMATIC) or self.may(Role.LEAD)


async def viewer(request: Request) -> Viewer:
    """Return who asks for a page; `Problem` that leads to the sign-in form for nobody known."""
    service = service_of(request)
    if token := cookies.read(request, cookies.SESSION):
        look_up = partial(sessions.find, service.store, token, utc_now())
        found = await service.workers.store.run(look_up)
        if found is not None:
            user, secret = found.user, found.session.csrf_secret
            return Viewer(user.name, user.role, secret, is_signed_in=True)
    if not await service.workers.store.run(service.access.is_open):
        raise _sign_in_first(request)
    refuse_foreign_pages(request)
    # All but accounts: those begin on the command line, with somebody who runs the desk.
    return Viewer(NOBODY, Role.ANALYST, visit_token(request), is_signed_in=False)


CurrentViewer = Annotated[Viewer, Depends(viewer)]


def at_least(role: Role) -> Callable[[Viewer], Awaitable[Viewer]]:
    """Return a dependency that gives the viewer; `Problem` 403 for one whose role is lower."""

    async def permitted(viewer: CurrentViewer) -> Viewer:
        if not viewer.may(role):
            detail = (
                f"This is for the role {role} and above; {viewer.name} has the role {viewer.role}."
                " Ask an admin for it."
            )
            raise Problem(HTTPStatus.FORBIDDEN, detail)
        return viewer

    return permitted


def refuse_to_take_back(viewer: Viewer, decision: DecisionRow | None) -> None:
    """Raise `Problem` 403 for a decision of somebody else, unless the viewer leads."""
    if decision is None or viewer.may_take_back(decision):
        return
    detail = f"{decision.actor} decided this; ask them or a lead to take it back, or decide anew."
    raise Problem(HTTPStatus.FORBIDDEN, detail)


Lead = Annotated[Viewer, Depends(at_least(Role.LEAD))]
Analyst = Annotated[Viewer, Depends(at_least(Role.ANALYST))]
Admin = Annotated[Viewer, Depends(at_least(Role.ADMIN))]


def visit_token(request: Request) -> str:
    """Return the token of a visitor without a session; a new one goes out as a cookie."""
    token = cookies.read(request, cookies.VISIT)
    if len(token) < 32:
        token = secrets.token_urlsafe(32)
        cookies.give(request, cookies.VISIT, token)
    return token


def _sign_in_first(request: Request) -> Problem:
    """Return the way to the sign-in form, and from there back to the page that was asked for."""
    detail = "Sign in first; you may have been signed out."
    if "hx-request" in request.headers:
        page = urlsplit(request.headers.get("hx-current-url", ""))
        return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"HX-Redirect": _to(page.path)})
    asked = request.url
    back = f"{asked.path}?{asked.query}" if asked.query else asked.path
    address = _to(back if request.method == "GET" else "")
    return Problem(HTTPStatus.SEE_OTHER, detail, headers={"Location": address})


def _to(page: str) -> str:
    return f"{SIGN_IN}?next={quote(page, safe='/')}" if page else SIGN_IN
