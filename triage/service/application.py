"""The service as an ASGI app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from triage.desk import Desk
from triage.service import openapi
from triage.service.guard import Guard
from triage.service.limits import LIMITS, Limits
from triage.service.problems import answer_with_problems
from triage.service.renewal import follow
from triage.service.routes import Service, router
from triage.service.workers import Workers


def create_app(desk: Desk, limits: Limits = LIMITS, home: Path | None = None) -> FastAPI:
    """Return an app that assesses tickets with a desk; it keeps nothing.

    With the home that the desk's model comes from, the app follows it to the next current model.
    """
    workers = Workers(limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(follow(app, home)) if home else None
        yield
        if following:
            following.cancel()
        workers.close()

    app = FastAPI(
        title="UJET triage",
        version=version("ujet-triage"),
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.service = Service(desk, limits, workers)
    app.include_router(router)
    answer_with_problems(app)
    app.add_middleware(Guard)
    openapi.describe(app)
    return app
