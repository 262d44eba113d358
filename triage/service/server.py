"""The server that runs the service until it is told to end."""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path

import uvicorn

from triage.desk import Desk
from triage.service.application import create_app

GRACE = 30
"""Seconds that requests under way have at the end; a batch that needs longer is cut off."""


def serve_desk(desk: Desk, home: Path, listener: socket.socket) -> None:
    """Serve until a signal ends it; then requests under way are finished, for `GRACE` seconds.

    `home` is where the desk's model comes from, and the next one will.
    """
    _log_to_standard_error()
    config = uvicorn.Config(
        create_app(desk, home=home),
        log_config=None,
        access_log=False,  # it would write query strings; the guard logs requests
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _log_to_standard_error() -> None:
    """Standard output is for results."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("triage").setLevel(logging.INFO)
