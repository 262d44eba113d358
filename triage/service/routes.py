"""The addresses of the service. Each reads a body, has a desk assess it, and keeps nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from tickets import TicketFault
from triage.batch import RowForm, assess_rows
from triage.desk import Desk
from triage.row_files import Row
from triage.service import openapi
from triage.service.answers import as_lines, as_list, encoded, encoded_all, in_chunks
from triage.service.bodies import JSON, NDJSON, media_type, read_body
from triage.service.items import one_row, rows_of_lines, rows_of_list
from triage.service.limits import Limits
from triage.service.problems import invalid_ticket
from triage.service.workers import Workers

router = APIRouter()

DryRun = Annotated[
    bool, Query(description="Accepted and without effect: nothing is stored yet in any case.")
]


@dataclass(frozen=True)
class Service:
    """What the addresses work with."""

    desk: Desk
    limits: Limits
    workers: Workers


def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


# Async, as places belong to the event loop; held until the answer is sent or its client has left.
async def _ticket_place(request: Request) -> AsyncIterator[None]:
    with _service(request).workers.tickets.place():
        yield


async def _batch_place(request: Request) -> AsyncIterator[None]:
    with _service(request).workers.batches.place():
        yield


@router.post(
    "/v1/triage",
    dependencies=[Depends(_ticket_place)],
    openapi_extra=openapi.TICKET_BODY,
    responses=openapi.TICKET_ANSWERS,
)
async def triage(request: Request, dry_run: DryRun = False) -> Response:
    """Suggest a priority for one ticket, with its reasons and response deadline.

    Keys that are not of a ticket are left out of account.
    """
    service = _service(request)
    media_type(request, [JSON])
    body = await read_body(request, service.limits.ticket_bytes, service.limits)
    answer = await service.workers.tickets.run(partial(_assess_one, body, service.desk))
    return Response(answer, media_type=JSON)


def _assess_one(body: bytes, desk: Desk) -> bytes:
    ticket = RowForm().parse(one_row(body))
    if isinstance(ticket, TicketFault):
        raise invalid_ticket(ticket)
    return encoded(desk.assess(ticket).as_record())


@router.post(
    "/v1/triage/batch",
    dependencies=[Depends(_batch_place)],
    openapi_extra=openapi.BATCH_BODY,
    responses=openapi.BATCH_ANSWERS,
)
async def triage_batch(request: Request, dry_run: DryRun = False) -> Response:
    """Suggest priorities for many tickets: a list for a list, lines for lines, in their order.

    The answer is sent as it becomes ready. An item that is no ticket keeps its id, or its number,
    and has an `error`; the others are not affected.
    """
    service, limits = _service(request), _service(request).limits
    kind = media_type(request, [JSON, NDJSON])
    body = await read_body(request, limits.batch_bytes, limits)
    read, written = (rows_of_list, as_list) if kind == JSON else (rows_of_lines, as_lines)
    rows = await service.workers.batches.run(partial(read, body, limits.batch_items))
    return StreamingResponse(written(_assessed(rows, service)), media_type=kind)


async def _assessed(rows: Sequence[Row], service: Service) -> AsyncIterator[list[bytes]]:
    for chunk in in_chunks(rows, service.limits.chunk):
        yield await service.workers.batches.run(partial(_assess_chunk, chunk, service.desk))


def _assess_chunk(rows: Sequence[Row], desk: Desk) -> list[bytes]:
    return encoded_all(assessment for _, assessment in assess_rows(rows, desk, RowForm()))


@router.get("/healthz", responses=openapi.HEALTH_ANSWERS)
async def healthz() -> Response:
    """Tell that the process lives; answers whatever the load."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", responses=openapi.READY_ANSWERS)
async def readyz(request: Request) -> Response:
    """Tell which model, rules and policy are loaded, and which engine decides."""
    versions = asdict(_service(request).desk.rooms.versions)
    return JSONResponse({"status": "ready", "versions": versions})
