"""The addresses for models: which there are, and which is current."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from tickets import InputFaults
from triage.commands.registry_printed import models_record
from triage.retraining.promotion import promote_version, roll_back, stored_models
from triage.service import openapi
from triage.service.access import Caller, Scope
from triage.service.bodies import JSON, media_type, read_body
from triage.service.items import whole_json
from triage.service.problems import Problem, invalid_input
from triage.service.service import Service, permitted, service_of, store_place, utc_now

router = APIRouter(dependencies=[Depends(store_place)])

MayTrain = Annotated[Caller, Depends(permitted(Scope.TRAIN))]
PROMOTION_BYTES = 20_000


@router.get("/v1/models", responses=openapi.MODELS_ANSWERS)
async def models(request: Request, caller: MayTrain) -> Response:
    """List the stored models, oldest first; `serves` is the one that answers here."""
    service = service_of(request)
    stored = await service.workers.store.run(partial(stored_models, service.installation.home))
    record = {"serves": service.desk.rooms.model.version, "models": models_record(stored)}
    return JSONResponse(record)


@router.post(
    "/v1/models/{version}/promote",
    openapi_extra=openapi.PROMOTION_BODY,
    responses=openapi.PROMOTION_ANSWERS,
)
async def promote(request: Request, version: str, caller: MayTrain) -> Response:
    """Make a model current if it passes the gate; with `force` and `why`, whatever the gate says.

    Judging takes up to minutes. All processes of this home serve the model within seconds.
    """
    service = service_of(request)
    force, why = _terms(await _body(request, service))
    home = service.installation.home
    work = partial(promote_version, version, None, _unseen, force=force, why=why, home=home)
    return await _switched(work, service, caller, f"promote model {version}")


@router.post("/v1/models/rollback", responses=openapi.PROMOTION_ANSWERS)
async def rollback(request: Request, caller: MayTrain) -> Response:
    """Make the model current again that was so before."""
    service = service_of(request)
    reader = service.desk.rooms.model.reader
    work = partial(roll_back, reader, service.installation.home)
    return await _switched(work, service, caller, "roll back the model")


async def _body(request: Request, service: Service) -> Any:
    if not request.headers.get("content-type"):
        return {}
    media_type(request, [JSON])
    return whole_json(await read_body(request, PROMOTION_BYTES, service.limits))


async def _switched(
    work: Callable[[], str], service: Service, caller: Caller, action: str
) -> Response:
    try:
        line = await service.workers.batches.run(work)
    except InputFaults as faults:
        raise invalid_input(faults) from None
    audit = partial(service.store.audit.note, caller.name, action, line, {}, utc_now())
    await service.workers.store.run(audit)
    return JSONResponse({"done": line})


def _terms(given: Any) -> tuple[bool, str]:
    """Return whether the gate is overruled, and why; `Problem` 422 for one without the other."""
    if not isinstance(given, dict):
        raise _wrong('The body is no JSON object; send {} or {"force": true, "why": "…"}.')
    force, why = given.get("force", False), given.get("why", "")
    if not isinstance(force, bool) or not isinstance(why, str):
        raise _wrong("force is true or false, why is a text.")
    if force and not why.strip():
        raise _wrong("force: comes without a reason; say why.")
    return force, why.strip()


def _wrong(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def _unseen(done: int, total: int) -> None:
    """Progress that nobody watches."""
