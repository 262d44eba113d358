"""Templates filled in. Everything from a ticket is escaped, and no page may run what it holds."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from triage.review.keys import KEYS
from triage.review.static_files import address_of
from triage.review.viewer import Viewer
from triage.service.service import service_of

FOLDER = Path(__file__).with_name("templates")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def page(
    request: Request,
    viewer: Viewer | None,
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    **values: Any,
) -> Response:
    """Return a page; without a viewer, one for people who are not signed in."""
    zone = service_of(request).desk.rooms.policy.zone
    html = (
        environment()
        .get_template(template)
        .render(values, viewer=viewer, request=request, zone=zone)
    )
    headers = {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        # With "no-referrer", our own forms would say that they come from "null".
        "referrer-policy": "same-origin",
    }
    return HTMLResponse(html.encode("utf-8", "replace"), status, headers)


@cache
def environment() -> Environment:
    """Return the templates."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = address_of
    environment.globals["keys"] = KEYS
    environment.filters["web_address"] = web_address
    environment.filters["at_desk"] = at_desk
    environment.filters["day_at_desk"] = day_at_desk
    environment.filters["clock_at_desk"] = clock_at_desk
    return environment


def at_desk(instant: datetime, zone: tzinfo) -> str:
    """Return an instant as the desk's wall clock shows it."""
    local = instant.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"


def day_at_desk(instant: datetime, zone: tzinfo) -> str:
    """Return the day of the week at the desk."""
    return f"{instant.astimezone(zone):%a}"


def clock_at_desk(instant: datetime, zone: tzinfo) -> str:
    """Return the time of day at the desk."""
    return f"{instant.astimezone(zone):%H:%M %Z}"


def web_address(text: str | None) -> str:
    """Return an address that a link may lead to; empty for a script in disguise."""
    return text if text and text.startswith(("https://", "http://")) else ""
