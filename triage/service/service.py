"""What the addresses work with, and who may use them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address
from typing import cast

from fastapi import Request

from tickets.store import Store
from triage.decisions import Decisions
from triage.desk import Desk
from triage.intake import Intake
from triage.known_incidents import KnownIncidents
from triage.review.attempts import Attempts
from triage.review.overview_state import Overview
from triage.service.access import ANYBODY, Access, Caller, Scope, require
from triage.service.installation import Installation
from triage.service.limits import Limits
from triage.service.measures import Measures
from triage.service.problems import Problem
from triage.service.rates import Rates
from triage.service.workers import Workers


@dataclass(frozen=True)
class Service:
    """One process of the service; with a new model, a new `Service` that is else the same."""

    desk: Desk
    """The current one; the rest of the installation does not change while it runs."""
    installation: Installation
    intake: Intake
    workers: Workers
    access: Access
    rates: Rates
    attempts: Attempts
    overview: Overview
    measures: Measures
    incidents: KnownIncidents

    @classmethod
    def of(cls, installation: Installation) -> Service:
        """Set a service up; its threads start with the first work."""
        store, limits = installation.store, installation.limits
        return cls(
            desk=installation.desk,
            installation=installation,
            intake=Intake(store, installation.blind_share, installation.targets),
            workers=Workers(limits),
            access=Access(store, utc_now),
            rates=Rates(limits),
            attempts=Attempts(),
            overview=Overview.of(store),
            measures=Measures(),
            incidents=KnownIncidents(installation.status_page),
        )

    @property
    def decisions(self) -> Decisions:
        """How people decide."""
        return Decisions(self.store, self.installation.targets)

    @property
    def store(self) -> Store:
        """What is kept."""
        return self.installation.store

    @property
    def limits(self) -> Limits:
        """How much is taken on at once."""
        return self.installation.limits


def service_of(request: Request) -> Service:
    """Return the service as it is now; a request keeps what it began with."""
    return cast(Service, request.app.state.service)


def utc_now() -> datetime:
    """Return the time; the one place where the service reads a clock."""
    return datetime.now(UTC)


async def store_place(request: Request) -> AsyncIterator[None]:
    """Hold a place in the lane to the store; `Problem` 503 when none is free."""
    with service_of(request).workers.store.place():
        yield


def permitted(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """Return a dependency that gives the caller, if they have a scope and keep to their rate."""

    async def caller(request: Request) -> Caller:
        service = service_of(request)
        found = await _caller(request, service)
        require(found, scope)
        if found is ANYBODY:
            refuse_foreign_pages(request)
        else:
            service.rates.count(found.name)
        return found

    return caller


async def _caller(request: Request, service: Service) -> Caller:
    header = request.headers.get("authorization", "")
    if known := service.access.remembered(header):
        return known
    return await service.workers.store.run(partial(service.access.caller, header))


def refuse_foreign_pages(request: Request) -> None:
    """Raise `Problem` 403 when a page from elsewhere uses a browser of this machine to call us.

    Such a page can make its own name resolve to 127.0.0.1, but then its name is in `Host`.
    """
    if not _is_loopback(request.url.hostname or ""):
        detail = (
            "Without keys and accounts this service answers calls to this machine by its own names"
            " only; make one with `triage keys add` or `triage users add`."
        )
        raise Problem(HTTPStatus.FORBIDDEN, detail)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
