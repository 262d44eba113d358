"""A service follows the registry: a model that is promoted serves without a restart.

Requests that have begun keep the desk with which they began. The new one is loaded aside and takes
its place whole; when it cannot be loaded, the old one goes on and the log says why.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from pathlib import Path

from fastapi import FastAPI

from classifier import Registry
from tickets import InputFaults
from triage.desk import Desk

LOG = logging.getLogger("triage.service")

SECONDS = 1.0
"""Between two looks at the version that is current, which is a line in a file."""


async def follow(app: FastAPI, home: Path) -> None:
    """Keep the desk of an app at the current model of a home, until cancelled."""
    registry, refused = Registry(home), None
    while True:
        await asyncio.sleep(SECONDS)
        version = None
        try:
            version = registry.current_version()
            if version in (None, refused, app.state.service.desk.rooms.model.version):
                continue
            desk = await asyncio.to_thread(Desk.load, home)
        except (InputFaults, OSError) as error:
            LOG.error("new model refused version=%s error=%s", version, error)
            refused = version
            continue
        app.state.service = dataclasses.replace(app.state.service, desk=desk)
        LOG.info("new model serves version=%s", desk.rooms.model.version)
