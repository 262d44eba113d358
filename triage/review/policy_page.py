"""The policy as the desk applies it, to be read and tried out; it is changed in its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from rules.decision_table import as_csv
from rules.health import RuleHealth
from tickets import PRIORITIES, InputFaults
from triage.review.judged import WINDOW
from triage.review.overview_figures import OverviewFigures
from triage.review.page_route import PageRoute
from triage.review.policy_tables import PolicyTables
from triage.review.rendering import page
from triage.review.viewer import CurrentViewer
from triage.review.what_if import Answer, Question, answer
from triage.service.service import Service, service_of, utc_now

router = APIRouter(prefix="/review", route_class=PageRoute)


@dataclass(frozen=True)
class _Read:
    """What the page shows."""

    question: Question
    answer: Answer | None
    faults: InputFaults | None
    tables: PolicyTables
    figures: OverviewFigures

    @property
    def health(self) -> dict[str, RuleHealth]:
        """How each rule fares with live decisions."""
        return {rule.rule_id: rule for rule in self.figures.rules}


@router.get("/policy")
async def policy(request: Request, viewer: CurrentViewer) -> Response:
    """Show the rules, how they fare, and what they would say of chosen facts."""
    service = service_of(request)
    params = dict(request.query_params)
    read = await service.workers.store.run(partial(_read, service, params, utc_now()))
    rooms = service.desk.rooms
    return page(
        request,
        viewer,
        "policy.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if read.faults else HTTPStatus.OK,
        question=read.question,
        answer=read.answer,
        faults=read.faults.faults if read.faults else (),
        tables=read.tables,
        health=read.health,
        decided=read.figures.decided - read.figures.by_other_rules,
        ruleset=rooms.ruleset,
        policy=rooms.policy,
        in_use=rooms.versions,
        priorities=PRIORITIES,
        window=WINDOW,
    )


@router.get("/policy/rules.csv")
async def rules_csv(request: Request, viewer: CurrentViewer) -> Response:
    """Send the decision table as a file."""
    service = service_of(request)
    table = await service.workers.store.run(partial(as_csv, service.desk.rooms.ruleset))
    headers = {"Content-Disposition": 'attachment; filename="triage-rules.csv"'}
    return Response(table.encode(), headers=headers, media_type="text/csv; charset=utf-8")


def _read(service: Service, params: dict[str, str], now: datetime) -> _Read:
    rooms, faults = service.desk.rooms, None
    try:
        question = Question.of(params, rooms, now)
    except InputFaults as wrong:
        question, faults = Question.opening(rooms, now), wrong
    if not question.is_asked and faults is None:
        question = Question.opening(rooms, now)
    return _Read(
        question=question,
        answer=answer(question, rooms) if question.is_asked else None,
        faults=faults,
        tables=PolicyTables.of(rooms.engine),
        figures=service.overview.figures(service.desk, now),
    )
