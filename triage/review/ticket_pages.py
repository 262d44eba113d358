"""A ticket: its page, what correcting a fact would do, deciding and undoing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from tickets import Combination
from tickets.store import Conflict, DecisionKind, DecisionRow
from triage.review.addresses import queue_address, ticket_address
from triage.review.deciding import FACT, Wish, corrections_of, decide, undo
from triage.review.done import read_done
from triage.review.dossier import LEASE, Dossier, Matter, open_dossier, read_matter
from triage.review.forms import Posted
from triage.review.highlighting import LONGEST, Piece, marks_of, pieces
from triage.review.history import history
from triage.review.keys import REASONS
from triage.review.outcome import outcome
from triage.review.page_route import PageRoute
from triage.review.rendering import page
from triage.review.seen import Seen
from triage.review.turns import neighbour, next_ticket
from triage.review.view import View
from triage.review.viewer import CurrentViewer, Viewer, refuse_to_take_back
from triage.service.service import Service, service_of, utc_now

router = APIRouter(prefix="/review", route_class=PageRoute)


@dataclass(frozen=True)
class _Asked:
    """How a ticket's page is asked for."""

    request: Request
    viewer: Viewer
    service: Service
    key: str
    view: View
    corrections: Combination = field(default_factory=dict)
    done: str = ""
    """The decision before, to be undone from here."""
    is_undone: bool = False
    """Whether a decision on this ticket was just taken back."""
    conflict: Conflict | None = None
    """Why a decision was not carried out."""


@router.get("/tickets/{key}")
async def ticket(request: Request, key: str, viewer: CurrentViewer) -> Response:
    """Show a ticket, what is suggested and why; from now on it is in the viewer's hands."""
    service, params = service_of(request), request.query_params
    asked = _Asked(
        request=request,
        viewer=viewer,
        service=service,
        key=key,
        view=View.of(params),
        corrections=corrections_of(params, service.desk.rooms.ruleset),
        done=params.get("done", ""),
        is_undone=params.get("undone") == "1",
    )
    return await service.workers.store.run(partial(_ticket, asked))


def _ticket(asked: _Asked) -> Response:
    service, now = asked.service, utc_now()
    dossier = open_dossier(service.store, asked.key, asked.viewer.name, now)
    body = dossier.matter.ticket.ticket.body
    answer = page(
        asked.request,
        asked.viewer,
        "ticket.html",
        HTTPStatus.CONFLICT if asked.conflict else HTTPStatus.OK,
        view=asked.view,
        now=now,
        dossier=dossier,
        matter=dossier.matter,
        outcome=outcome(dossier.matter, asked.corrections, service.desk.rooms, now),
        seen=dossier.matter.seen,
        subject=_marked(dossier, "subject"),
        body=_marked(dossier, "body"),
        unseen=max(0, len(body) - LONGEST),
        history=history(dossier),
        incidents=service.incidents.about(dossier.matter.ticket.received_at),
        status_page=service.incidents.told,
        reasons=REASONS,
        done=read_done(service.store, asked.done, asked.viewer.name),
        undone=asked.is_undone and _was_undone(dossier),
        was_blind=_was_blind(dossier.matter),
        conflict=asked.conflict,
    )
    if asked.conflict:  # the address bar shows the ticket, and not where the form was sent
        answer.headers["hx-push-url"] = ticket_address(asked.key, asked.view)
    return answer


def _was_undone(dossier: Dossier) -> bool:
    """Tell whether undoing is still the last that was done; addresses are kept and opened again."""
    return bool(dossier.decisions) and dossier.decisions[-1].kind is DecisionKind.UNDO


def _was_blind(matter: Matter) -> bool:
    """Tell whether the suggestion was blind before it was decided."""
    before, newest = matter.earlier[-1:], matter.suggestion
    return not newest.is_blind and any(
        each.is_blind and each.record == newest.record for each in before
    )


def _marked(dossier: Dossier, name: str) -> list[Piece]:
    """Return a field of the ticket in pieces; unmarked while the suggestion is hidden."""
    matter = dossier.matter
    text: str = getattr(matter.ticket.ticket, name)
    marks = [] if matter.is_hidden else marks_of(matter.suggestion.record, name)
    return list(pieces(text, marks))


@router.get("/tickets/{key}/outcome")
async def corrected(request: Request, key: str, viewer: CurrentViewer) -> Response:
    """Show what the rules say with some facts corrected; nothing is kept of it."""
    service, view = service_of(request), View.of(request.query_params)
    corrections = corrections_of(request.query_params, service.desk.rooms.ruleset)
    seen = Seen.parse(request.query_params.get("seen", ""))
    work = partial(_corrected, request, viewer, service, key, view, corrections, seen)
    answer = await service.workers.store.run(work)
    facts = {f"{FACT}{name}": value for name, value in corrections.items()}
    answer.headers["hx-replace-url"] = ticket_address(key, view, **facts)
    return answer


