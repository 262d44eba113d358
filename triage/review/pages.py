"""The addresses of the review desk."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from triage.review import (
    account_pages,
    models_page,
    overview,
    policy_page,
    queue_pages,
    sign_in,
    static_files,
    ticket_pages,
)
from triage.review.page_route import PageRoute
from triage.service.service import store_place

pages = APIRouter(route_class=PageRoute, dependencies=[Depends(store_place)])
for part in (
    queue_pages,
    ticket_pages,
    overview,
    policy_page,
    models_page,
    sign_in,
    account_pages,
):
    pages.include_router(part.router)

router = APIRouter(include_in_schema=False)
router.include_router(static_files.router)
router.include_router(pages)
