"""Pages about accounts: one's own, and for admins everybody's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from tickets import Fault, InputFaults
from tickets.store import Role
from triage.review import cookies, passwords, sessions
from triage.review.accounts import Accounts
from triage.review.forms import Form, Posted
from triage.review.page_route import PageRoute
from triage.review.rendering import page
from triage.review.sign_in import password_of
from triage.review.viewer import Admin, CurrentViewer, Viewer
from triage.service.problems import Problem
from triage.service.service import Service, service_of, utc_now

router = APIRouter(prefix="/review", route_class=PageRoute)

ACCOUNT, ACCOUNTS = "/review/account", "/review/accounts"
SAID = {
    "added": "The account is made.",
    "role": "The role is changed; it holds from the next page on.",
    "password": "The password is changed; other sessions of that account are over.",
    "disabled": "The account is disabled, its sessions are over.",
    "enabled": "The account is enabled.",
}
"""What a page says after a change; an address can choose among these, no more."""


@router.get("/account")
async def account(request: Request, viewer: CurrentViewer) -> Response:
    """Show one's own account."""
    return _account(request, viewer)


@router.post("/account")
async def change_own_password(request: Request, viewer: CurrentViewer, form: Posted) -> Response:
    """Change one's own password; this session goes on under a new token."""
    if not viewer.is_signed_in:
        raise Problem(HTTPStatus.FORBIDDEN, "There are no accounts yet: `triage users add`.")
    service = service_of(request)
    with service.workers.sign_ins.place():
        succeeded = service.attempts.begin(viewer.name, f"session of {viewer.name}")
        work = partial(_own_password_changed, service, viewer.name, form)
        try:
            token = await service.workers.sign_ins.run(work)
        except InputFaults as faults:
            return _account(request, viewer, faults)
    succeeded()
    cookies.give(request, cookies.SESSION, token)
    return RedirectResponse(f"{ACCOUNT}?said=password", HTTPStatus.SEE_OTHER)


def _own_password_changed(service: Service, name: str, form: Form) -> str:
    now, accounts = utc_now(), Accounts(service.store, name)
    user = accounts.find(name)
    if not passwords.matches(user.password_hash, password_of(form, "current")):
        raise InputFaults(Fault("current password", "is not the one of this account"))
    accounts.set_password(name, _repeated(form), now)
    return sessions.begin(service.store, user, now)


@router.get("/accounts")
async def accounts(request: Request, viewer: Admin) -> Response:
    """Show everybody's account."""
    return await _accounts(request, viewer)


@router.post("/accounts")
async def change_accounts(request: Request, viewer: Admin, form: Posted) -> Response:
    """Add an account, or change one: the button pressed says how."""
    service = service_of(request)
    change = _CHANGES.get(form.text("change"))
    if change is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The form names no change that there is.")
    with service.workers.sign_ins.place():
        try:
            said = await service.workers.sign_ins.run(partial(change, service, viewer, form))
        except InputFaults as faults:
            return await _accounts(request, viewer, faults, name=form.text("name"))
    return RedirectResponse(f"{ACCOUNTS}?said={said}", HTTPStatus.SEE_OTHER)


def _add(service: Service, viewer: Viewer, form: Form) -> str:
    accounts = Accounts(service.store, viewer.name)
    accounts.add(form.text("name"), _role(form), _repeated(form), utc_now())
    return "added"


def _set_role(service: Service, viewer: Viewer, form: Form) -> str:
    _refuse_own(viewer, form)
    Accounts(service.store, viewer.name).set_role(form.text("name"), _role(form), utc_now())
    return "role"


def _set_password(service: Service, viewer: Viewer, form: Form) -> str:
    _refuse_own(viewer, form)
    name = form.text("name")
    Accounts(service.store, viewer.name).set_password(name, _repeated(form), utc_now())
    return "password"


def _disable(service: Service, viewer: Viewer, form: Form) -> str:
    _refuse_own(viewer, form)
    Accounts(service.store, viewer.name).disable(form.text("name"), utc_now())
    return "disabled"


def _enable(service: Service, viewer: Viewer, form: Form) -> str:
    Accounts(service.store, viewer.name).enable(form.text("name"), utc_now())
    return "enabled"


_CHANGES: dict[str, Callable[[Service, Viewer, Form], str]] = {
    "add": _add,
    "role": _set_role,
    "password": _set_password,
    "disable": _disable,
    "enable": _enable,
}


def _refuse_own(viewer: Viewer, form: Form) -> None:
    """Raise `InputFaults` for a change of one's own account, which would lock admins out."""
    if form.text("name") == viewer.name:
        remedy = "your password is changed on your own page; for the rest ask another admin"
        raise InputFaults(Fault("name", "is your own", remedy))


def _role(form: Form) -> Role:
    try:
        return Role(form.text("role"))
    except ValueError:
        remedy = f"choose one of {', '.join(Role)}"
        raise InputFaults(Fault("role", "is none of the desk", remedy)) from None


def _repeated(form: Form) -> str:
    password, again = (password_of(form, field) for field in ("password", "again"))
    if password != again:
        raise InputFaults(Fault("password", "was typed in two different ways", "type it again"))
    return password


def _account(request: Request, viewer: Viewer, faults: InputFaults | None = None) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
    return page(
        request,
        viewer,
        "account.html",
        status,
        faults=faults.faults if faults else (),
        said=_said(request),
        idle=sessions.IDLE,
        longest=sessions.LONGEST,
        least=passwords.LEAST_CHARACTERS,
    )


async def _accounts(
    request: Request, viewer: Viewer, faults: InputFaults | None = None, name: str = ""
) -> Response:
    service = service_of(request)
    users = await service.workers.store.run(service.store.users.list)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
    return page(
        request,
        viewer,
        "accounts.html",
        status,
        users=users,
        roles=list(Role),
        name=name,
        faults=faults.faults if faults else (),
        said=_said(request),
        least=passwords.LEAST_CHARACTERS,
        zone=service.desk.rooms.policy.zone,
    )


def _said(request: Request) -> str:
    return SAID.get(request.query_params.get("said", ""), "")
