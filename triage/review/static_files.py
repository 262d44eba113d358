"""Style sheet, scripts and pictures: kept by browsers for a year, under addresses by content."""

from __future__ import annotations

import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Response

from triage.service.problems import Problem

router = APIRouter(prefix="/review")

FOLDER = Path(__file__).with_name("static")
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def address_of(name: str) -> str:
    """Return the address of a file; it changes with the file."""
    return f"/review/static/{name}?{hashlib.sha256(_files()[name]).hexdigest()[:12]}"


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """Return a file."""
    content = _files().get(name)
    if content is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such file.")
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(content, headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])


@cache
def _files() -> dict[str, bytes]:
    files = (path for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES)
    return {path.name: path.read_bytes() for path in files}
