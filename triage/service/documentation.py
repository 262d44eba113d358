"""The page on which the API can be read and tried out; it loads nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from triage.service.problems import Problem

router = APIRouter(prefix="/docs", include_in_schema=False)

FOLDER = Path(__file__).with_name("static")
MEDIA_TYPES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
}
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>UJET triage: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
<script src="/docs/swagger-ui-bundle.js" defer></script>
<script src="/docs/docs.js" defer></script>
</head>
<body>
<main id="documentation"></main>
<noscript><p>This page needs JavaScript; the same stands in
<a href="/openapi.json">/openapi.json</a>.</p></noscript>
</body>
</html>
"""
# The interface writes styles into elements, and has its pictures in its style sheet.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


@router.get("")
async def page() -> Response:
    """Show what the OpenAPI document says."""
    return HTMLResponse(PAGE, headers={"content-security-policy": POLICY})


@router.get("/{name}")
async def static(name: str) -> Response:
    """Return a file that the page loads."""
    if name not in MEDIA_TYPES:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such file.")
    headers = {"cache-control": "public, max-age=3600"}
    return Response(_content(name), headers=headers, media_type=MEDIA_TYPES[name])


@cache
def _content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
