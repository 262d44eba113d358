"""The queue: its page, its news, the way to the next ticket, accepting many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage.review import bulk
from triage.review.addresses import queue_address, ticket_address
from triage.review.done import read_done
from triage.review.forms import Posted
from triage.review.page_route import PageRoute
from triage.review.rendering import page
from triage.review.rows import read_rows
from triage.review.seen import Seen
from triage.review.turns import next_ticket
from triage.review.view import ACTIONS, CHOICES, ORDERS, STATES, View
from triage.review.viewer import CurrentViewer, Viewer
from triage.service.problems import Problem
from triage.service.service import Service, service_of, utc_now

T = TypeVar("T")

router = APIRouter(prefix="/review", route_class=PageRoute)

AT_ONCE = 25
"""Decisions of a bulk act that are made before others get their turn."""


@router.get("")
async def queue(request: Request, viewer: CurrentViewer) -> Response:
    """Show tickets in the order in which they want a decision."""
    service, view = service_of(request), View.of(request.query_params)
    return await service.workers.store.run(partial(_queue, request, viewer, service, view))


def _queue(request: Request, viewer: Viewer, service: Service, view: View) -> Response:
    now = utc_now()
    rows = read_rows(service.store, view, service.desk.rooms.policy, now)
    return page(
        request,
        viewer,
        "queue.html",
        view=view,
        rows=rows,
        now=now,
        orders=ORDERS,
        states=STATES,
        choices=CHOICES,
        actions=ACTIONS,
        most=bulk.MOST,
        said=Said.of(request.query_params),
        done=read_done(service.store, request.query_params.get("done", ""), viewer.name),
    )


@dataclass(frozen=True)
class Said:
    """What an act before has led to, as the address tells it."""

    accepted: int | None
    left: int
    undone: int | None
    stayed: int
    is_clear: bool
    """Whether no ticket of the view was left to go to."""
    at: str
    """The instant by which what was accepted is undone."""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Said:
        """Return what the parameters of an address tell; numbers and an instant, no words."""
        at = params.get("at", "")
        return cls(
            accepted=_count(params.get("accepted", "")),
            left=_count(params.get("left", "")) or 0,
            undone=_count(params.get("undone", "")),
            stayed=_count(params.get("stayed", "")) or 0,
            is_clear=params.get("clear") == "1",
            at=at if _instant(at) else "",
        )


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


@router.get("/news")
async def news(request: Request, viewer: CurrentViewer) -> Response:
    """Tell an open queue page who looks at what now, and whether the page has become old."""
    service, view = service_of(request), View.of(request.query_params)
    seen = request.query_params.get("seen", "")
    work = partial(_news, request, viewer, service, view, seen)
    return await service.workers.store.run(work)


def _news(request: Request, viewer: Viewer, service: Service, view: View, seen: str) -> Response:
    rows = read_rows(service.store, view, service.desk.rooms.policy, utc_now())
    is_old = rows.digest != seen
    return page(request, viewer, "news.html", view=view, rows=rows, states=STATES, is_old=is_old)


@router.get("/next")
async def first(request: Request, viewer: CurrentViewer) -> Response:
    """Lead to the first ticket of a view that nobody else is looking at."""
    service, view = service_of(request), View.of(request.query_params)
    work = partial(next_ticket, service.store, view, viewer.name, "", utc_now())
    key = await service.workers.store.run(work)
    address = ticket_address(key, view) if key else queue_address(view, clear=1)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


@router.post("/bulk")
async def confirm(request: Request, viewer: CurrentViewer, form: Posted) -> Response:
    """Show what accepting many tickets would do, before it is done."""
    service, view = service_of(request), View.parse(form.text("view"))
    work = partial(bulk.choose, service.store, view, form, viewer.name, utc_now())
    choice = await service.workers.store.run(work)
    return page(request, viewer, "bulk.html", view=view, choice=choice, most=bulk.MOST)


@router.post("/bulk/accept")
async def accept(request: Request, viewer: CurrentViewer, form: Posted) -> Response:
    """Accept many suggestions."""
    service, view, now = service_of(request), View.parse(form.text("view")), utc_now()
    picks = [Seen.parse(text) for text in form.all(bulk.PICK)[: bulk.MOST]]
    accepted = 0
    for part in _parts(picks):
        work = partial(bulk.accept, service.decisions, part, viewer.name, now)
        accepted += await service.workers.store.run(work)
    left, at = len(picks) - accepted, now.isoformat()
    address = queue_address(view.but(), accepted=accepted, left=left, at=at)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


@router.post("/bulk/undo")
async def undo(request: Request, viewer: CurrentViewer, form: Posted) -> Response:
    """Take back what the viewer has accepted as one act."""
    service, view = service_of(request), View.parse(form.text("view"))
    at = _instant(form.text("at"))
    if at is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The form does not say what to undo.")
    ids = await service.workers.store.run(partial(bulk.accepted_at, service.store, at, viewer.name))
    undone = 0
    for part in _parts(ids):
        work = partial(bulk.take_back, service.decisions, part, viewer.name, utc_now())
        undone += await service.workers.store.run(work)
    address = queue_address(view, undone=undone, stayed=len(ids) - undone)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def _parts(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield things a few at a time, so that a long act lets others pass."""
    return (things[start : start + AT_ONCE] for start in range(0, len(things), AT_ONCE))


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.utcoffset() is not None else None
