"""A help desk on this machine that answers as Zendesk documents it, with faults at intervals."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from triage.write_back.line import PATIENCE
from triage.write_back.marks import KEY

TOO_MANY, FAILED, CUT, SILENT = "429", "500", "cut", "silent"
"""Faults: with Retry-After; without; done, but the connection is cut; done, but no answer comes."""

_PATH = re.compile(r"/api/v2/tickets/(\d+)(/audits)?\.json")


@dataclass
class Ticket:
    """A ticket of the desk, and who wrote to it."""

    values: dict[str, Any]
    audits: list[dict[str, Any]] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """Our key in each update of ours."""
        return [audit["metadata"]["custom"][f"{KEY}_key"] for audit in self.audits]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that were killed."""


class ZendeskServer:
    """The desk. `every` says after how many requests each fault comes again."""

    def __init__(self, every: Mapping[str, int]) -> None:
        self.tickets: dict[int, Ticket] = {}
        self.faults: Counter[str] = Counter()
        self._every = every
        self._asked = 0
        self._lock = threading.Lock()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet, or each answer waits 40 ms

            def log_message(self, *_: object) -> None:
                pass

            def handle_any(self) -> None:
                desk.serve(self)

            do_GET = do_PUT = handle_any  # noqa: N815

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def recover(self) -> None:
        """Fail no more."""
        self._every = {}

    def open_ticket(self, number: int) -> None:
        """Let a customer write."""
        values: dict[str, Any] = {"id": number, "priority": None, "status": "new", "tags": []}
        self.tickets[number] = Ticket({**values, "updated_at": _now()})

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request, or let it go wrong."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        fault = self._next_fault()
        if fault in (TOO_MANY, FAILED):
            self._answer(handler, int(fault), {"error": "it happens"})
            return
        with self._lock:
            status, answer = self._reply(handler, body)
        if fault == SILENT:
            time.sleep((PATIENCE.read or 0) + 2)
        if fault:
            handler.close_connection = True
        else:
            self._answer(handler, status, answer)

    def _next_fault(self) -> str:
        with self._lock:
            self._asked += 1
            fault = next((name for name, n in self._every.items() if self._asked % n == 0), "")
            if fault:
                self.faults[fault] += 1
        return fault

    def _answer(self, handler: BaseHTTPRequestHandler, status: int, values: object) -> None:
        body = json.dumps(values).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        if status == 429:
            handler.send_header("Retry-After", "1")
        handler.end_headers()
        handler.wfile.write(body)

    def _reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, Any]]:
        found = _PATH.fullmatch(handler.path.partition("?")[0])
        ticket = self.tickets.get(int(found[1])) if found else None
        if ticket is None or found is None:
            return 404, {"error": "RecordNotFound"}
        if handler.command == "PUT":
            return self._updated(ticket, json.loads(body)["ticket"])
        if found[2]:
            return 200, {"audits": ticket.audits, "meta": {"has_more": False}}
        return 200, {"ticket": ticket.values}

    def _updated(self, ticket: Ticket, changes: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if changes["updated_stamp"] != ticket.values["updated_at"]:
            return 409, {"error": "UpdateConflict"}
        events = [
            {"type": "Change", "field_name": name, "value": changes[name]}
            for name in ("priority", "tags")
            if name in changes and changes[name] != ticket.values[name]
        ]
        ticket.values |= {event["field_name"]: event["value"] for event in events}
        ticket.values["updated_at"] = _now()
        ticket.audits.append(
            {
                "created_at": ticket.values["updated_at"],
                "metadata": {"custom": changes["metadata"]},
                "events": events,
            }
        )
        return 200, {"ticket": ticket.values}


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
