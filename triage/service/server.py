"""The server that runs the service until it is told to end."""

from __future__ import annotations

import socket

import uvicorn

from triage.journal import log_to_standard_error
from triage.service.application import create_app
from triage.service.installation import Installation

GRACE = 30
"""Seconds that requests under way have at the end; a batch that needs longer is cut off."""


def serve(installation: Installation, listener: socket.socket) -> None:
    """Serve until a signal ends it; then requests under way are finished, for `GRACE` seconds."""
    log_to_standard_error()
    config = uvicorn.Config(
        create_app(installation),
        log_config=None,
        access_log=False,  # it would write query strings; the guard logs requests
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    uvicorn.Server(config).run(sockets=[listener])
