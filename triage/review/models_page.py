"""Models and drift, for analysts: what is stored, what serves, and whether tickets have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from fastapi import APIRouter, Request, Response

from classifier.registry import StoredModel
from triage.commands.registry_printed import NAMES, window
from triage.drift.findings import FALSE_ALARMS
from triage.retraining.promotion import stored_models
from triage.review.drift_weeks import Drift
from triage.review.judged import WINDOW
from triage.review.page_route import PageRoute
from triage.review.rendering import page
from triage.review.viewer import Analyst
from triage.service.service import Service, service_of, utc_now

router = APIRouter(prefix="/review", route_class=PageRoute)


@dataclass(frozen=True)
class ListedModel:
    """A stored model as a page shows it."""

    stored: StoredModel

    @property
    def window(self) -> str:
        """Between which days the tickets came that it learnt from."""
        return window(self.stored.description)

    @property
    def source(self) -> str:
        """What it learnt from."""
        source = self.stored.description.get("source")
        return Path(source["file"]).name if source else "the corpus that ships"

    @property
    def metrics(self) -> dict[str, float | None]:
        """What was measured when it was trained, by a short name."""
        found = self.stored.description.get("metrics", {})
        return {NAMES[name].split(" (")[0]: value for name, value in found.items()}


@dataclass(frozen=True)
class _Read:
    """What the page shows."""

    models: Sequence[ListedModel]
    drift: Drift


@router.get("/models")
async def models(request: Request, viewer: Analyst) -> Response:
    """Show the stored models and the drift of the last weeks."""
    service, now = service_of(request), utc_now()
    read = await service.workers.store.run(partial(_read, service, now))
    return page(
        request,
        viewer,
        "models.html",
        at=now,
        models=read.models,
        drift=read.drift,
        serves=service.desk.rooms.model,
        has_home=service.installation.home is not None,
        false_alarms=FALSE_ALARMS,
        window=WINDOW,
    )


def _read(service: Service, now: datetime) -> _Read:
    home = service.installation.home
    stored = stored_models(home) if home else []
    return _Read(
        models=[ListedModel(one) for one in reversed(stored)],
        drift=service.overview.drift(service.desk, home, now),
    )
