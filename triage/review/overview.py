"""The overview for leads: what became of suggestions, what is due, what is in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from tickets import PRIORITIES, InputFaults
from tickets.store import Statistics
from triage.period import Period
from triage.review.audit_file import FORMS, audit_file
from triage.review.judged import MOST, WINDOW
from triage.review.overview_figures import OverviewFigures
from triage.review.overview_state import REPLIES_WITHIN, DeadlineStates
from triage.review.page_route import PageRoute
from triage.review.rendering import page
from triage.review.viewer import Lead
from triage.service.problems import Problem, invalid_input
from triage.service.service import Service, service_of, utc_now

router = APIRouter(prefix="/review", route_class=PageRoute)

Day = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True)
class _Read:
    """What the page shows."""

    at: datetime
    figures: OverviewFigures
    deadlines: DeadlineStates
    statistics: Statistics


@router.get("/overview")
async def overview(request: Request, viewer: Lead) -> Response:
    """Show the overview."""
    service = service_of(request)
    read = await service.workers.store.run(partial(_read, service, utc_now()))
    rooms = service.desk.rooms
    return page(
        request,
        viewer,
        "overview.html",
        at=read.at,
        figures=read.figures,
        deadlines=read.deadlines,
        statistics=read.statistics,
        priorities=PRIORITIES,
        in_use=rooms.versions,
        ruleset=rooms.ruleset,
        at_risk_share=rooms.policy.at_risk_share,
        window=WINDOW,
        most=MOST,
        replies_within=REPLIES_WITHIN,
    )


def _read(service: Service, now: datetime) -> _Read:
    known = service.overview
    return _Read(
        at=now,
        figures=known.figures(service.desk, now),
        deadlines=known.deadlines(service.desk.rooms.policy, now),
        statistics=known.statistics(now),
    )


@router.get("/overview/audit.{form}")
async def audit(
    request: Request, viewer: Lead, form: str, since: Day = "", until: Day = ""
) -> Response:
    """Send the audit trail as a file: who decided what, who changed what; no ticket text."""
    if form not in FORMS:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no such form; take {' or '.join(FORMS)}.")
    try:
        period = Period.named(since, until)
    except InputFaults as faults:
        raise invalid_input(faults) from None
    service = service_of(request)
    note = partial(
        service.store.audit.note, viewer.name, "audit exported", form, _asked(period), utc_now()
    )
    await service.workers.store.run(note)
    headers = {"Content-Disposition": f'attachment; filename="triage-audit.{form}"'}
    chunks = audit_file(service.store, period, form)
    return StreamingResponse(chunks, headers=headers, media_type=FORMS[form])


def _asked(period: Period) -> dict[str, str]:
    return {"since": period.since.isoformat(), "until": period.until.isoformat()}
