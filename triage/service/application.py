"""The service as an ASGI app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version

from fastapi import FastAPI

from triage.renewal import Renewal
from triage.review import pages
from triage.service import documentation, models, openapi, operations, review, routes, webhooks
from triage.service.background import Background
from triage.service.guard import Guard
from triage.service.installation import Installation
from triage.service.problems import answer_with_problems
from triage.service.service import Service


def create_app(installation: Installation) -> FastAPI:
    """Return an app that assesses tickets and keeps what comes of them.

    With a home, the app follows it to the next current model. The store is the caller's to close.
    """
    service = Service.of(installation)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        background = Background(app)
        background.start()
        following = asyncio.create_task(_follow(app, installation))
        yield
        following.cancel()
        service.workers.close()
        background.stop()

    app = FastAPI(
        title="UJET triage",
        version=version("ujet-triage"),
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for part in (routes, review, webhooks, models, operations, documentation, pages):
        app.include_router(part.router)
    answer_with_problems(app)
    app.add_middleware(Guard, measures=service.measures)
    openapi.describe(app)
    return app


async def _follow(app: FastAPI, installation: Installation) -> None:
    """Let the current desk serve; requests that have begun keep theirs."""
    if installation.home is None:
        return
    async for desk in Renewal(installation.home, installation.desk).desks():
        app.state.service = replace(app.state.service, desk=desk)
