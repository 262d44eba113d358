"""The addresses for suggestions and what people make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from rules import Ruleset
from tickets import Action, Combination, InputFaults, Priority, TicketFault
from tickets.store import (
    Conflict,
    Decision,
    DecisionKind,
    DecisionRow,
    NotFound,
    Order,
    QueueItem,
    QueuePage,
    QueueQuery,
    QueueState,
    SuggestionRow,
)
from tickets.ticket import TIERS
from triage.blindness import is_hidden
from triage.correction import parse_corrections
from triage.service import openapi
from triage.service.access import Caller, Scope
from triage.service.bodies import JSON, media_type, read_body
from triage.service.items import whole_json
from triage.service.problems import Problem, invalid_field, invalid_input
from triage.service.service import Service, permitted, service_of, store_place, utc_now

router = APIRouter(dependencies=[Depends(store_place)])

MayReview = Annotated[Caller, Depends(permitted(Scope.REVIEW))]
IfMatch = Annotated[
    str | None,
    Header(description="The ETag, `version` of the suggestion, that the decision is based on."),
]
LONGEST_NOTE = 2_000
DECISION_BYTES = 20_000


@dataclass(frozen=True)
class Listed:
    """What a list of suggestions is asked for."""

    state: QueueState | None = None
    sort: Order = Order.URGENCY
    priority: str | None = None
    tier: str | None = None
    action: Action | None = None
    product_area: str | None = None
    source: str | None = None
    text: Annotated[str | None, Query(max_length=200)] = None
    limit: Annotated[int, Query(ge=1, le=500)] = 50
    cursor: str | None = None

    def query(self) -> QueueQuery:
        """Return it as the store takes it; `Problem` 422 for what cannot be asked."""
        try:
            return QueueQuery(
                state=self.state,
                order=self.sort,
                priority=_priority(self.priority) if self.priority else None,
                tier=_tier(self.tier) if self.tier else None,
                action=self.action,
                product_area=self.product_area,
                source=self.source,
                text=self.text,
                limit=self.limit,
                cursor=self.cursor,
            )
        except InputFaults as faults:
            raise invalid_input(faults) from None


@router.get("/v1/suggestions", responses=openapi.SUGGESTIONS_ANSWERS)
async def suggestions(
    request: Request, caller: MayReview, asked: Annotated[Listed, Depends()]
) -> Response:
    """List the newest suggestion of each ticket, a page at a time; `next` is the next `cursor`."""
    service, query = service_of(request), asked.query()
    page = await service.workers.store.run(partial(_read, service, query))
    return JSONResponse(_page_record(page))


def _read(service: Service, query: QueueQuery) -> QueuePage:
    try:
        return service.store.suggestions.queue(query)
    except InputFaults as faults:  # a cursor that is none
        raise invalid_input(faults) from None


@router.get("/v1/suggestions/{suggestion_id}", responses=openapi.SUGGESTION_ANSWERS)
async def suggestion(request: Request, suggestion_id: str, caller: MayReview) -> Response:
    """Return one suggestion with the assessment, and the log of decisions on its ticket."""
    service = service_of(request)
    record = await service.workers.store.run(partial(_dossier, service, suggestion_id))
    return JSONResponse(record, headers={"ETag": f'"{record["version"]}"'})


@router.post(
    "/v1/suggestions/{suggestion_id}/decision",
    openapi_extra=openapi.DECISION_BODY,
    responses=openapi.DECISION_ANSWERS,
    status_code=HTTPStatus.CREATED,
)
async def decide(
    request: Request, suggestion_id: str, caller: MayReview, if_match: IfMatch = None
) -> Response:
    """Accept a suggestion, override it with another priority, or skip it."""
    service = service_of(request)
    media_type(request, [JSON])
    body = await read_body(request, DECISION_BYTES, service.limits)
    ruleset = service.desk.rooms.ruleset
    decision, version = _decision(body, caller, ruleset), _version(if_match)
    work = partial(_decide, service, suggestion_id, decision, version)
    row = await service.workers.store.run(work)
    return _decided(row)


@router.post(
    "/v1/decisions/{decision_id}/undo",
    responses=openapi.DECISION_ANSWERS,
    status_code=HTTPStatus.CREATED,
)
async def undo(request: Request, decision_id: str, caller: MayReview) -> Response:
    """Take back the decision that stands; the one before it, if any, stands again."""
    service = service_of(request)
    row = await service.workers.store.run(partial(_undo, service, decision_id, caller))
    return _decided(row)


def _decided(row: DecisionRow) -> Response:
    return JSONResponse(decision_record(row), HTTPStatus.CREATED, {"ETag": f'"{row.version}"'})


def _decide(
    service: Service, suggestion_id: str, decision: Decision, version: int | None
) -> DecisionRow:
    try:
        return service.decisions.decide(suggestion_id, decision, version, utc_now())
    except NotFound as missing:
        raise Problem(HTTPStatus.NOT_FOUND, str(missing)) from None
    except Conflict as conflict:
        raise _conflict(conflict) from None


def _undo(service: Service, decision_id: str, caller: Caller) -> DecisionRow:
    try:
        return service.decisions.undo(decision_id, caller.name, utc_now())
    except NotFound as missing:
        raise Problem(HTTPStatus.NOT_FOUND, str(missing)) from None
    except Conflict as conflict:
        raise _conflict(conflict) from None


def _dossier(service: Service, suggestion_id: str) -> dict[str, Any]:
    try:
        subject = service.decisions.subject(suggestion_id)
    except NotFound as missing:
        raise Problem(HTTPStatus.NOT_FOUND, str(missing)) from None
    ticket, found = subject.ticket, subject.suggestion
    log = service.store.decisions.of_ticket(ticket.key)
    standing = next((row for row in log if row.id == ticket.standing_decision_id), None)
    return {
        "suggestion_id": found.id,
        "ticket_key": ticket.key,
        "source": ticket.arrival.source,
        "version": ticket.version,
        "is_superseded": found.is_superseded,
        "is_blind": found.is_blind,
        "assessment": _shown(found, standing),
        "decisions": [decision_record(row) for row in log],
    }


def _page_record(page: QueuePage) -> dict[str, Any]:
    return {
        "suggestions": [_item_record(item) for item in page.items],
        "next": page.next_cursor,
        "counts": {str(state): count for state, count in page.counts.items()},
    }


def _item_record(item: QueueItem) -> dict[str, Any]:
    standing = item.standing
    return {
        "suggestion_id": item.suggestion.id,
        "ticket_key": item.ticket_key,
        "source": item.source,
        "url": item.url,
        "subject": item.subject,
        "tier": item.tier,
        "product_area": item.product_area,
        "received_at": item.received_at.isoformat(),
        "state": str(item.state),
        "version": item.version,
        "is_blind": item.suggestion.is_blind,
        "assessment": _shown(item.suggestion, standing),
        "decision": decision_record(standing) if standing else None,
    }


def _shown(suggestion: SuggestionRow, standing: DecisionRow | None) -> Mapping[str, Any] | None:
    """Return an assessment; None while a blind one is not decided."""
    return None if is_hidden(suggestion, standing) else suggestion.record


def decision_record(row: DecisionRow) -> dict[str, Any]:
    """Return an entry of the log of decisions for machines."""
    return {
        "id": row.id,
        "suggestion_id": row.suggestion_id,
        "kind": str(row.kind),
        "priority": str(row.priority) if row.priority is not None else None,
        "suggested_priority": str(row.suggested_priority),
        "reason": row.reason,
        "facts": dict(row.corrected_facts),
        "actor": row.actor,
        "note": row.note,
        "decided_at": row.decided_at.isoformat(),
        "undoes": row.undoes,
        "version": row.version,
    }


def _decision(body: bytes, caller: Caller, ruleset: Ruleset) -> Decision:
    """Return the decision that a body asks for; `Problem` 400 or 422 where it is none."""
    given = whole_json(body)
    if not isinstance(given, dict):
        detail = 'The body is no JSON object; send {"decision": "accept"}.'
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    kind = given.get("decision")
    if kind not in (DecisionKind.ACCEPT, DecisionKind.OVERRIDE, DecisionKind.SKIP):
        raise _wrong("decision", kind, "is no decision", "use accept, override or skip")
    try:
        return Decision(
            kind=DecisionKind(kind),
            actor=caller.name,
            priority=_priority(given["priority"]) if given.get("priority") is not None else None,
            reason=_text(given, "reason"),
            corrected_facts=_facts(given, ruleset),
            note=_text(given, "note"),
        )
    except InputFaults as faults:
        raise invalid_input(faults) from None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_NOTE or "\x00" in value:
        remedy = f"send a text of at most {LONGEST_NOTE:,} characters, without NUL"
        raise _wrong(name, value, "cannot be kept", remedy)
    return value.encode("utf-8", "replace").decode("utf-8")


def _facts(given: Mapping[str, Any], ruleset: Ruleset) -> Combination:
    facts = given.get("facts") or {}
    if not isinstance(facts, dict):
        raise _wrong("facts", facts, "is no JSON object", 'send facts as {"reach": "all"}')
    return parse_corrections(facts, ruleset)


def _tier(name: str) -> str:
    if name not in TIERS:
        raise _wrong("tier", name, "is no tier", f"use {' or '.join(TIERS)}")
    return name


def _priority(name: Any) -> Priority:
    try:
        return Priority.parse(str(name))
    except ValueError:
        raise _wrong("priority", name, "is no priority", "use P0, P1, P2, P3 or P4") from None


def _version(if_match: str | None) -> int | None:
    """Return the version that an If-Match header names; `*` and none at all name none."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        remedy = "send the ETag that came with the suggestion"
        raise _wrong("If-Match", if_match, "is no version of a suggestion", remedy)
    return int(digits)


def _wrong(name: str, value: object, problem: str, remedy: str) -> Problem:
    return invalid_field(TicketFault(name, value, problem, remedy))


def _conflict(conflict: Conflict) -> Problem:
    latest = conflict.latest
    said = f"; {latest.actor} said {latest.kind} at {latest.decided_at:%H:%M}" if latest else ""
    detail = f"{conflict}{said}. Look again, then decide with If-Match."
    headers = {"ETag": f'"{conflict.current_version}"'}
    return Problem(HTTPStatus.CONFLICT, detail, headers=headers)
