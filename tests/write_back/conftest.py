"""Help desks on real sockets, with a state of their own, that behave as their documentation says."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tickets import Priority, Ticket
from tickets.store import (
    Arrival,
    Message,
    MessageState,
    Outgoing,
    Store,
    StoredTicket,
    SuggestionRow,
    TicketState,
)
from triage.write_back import Line, Target, of_suggestion
from triage.write_back.targets import written

NOW = datetime(2026, 7, 6, 16, 0, tzinfo=UTC)
SEEN_AT = datetime(2026, 7, 6, 15, 59, tzinfo=UTC)
PATIENCE = 0.4
"""Seconds that the tests' client waits for an answer."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next request of a method."""

    method: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_applied: bool = False
    """Whether the desk does as asked and only the answer goes wrong: with a status, that answer
    comes instead; without one, none comes at all."""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def values(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, Any]


class Desk:
    """A server with faults to order; what it does with a request is the subclass's."""

    credentials: ClassVar[str]

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.before: Callable[[Asked], None] = lambda asked: None
        """Called before each request is worked on: somebody else comes first."""
        self._clock = SEEN_AT
        self._closing = threading.Event()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet, or each answer waits 40 ms

            def log_message(self, *_: object) -> None:
                pass

            def handle_any(self) -> None:
                desk.serve(self)

            do_GET = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fails(self, method: str, **fault: Any) -> None:
        """Let the next request of a method go wrong, after those that are to go wrong already."""
        self.faults.append(Fault(method, **fault))

    def tick(self) -> str:
        """Let a second pass; return the time."""
        self._clock += timedelta(seconds=1)
        return self._clock.isoformat().replace("+00:00", "Z")

    def writes(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method != "GET"]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        asked = Asked(
            handler.command,
            parts.path,
            {name: values[0] for name, values in parse_qs(parts.query).items()},
            dict(handler.headers.items()),
            handler.rfile.read(int(handler.headers.get("Content-Length") or 0)),
        )
        self.asked.append(asked)
        self.before(asked)
        fault = next((each for each in self.faults if each.method == asked.method), None)
        if fault:
            self.faults.remove(fault)
        if fault is None or fault.is_applied:
            status, values = self._authenticated(asked)
            headers: Mapping[str, str] = {"Content-Type": "application/json"}
            body = b"" if values is None else json.dumps(values).encode()
        if fault and fault.status:
            status, headers, body = fault.status, fault.headers, fault.body
        elif fault:
            self._closing.wait(PATIENCE * 2)
            handler.close_connection = True
            return
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _authenticated(self, asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != self.credentials:
            return 401, {"error": "Couldn't authenticate you"}
        return self.reply(asked)

    def reply(self, asked: Asked) -> Reply:
        raise NotImplementedError


class Zendesk(Desk):
    """https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ with one ticket."""

    credentials = "Basic " + base64.b64encode(b"bot@acme.example/token:s3cret").decode()
    page_size = 100

    def __init__(self) -> None:
        super().__init__()
        self.ticket: dict[str, Any] = {
            "id": 35436,
            "subject": "Phones",
            "priority": "normal",
            "status": "open",
            "tags": ["vip", "ujet_triage", "ujet_triage_p3"],
            "updated_at": "2026-07-06T15:59:00Z",
        }
        self.audits: list[dict[str, Any]] = [
            {
                "id": 1,
                "created_at": "2026-07-06T15:59:00Z",
                "author_id": 7,
                "via": {"channel": "email"},
                "metadata": {"system": {}, "custom": {}},
                "events": [
                    {"id": 2, "type": "Create", "field_name": "priority", "value": "normal"},
                    {"id": 3, "type": "Comment", "body": "they do not ring", "public": True},
                ],
            }
        ]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """The comments after the first."""
        events = [event for audit in self.audits[1:] for event in audit["events"]]
        return [event for event in events if event["type"] == "Comment"]

    def change(self, changes: Mapping[str, Any], via: str | None = None) -> None:
        """Change the ticket as an agent does in the desk, or a rule."""
        events = [
            {
                "type": "Change",
                "field_name": name,
                "value": value,
                "previous_value": self.ticket[name],
                **({"via": {"channel": via}} if via else {}),
            }
            for name, value in changes.items()
        ]
        self.ticket |= changes
        self._audit(events, author=99)

    def _audit(
        self, events: list[dict[str, Any]], author: int, custom: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        at = self.tick()
        self.ticket["updated_at"] = at
        audit = {
            "id": len(self.audits) + 1,
            "created_at": at,
            "author_id": author,
            "via": {"channel": "api"},
            "metadata": {"system": {}, "custom": dict(custom or {})},
            "events": events,
        }
        self.audits.append(audit)
        return audit

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/api/v2/tickets/35436.json":
            return self._update(asked) if asked.method == "PUT" else (200, {"ticket": self.ticket})
        if asked.path == "/api/v2/tickets/35436/audits.json":
            return 200, self._page(asked.query)
        return 404, {"error": "RecordNotFound", "description": "Not found"}

    def _page(self, query: Mapping[str, str]) -> dict[str, Any]:
        start = int(query.get("page[after]", "0"))
        end = start + min(int(query["page[size]"]), self.page_size)
        has_more = end < len(self.audits)
        meta = {"has_more": has_more, "after_cursor": str(end) if has_more else None}
        return {"audits": self.audits[start:end], "meta": meta}

    def _update(self, asked: Asked) -> Reply:
        changes = asked.values["ticket"]
        if changes.get("safe_update") and changes["updated_stamp"] != self.ticket["updated_at"]:
            description = "Safe Update prevented the update due to outdated ticket data."
            return 409, {"error": "UpdateConflict", "description": description}
        if changes.get("priority", "low") not in ("low", "normal", "high", "urgent"):
            problem = {"description": f"Priority: {changes['priority']} is not a priority"}
            details = {"priority": [problem]}
            return 422, {
                "error": "RecordInvalid",
                "description": "Record validation errors",
                "details": details,
            }
        return 200, {"ticket": self.ticket, "audit": self._applied(changes)}

    def _applied(self, changes: Mapping[str, Any]) -> dict[str, Any] | None:
        events: list[dict[str, Any]] = []
        for name in ("priority", "tags"):
            if name in changes and changes[name] != self.ticket[name]:
                before, self.ticket[name] = self.ticket[name], changes[name]
                change = {"field_name": name, "value": changes[name], "previous_value": before}
                events.append({"type": "Change", **change})
        if comment := changes.get("comment"):
            events.append({"type": "Comment", **comment})
        # "If your update does not change the ticket, this will not create an audit."
        return self._audit(events, author=42, custom=changes["metadata"]) if events else None


class Jira(Desk):
    """https://developer.atlassian.com/cloud/jira/platform/rest/v3/ with one issue."""

    credentials = "Basic " + base64.b64encode(b"bot@acme.example:s3cret").decode()
    own, person = "5b10-bot", "5b10-mia"
    path = "/rest/api/3/issue/SUP-7"

    def __init__(self) -> None:
        super().__init__()
        self.priority = "Medium"
        self.labels = ["vip", "ujet_triage", "ujet_triage_p3"]
        self.project_type = "service_desk"
        self.has_licence = True
        self.properties: dict[str, Any] = {}
        self.changelog: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []

    def change(self, priority: str, author: str = person) -> None:
        """Change the priority, as anyone may."""
        if priority != self.priority:
            item = {
                "field": "priority",
                "fieldId": "priority",
                "fieldtype": "jira",
                "fromString": self.priority,
                "toString": priority,
            }
            created = self.tick().replace("Z", ".000+0000")
            self.changelog.append(
                {"author": {"accountId": author}, "created": created, "items": [item]}
            )
            self.priority = priority

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/rest/api/3/myself":
            return 200, {"accountId": self.own}
        if not asked.path.startswith(self.path):
            return 404, {"errorMessages": ["Issue does not exist or you do not have permission."]}
        match asked.method, asked.path.removeprefix(self.path):
            case "GET", "":
                return 200, self._issue()
            case "PUT", "":
                return self._edit(asked.values)
            case "GET", "/changelog":
                return 200, self._page(asked.query, "values", self.changelog)
            case "GET", "/comment":
                newest = asked.query.get("orderBy") == "-created"
                comments = self.comments[::-1] if newest else self.comments
                return 200, self._page(asked.query, "comments", comments)
            case "POST", "/comment":
                return 201, self._comment(asked.values)
            case "DELETE", comment:
                self.comments = [each for each in self.comments if each["id"] not in comment]
                return 204, None
        return 405, None

    def _issue(self) -> dict[str, Any]:
        fields = {
            "priority": {"name": self.priority},
            "labels": list(self.labels),
            "project": {"projectTypeKey": self.project_type},
        }
        return {"key": "SUP-7", "fields": fields, "properties": self.properties}

    def _page(self, query: Mapping[str, str], name: str, entries: list[Any]) -> dict[str, Any]:
        start, size = int(query["startAt"]), min(int(query["maxResults"]), 2)
        page = entries[start : start + size]
        return {"startAt": start, "maxResults": size, "total": len(entries), name: page}

    def _edit(self, values: Mapping[str, Any]) -> Reply:
        wanted = values.get("fields", {}).get("priority", {}).get("name")
        if wanted not in (None, "Highest", "High", "Medium", "Low", "Lowest"):
            errors = {"priority": f"Priority name '{wanted}' is not valid"}
            return 400, {"errorMessages": [], "errors": errors}
        if wanted:
            self.change(wanted, self.own)
        for operation in values.get("update", {}).get("labels", []):
            if "add" in operation:
                self.labels.append(operation["add"])
            else:
                self.labels.remove(operation["remove"])
        self.properties |= {each["key"]: each["value"] for each in values.get("properties", [])}
        return 204, None

    def _comment(self, values: Mapping[str, Any]) -> dict[str, Any]:
        asked = {each["key"]: each["value"] for each in values["properties"]}
        is_internal = asked["sd.public.comment"]["internal"] and self.has_licence
        is_public = not (is_internal and self.project_type == "service_desk")
        comment = {**values, "id": str(10_000 + len(self.comments)), "jsdPublic": is_public}
        self.comments.append(comment)
        return comment


class Listener(Desk):
    """A program that listens to webhooks."""

    def _authenticated(self, asked: Asked) -> Reply:
        return 204, None


@pytest.fixture
def zendesk() -> Iterator[Zendesk]:
    desk = Zendesk()
    yield desk
    desk.close()


@pytest.fixture
def jira() -> Iterator[Jira]:
    desk = Jira()
    yield desk
    desk.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    desk = Listener()
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        yield client


def target_of(desk: Desk, **settings: Any) -> Target:
    kind = type(desk).__name__.lower().replace("listener", "webhook")
    usual: dict[str, Any] = {
        "name": "acme",
        "kind": kind,
        "url": desk.url,
        "token": "s3cret",
        "token_at": "variable ACME_TOKEN",
        "user": "bot@acme.example",
        "priorities": written()["priorities"].get(kind, {}),
        "writes": {act: frozenset(parts) for act, parts in written()["writes"].items()},
        "requests_per_minute": 6_000,
    }
    return Target(**usual | settings)


@pytest.fixture(scope="session")
def target() -> Callable[..., Target]:
    """The target that a desk is to us."""
    return target_of


@pytest.fixture
def line(client: httpx.Client) -> Callable[..., Line]:
    """A line to a desk."""
    return lambda desk, **settings: Line(target_of(desk, **settings), client)


@pytest.fixture(scope="session")
def ticket() -> Callable[..., StoredTicket]:
    """A ticket as the store has it."""
    return stored_ticket


@pytest.fixture(scope="session")
def suggestion() -> Callable[..., SuggestionRow]:
    """A suggestion of P1 as the store has it."""
    return suggestion_row


@pytest.fixture(scope="session")
def suggested() -> Callable[..., Message]:
    """The message to a desk that P1 was suggested, with an action, some time after NOW."""

    def message(
        desk: Desk,
        action: str = "auto",
        *,
        suggestion_id: str = "s1",
        after: timedelta = timedelta(),
        arrival: Mapping[str, Any] | None = None,
        **claim: Any,
    ) -> Message:
        target = target_of(desk)
        ticket = stored_ticket(target.kind)
        ticket = replace(ticket, arrival=replace(ticket.arrival, **(arrival or {})))
        suggestion = suggestion_row(action, id=suggestion_id)
        [outgoing] = of_suggestion(ticket, suggestion, {target.name: target}, NOW + after)
        return claimed(outgoing, **claim)

    return message


@pytest.fixture(scope="session")
def now() -> datetime:
    """A minute after the desks last changed their tickets."""
    return NOW


def stored_ticket(source: str = "zendesk", **changes: Any) -> StoredTicket:
    external_id = {"zendesk": "35436", "jira": "SUP-7"}.get(source, "1")
    words = {"zendesk": "normal", "jira": "Medium"}
    arrival = Arrival(
        source,
        external_id,
        endpoint="acme",
        requester="ann@customer.example",
        extra={"labels": [], "desk_priority": words.get(source)},
        changed_at=SEEN_AT,
    )
    usual: dict[str, Any] = {
        "key": "k1",
        "ticket": Ticket("35436", "Phones of ann@customer.example", "Nobody can call.", "premium"),
        "arrival": arrival,
        "state": TicketState.OPEN,
        "version": 3,
        "text_version": 1,
        "is_assessed": True,
        "received_at": SEEN_AT,
        "stored_at": NOW,
        "replied_at": None,
        "erased_at": None,
        "suggestion_id": "s1",
        "standing_decision_id": None,
    }
    return StoredTicket(**usual | changes)


RECORD: Mapping[str, Any] = {
    "id": "35436",
    "priority": "P1",
    "confidence": 0.91,
    "action": "auto",
    "facts": {
        "environment": {"value": "production", "probability": 0.97, "evidence": []},
        "part": {
            "value": "voice",
            "probability": 0.91,
            "evidence": [{"field": "body", "start": 0, "end": 6}],
        },
    },
    "reasons": [
        {"kind": "rule", "id": "voice-down-is-p1", "because": "voice is down", "priority": "P1"}
    ],
    "response": {
        "due_at": "2026-07-06T10:00:00-07:00",
        "if_priority": {
            "P0": "2026-07-06T09:15:00-07:00",
            "P1": "2026-07-06T10:00:00-07:00",
            "P2": "2026-07-06T13:00:00-07:00",
            "P3": "2026-07-07T09:00:00-07:00",
            "P4": "2026-07-08T09:00:00-07:00",
        },
    },
    "versions": {"model": "m1", "rules": "r1", "policy": "p1", "engine": "e1"},
}


def suggestion_row(action: str = "auto", **changes: Any) -> SuggestionRow:
    usual: dict[str, Any] = {
        "id": "s1",
        "ticket_key": "k1",
        "made_at": NOW,
        "record": {**RECORD, "action": action},
        "priority": Priority.P1,
        "confidence": 0.91,
        "action": action,
        "due_at": None,
        "model_version": "m1",
        "rules_version": "r1",
        "policy_version": "p1",
        "language": "en",
        "is_blind": False,
        "is_superseded": False,
    }
    return SuggestionRow(**usual | changes)


def claimed(
    outgoing: Outgoing,
    attempts: int = 1,
    created_at: datetime = NOW,
    failing_since: datetime | None = None,
) -> Message:
    """A message as the store hands it out."""
    return Message(
        id="m1",
        kind=outgoing.kind,
        target=outgoing.target,
        payload=outgoing.payload,
        idempotency_key=outgoing.idempotency_key,
        ticket_key=outgoing.ticket_key,
        decision_id=None,
        created_at=created_at,
        state=MessageState.CLAIMED,
        attempts=attempts,
        failing_since=failing_since,
        problem=None,
    )


@pytest.fixture
def put(store: Store) -> Callable[..., str]:
    """Puts the message about a suggestion for a new ticket into the outbox; returns its id."""

    def message(desk: Desk, suggestion_id: str = "s1") -> str:
        target = target_of(desk)
        like = stored_ticket(target.kind)
        stored = store.tickets.receive(like.ticket, like.arrival, NOW)
        suggestion = suggestion_row("auto", id=suggestion_id)
        [outgoing] = of_suggestion(stored, suggestion, {target.name: target}, NOW)
        assert store.outbox.put(outgoing, NOW)
        return store.outbox.waiting(100)[-1].id

    return message
