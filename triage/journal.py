"""Logs: one JSON object a line, an event with its ids, never a text or a name.

{"at": "2026-07-10T16:05:00.123+00:00", "level": "info", "event": "request", "status": 200, …}
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOG = logging.getLogger("triage")


def note(event: str, **fields: Any) -> None:
    """Log an event."""
    LOG.info(event, extra={"fields": fields})


def warn(event: str, **fields: Any) -> None:
    """Log an event that somebody should look at."""
    LOG.warning(event, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """Formats a record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; an exception gives its type only, as its message may quote a ticket."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        line |= getattr(record, "fields", {"logger": record.name})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to_standard_error() -> None:
    """Write events there, and warnings of libraries; standard output is for results."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    LOG.setLevel(logging.INFO)
