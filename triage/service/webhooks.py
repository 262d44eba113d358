"""The addresses for webhooks of help desks: proven, put into the inbox, acknowledged.

What a delivery tells is worked on later (`triage.deliveries`); once it is acknowledged, it is on
the disk.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from triage.integrations import (
    Endpoint,
    NotAPayload,
    Refused,
    delivery_id,
    payload_of,
    verify,
)
from triage.service import openapi
from triage.service.bodies import read_body
from triage.service.problems import Problem
from triage.service.service import Service, service_of, store_place, utc_now

router = APIRouter(dependencies=[Depends(store_place)])

Token = Annotated[
    str | None,
    Query(description="The secret, from a desk that can do no more than call an address."),
]
KEPT_HEADERS = ("content-type", "x-github-event", "x-zammad-trigger")
"""What adapters read beside the body; whatever proves the sender is not kept."""


@router.post(
    "/v1/webhooks/{source}/{endpoint}",
    openapi_extra=openapi.DELIVERY_BODY,
    responses=openapi.DELIVERY_ANSWERS,
    status_code=HTTPStatus.ACCEPTED,
)
async def deliver(request: Request, source: str, endpoint: str, token: Token = None) -> Response:
    """Take what a help desk tells, in its own words; the endpoints file says how it is proven."""
    service = service_of(request)
    known = service.installation.endpoints.get(endpoint)
    if known is None or known.source != source:
        raise Problem(HTTPStatus.NOT_FOUND, "No such endpoint; the endpoints file names them all.")
    body = await read_body(request, service.limits.delivery_bytes, service.limits)
    headers = dict(request.headers)
    _prove(known, headers, body, token, service)
    work = partial(_put, known, headers, body, service)
    is_new = await service.workers.store.run(work)
    outcome = "accepted" if is_new else "repeated"
    service.measures.delivery(endpoint, outcome)
    return JSONResponse({"status": outcome}, HTTPStatus.ACCEPTED)


def _prove(
    endpoint: Endpoint, headers: dict[str, str], body: bytes, token: str | None, service: Service
) -> None:
    try:
        verify(endpoint, headers, body, utc_now(), url_token=token)
    except Refused as refused:
        service.measures.delivery(endpoint.name, "refused")
        detail = f"The delivery does not prove where it comes from: {refused.reason}."
        raise Problem(HTTPStatus.UNAUTHORIZED, detail) from None


def _put(endpoint: Endpoint, headers: dict[str, str], body: bytes, service: Service) -> bool:
    try:
        payload = payload_of(body, headers)
    except NotAPayload as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"{error}.") from None
    identity = delivery_id(endpoint.source, headers, payload, body)
    kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
    return service.store.inbox.put(endpoint.source, endpoint.name, identity, kept, body, utc_now())
