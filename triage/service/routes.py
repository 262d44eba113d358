"""The addresses for tickets. Each reads a body, has a desk assess it, and keeps what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from tickets import Ticket, TicketFault
from tickets.store import Arrival
from tickets.ticket import has_value
from triage.batch import RowForm, assess_rows, failed
from triage.intake import Taken, answer
from triage.integrations.fields import text
from triage.row_files import Row
from triage.service import openapi
from triage.service.access import Caller, Scope
from triage.service.answers import as_lines, as_list, encoded, encoded_all, in_chunks
from triage.service.bodies import JSON, NDJSON, media_type, read_body
from triage.service.idempotency import IdempotencyKey, answered_once
from triage.service.items import one_row, rows_of_lines, rows_of_list
from triage.service.problems import invalid_field
from triage.service.service import Service, permitted, service_of, utc_now

router = APIRouter()

SOURCE = "api"
"""The source of tickets that come here."""

DryRun = Annotated[bool, Query(description="Answer, and store nothing.")]
MaySuggest = Annotated[Caller, Depends(permitted(Scope.SUGGEST))]


# Async, as places belong to the event loop; held until the answer is sent or its client has left.
async def _ticket_place(request: Request) -> AsyncIterator[None]:
    with service_of(request).workers.tickets.place():
        yield


async def _batch_place(request: Request) -> AsyncIterator[None]:
    with service_of(request).workers.batches.place():
        yield


@router.post(
    "/v1/triage",
    dependencies=[Depends(_ticket_place)],
    openapi_extra=openapi.TICKET_BODY,
    responses=openapi.TICKET_ANSWERS,
)
async def triage(
    request: Request,
    caller: MaySuggest,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Suggest a priority for one ticket, with its reasons and response deadline, and store both.

    A ticket with the id of an earlier one takes its place. Keys that are not of a ticket are left
    out of account.
    """
    service = service_of(request)
    media_type(request, [JSON])
    body = await read_body(request, service.limits.ticket_bytes, service.limits)
    if dry_run:
        work = partial(_assess_one, body, service)
    elif idempotency_key is None:
        work = partial(_take_one, body, service)
    else:
        work = partial(_take_once, body, service, idempotency_key, caller)
    return Response(await service.workers.tickets.run(work), media_type=JSON)


def _assess_one(body: bytes, service: Service) -> bytes:
    return encoded(service.desk.assess(_one_ticket(body)[1]).as_record())


def _take_one(body: bytes, service: Service) -> bytes:
    [taken] = _taken([_one_ticket(body)], service)
    return encoded(answer(taken))


def _take_once(body: bytes, service: Service, key: str, caller: Caller) -> bytes:
    def work() -> tuple[bytes, str]:
        [taken] = _taken([_one_ticket(body)], service)
        return encoded(answer(taken)), taken.ticket.key

    return answered_once(service.store, key, caller.name, body, work)


def _one_ticket(body: bytes) -> tuple[Row, Ticket]:
    row = one_row(body)
    ticket = RowForm().parse(row)
    if isinstance(ticket, TicketFault):
        raise invalid_field(ticket)
    return row, ticket


@router.post(
    "/v1/triage/batch",
    dependencies=[Depends(_batch_place)],
    openapi_extra=openapi.BATCH_BODY,
    responses=openapi.BATCH_ANSWERS,
)
async def triage_batch(request: Request, caller: MaySuggest, dry_run: DryRun = False) -> Response:
    """Suggest priorities for many tickets: a list for a list, lines for lines, in their order.

    The answer is sent as it becomes ready, each item when it is stored. An item that is no ticket
    keeps its id, or its number, and has an `error`; the others are not affected.
    """
    service, limits = service_of(request), service_of(request).limits
    kind = media_type(request, [JSON, NDJSON])
    body = await read_body(request, limits.batch_bytes, limits)
    read, written = (rows_of_list, as_list) if kind == JSON else (rows_of_lines, as_lines)
    rows = await service.workers.batches.run(partial(read, body, limits.batch_items))
    return StreamingResponse(written(_assessed(rows, service, dry_run)), media_type=kind)


async def _assessed(
    rows: Sequence[Row], service: Service, dry_run: bool
) -> AsyncIterator[list[bytes]]:
    work = _assess_chunk if dry_run else _take_chunk
    for chunk in in_chunks(rows, service.limits.chunk):
        yield await service.workers.batches.run(partial(work, chunk, service))


def _assess_chunk(rows: Sequence[Row], service: Service) -> list[bytes]:
    return encoded_all(
        assessment.as_record() for _, assessment in assess_rows(rows, service.desk, RowForm())
    )


def _take_chunk(rows: Sequence[Row], service: Service) -> list[bytes]:
    form = RowForm()
    parsed = [(row, form.parse(row)) for row in rows]
    sound = [(row, ticket) for row, ticket in parsed if isinstance(ticket, Ticket)]
    taken = iter(_taken(sound, service))
    records = [
        answer(next(taken))
        if isinstance(ticket, Ticket)
        else failed(form.row_id(row), ticket, service.desk).as_record()
        for row, ticket in parsed
    ]
    return encoded_all(records)


def _taken(tickets: Sequence[tuple[Row, Ticket]], service: Service) -> list[Taken]:
    arrivals = [(ticket, _arrival(row, ticket)) for row, ticket in tickets]
    taken = service.intake.take(arrivals, service.desk, utc_now(), service.installation.shadow)
    for one in taken:
        if one.is_new:
            service.measures.suggestion(one.suggestion.record, SOURCE)
    return taken


def _arrival(row: Row, ticket: Ticket) -> Arrival:
    """Without an id of its own, a ticket is a new one each time."""
    external_id = ticket.id if has_value(row.cells, "id") else None
    area = text(row.cells.get("product_area"))
    return Arrival(source=SOURCE, external_id=external_id, product_area=area)