def _corrected(
    request: Request,
    viewer: Viewer,
    service: Service,
    key: str,
    view: View,
    corrections: Combination,
    seen: Seen,
) -> Response:
    matter = read_matter(service.store, key)
    return page(
        request,
        viewer,
        "outcome.html",
        view=view,
        matter=matter,
        outcome=outcome(matter, corrections, service.desk.rooms, utc_now()),
        seen=seen,
        reasons=REASONS,
    )


@router.get("/tickets/{key}/text")
async def text(request: Request, key: str, viewer: CurrentViewer) -> Response:
    """Return a ticket's whole text as it came."""
    service = service_of(request)
    matter = await service.workers.store.run(partial(read_matter, service.store, key))
    whole = f"{matter.ticket.ticket.subject}\n\n{matter.ticket.ticket.body}"
    return PlainTextResponse(whole.encode("utf-8", "replace"))


@router.get("/tickets/{key}/after")
async def after(request: Request, key: str, viewer: CurrentViewer) -> Response:
    """Lead to the ticket after one in the view."""
    return await _beside(request, key, 1)


@router.get("/tickets/{key}/before")
async def before(request: Request, key: str, viewer: CurrentViewer) -> Response:
    """Lead to the ticket before one in the view."""
    return await _beside(request, key, -1)


async def _beside(request: Request, key: str, step: int) -> Response:
    service, view = service_of(request), View.of(request.query_params)
    work = partial(neighbour, service.store, view, key, step)
    found = await service.workers.store.run(work)
    address = ticket_address(*found) if found else queue_address(view)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


@router.post("/tickets/{key}/claim")
async def claim(request: Request, key: str, viewer: CurrentViewer, form: Posted) -> Response:
    """Prolong the viewer's lease; tell who has the ticket, and whether it has changed."""
    service = service_of(request)
    seen = form.text("version")
    return await service.workers.store.run(partial(_claim, request, viewer, service, key, seen))


def _claim(request: Request, viewer: Viewer, service: Service, key: str, seen: str) -> Response:
    matter = read_matter(service.store, key)
    return page(
        request,
        viewer,
        "who.html",
        matter=matter,
        claim=service.store.claims.take(key, viewer.name, utc_now(), LEASE),
        has_changed=str(matter.ticket.version) != seen,
    )


@router.post("/tickets/{key}/decision")
async def decision(request: Request, key: str, viewer: CurrentViewer, form: Posted) -> Response:
    """Decide, and lead to the next ticket; where somebody was quicker, show what they did."""
    service, view = service_of(request), View.parse(form.text("view"))
    wish = Wish.of(form, service.desk.rooms.ruleset)
    asked = _Asked(request, viewer, service, key, view, wish.corrections)
    return await service.workers.store.run(partial(_decision, asked, wish))


def _decision(asked: _Asked, wish: Wish) -> Response:
    try:
        row = decide(asked.service, wish, asked.viewer.name)
    except Conflict as conflict:
        return _ticket(replace(asked, conflict=conflict))
    store, user = asked.service.store, asked.viewer.name
    store.claims.release(row.ticket_key, user)
    return _onwards(asked, row)


def _onwards(asked: _Asked, row: DecisionRow) -> Response:
    store, view = asked.service.store, asked.view
    key = next_ticket(store, view, asked.viewer.name, row.ticket_key, utc_now())
    address = (
        ticket_address(key, view, done=row.id)
        if key is not None
        else queue_address(view, clear=1, done=row.id)
    )
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


@router.post("/decisions/{decision_id}/undo")
async def taken_back(
    request: Request, decision_id: str, viewer: CurrentViewer, form: Posted
) -> Response:
    """Take a decision back, with its messages, and lead to its ticket."""
    service, view = service_of(request), View.parse(form.text("view"))
    asked = _Asked(request, viewer, service, form.text("ticket"), view)
    return await service.workers.store.run(partial(_taken_back, asked, decision_id))


def _taken_back(asked: _Asked, decision_id: str) -> Response:
    refuse_to_take_back(asked.viewer, asked.service.store.decisions.load(decision_id))
    try:
        row = undo(asked.service, decision_id, asked.viewer.name)
    except Conflict as conflict:
        return _ticket(replace(asked, conflict=conflict))
    address = ticket_address(row.ticket_key, asked.view, undone=1)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
