"""The addresses of pages, with the view of the queue that a page belongs to."""

from __future__ import annotations

from urllib.parse import urlencode

from triage.review.view import View

QUEUE = "/review"


def queue_address(view: View, **said: str | int) -> str:
    """Return the address of a view of the queue, with what it shall say."""
    return _address(QUEUE, view, said)


def ticket_address(key: str, view: View, **said: str | int) -> str:
    """Return the address of a ticket's page, with what it shall say."""
    return _address(f"{QUEUE}/tickets/{key}", view, said)


def _address(path: str, view: View, said: dict[str, str | int]) -> str:
    params = urlencode({**view.fields, **said})
    return f"{path}?{params}" if params else path
