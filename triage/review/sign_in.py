"""The way in and out: name and password for a session."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from tickets.store import User
from triage.journal import warn
from triage.review import cookies, csrf, passwords, sessions
from triage.review.forms import Form, Posted, read_form
from triage.review.page_route import PageRoute
from triage.review.rendering import page
from triage.review.viewer import SIGN_IN, CurrentViewer, visit_token
from triage.service.service import Service, service_of, utc_now

router = APIRouter(prefix="/review", route_class=PageRoute)

HOME = "/review"
REFUSED = "Name and password do not go together, or the account is disabled."
"""The same in each case, so that it tells nobody which names there are."""

Next = Annotated[str, Query(alias="next", max_length=2_000)]


@router.get("/sign-in")
async def sign_in_form(request: Request, after: Next = "") -> Response:
    """Show the form; straight on to the desk where nobody has to sign in."""
    service = service_of(request)
    if await service.workers.store.run(service.access.is_open):
        return RedirectResponse(HOME, HTTPStatus.SEE_OTHER)
    has_accounts = bool(await service.workers.store.run(service.store.users.list))
    return _form(request, after=_own_page(after), has_accounts=has_accounts)


@router.post("/sign-in")
async def sign_in(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
    """Begin a session, under a new token whatever the browser had before."""
    csrf.check_token(request, visit_token(request), form.text(csrf.FIELD))
    service, name = service_of(request), form.text("name")
    with service.workers.sign_ins.place():
        succeeded = service.attempts.begin(name, request.client.host if request.client else "")
        user = await _user(service, name, form)
    if user is None:
        warn("sign-in refused")
        return _form(request, HTTPStatus.FORBIDDEN, after=_own_page(form.text("next")), name=name)
    succeeded()
    former = cookies.read(request, cookies.SESSION)
    token = await service.workers.store.run(partial(_begun, service, user, former))
    cookies.give(request, cookies.SESSION, token)
    cookies.take_back(request, cookies.VISIT)
    return RedirectResponse(_own_page(form.text("next")), HTTPStatus.SEE_OTHER)


@router.post("/sign-out")
async def sign_out(request: Request, viewer: CurrentViewer, form: Posted) -> Response:
    """End the session, here and in the store."""
    service = service_of(request)
    token = cookies.read(request, cookies.SESSION)
    await service.workers.store.run(partial(_ended, service, viewer.name, token))
    cookies.take_back(request, cookies.SESSION)
    return RedirectResponse(f"{SIGN_IN}?said=signed-out", HTTPStatus.SEE_OTHER)


async def _user(service: Service, name: str, form: Form) -> User | None:
    """Return who signs in; it takes as long for somebody unknown."""
    user = await service.workers.store.run(partial(service.store.users.find, name))
    kept = None if user is None or user.disabled_at else user.password_hash
    is_right = await service.workers.sign_ins.run(
        partial(passwords.matches, kept, password_of(form, "password"))
    )
    return user if is_right else None


def password_of(form: Form, field: str) -> str:
    """Return a password of a form as it was typed, with its outer spaces."""
    return next(iter(form.all(field)), "")


def _begun(service: Service, user: User, former: str) -> str:
    now = utc_now()
    if former:
        sessions.end(service.store, former)
    service.store.audit.note(user.name, "signed in", user.name, {}, now)
    return sessions.begin(service.store, user, now)


def _ended(service: Service, name: str, token: str) -> None:
    sessions.end(service.store, token)
    service.store.audit.note(name, "signed out", name, {}, utc_now())


def _form(
    request: Request,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    after: str,
    name: str = "",
    has_accounts: bool = True,
) -> Response:
    return page(
        request,
        None,
        "sign_in.html",
        status,
        token=visit_token(request),
        after=after,
        name=name,
        has_accounts=has_accounts,
        refused=REFUSED if status is HTTPStatus.FORBIDDEN else "",
        is_signed_out=request.query_params.get("said") == "signed-out",
    )


def _own_page(address: str) -> str:
    """Return where to go after signing in: a page of the desk, whatever the address asks for."""
    is_plain = address.isascii() and address.isprintable() and "\\" not in address
    parts = urlsplit(address) if is_plain else None
    is_ours = parts is not None and not parts.scheme and not parts.netloc
    if parts is None or not is_ours or f"{parts.path}/".find(f"{HOME}/") != 0:
        return HOME
    return HOME if parts.path in (SIGN_IN, f"{HOME}/sign-out") else address
