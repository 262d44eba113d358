"""The addresses for whoever runs the service: it lives, it is ready, what it counts."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from tickets.store import StoreUnavailable
from triage.service import openapi
from triage.service.access import Caller, Scope
from triage.service.gauges import gauges
from triage.service.problems import store_unavailable
from triage.service.service import permitted, service_of, utc_now

router = APIRouter()

MayAdminister = Annotated[Caller, Depends(permitted(Scope.ADMIN))]


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", responses=openapi.HEALTH_ANSWERS)
async def healthz() -> Response:
    """Tell that the process lives; answers whatever the load."""
    return JSONResponse({"status": "ok"})


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses=openapi.READY_ANSWERS)
async def readyz(request: Request) -> Response:
    """Tell whether tickets can be taken: a model is loaded and the store answers."""
    service = service_of(request)
    versions = asdict(service.desk.rooms.versions)
    try:
        await service.workers.readiness.run(service.store.ping)
    except StoreUnavailable:
        raise store_unavailable() from None
    return JSONResponse({"status": "ready", "versions": versions})


@router.get("/metrics", responses=openapi.METRICS_ANSWERS)
async def metrics(request: Request, caller: MayAdminister) -> Response:
    """Tell counts and times, in the text format of Prometheus."""
    service = service_of(request)
    stored = await service.workers.store.run(partial(gauges, service.store, utc_now()))
    return Response(service.measures.page(stored), media_type=CONTENT_TYPE_LATEST)
