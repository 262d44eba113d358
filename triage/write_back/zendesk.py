"""A message to Zendesk Support: priority, tags and an internal note in one update.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
Each update of ours carries our key as metadata, which Zendesk keeps in the ticket's audits: by it
we know what of a ticket's history is our own doing, and whether a message has arrived before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tickets.store import Message
from triage.write_back.line import Answer, Line
from triage.write_back.marks import KEY, without_ours
from triage.write_back.outcome import Delayed, Kept, Refused
from triage.write_back.plan import Plan, Step
from triage.write_back.precedence import PriorityChange, Seen, kept

MOST_PAGES = 50
"""Of a hundred audits each."""


def zendesk_plan(message: Message, line: Line) -> Plan | Kept:
    """Return what is to be written, after a look at the ticket as it is now."""
    number = str(message.payload["ticket"])
    if not re.fullmatch("[0-9]{1,18}", number):
        raise Refused("that is no number of a Zendesk ticket")
    seen = Seen.of(message.payload)
    try:
        ticket = line.read(f"/api/v2/tickets/{number}.json")["ticket"]
        history = _History(message, list(_audits(line, number)))
        return _plan(message, line, ticket, history, seen)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Delayed("the ticket or its audits are not as Zendesk documents them") from None


def _audits(line: Line, number: str) -> Iterator[Mapping[str, Any]]:
    parameters = {"page[size]": "100"}
    for _ in range(MOST_PAGES):
        page = line.read(f"/api/v2/tickets/{number}/audits.json", parameters)
        yield from page["audits"]
        if not page["meta"]["has_more"]:
            return
        parameters = {**parameters, "page[after]": page["meta"]["after_cursor"]}
    raise Refused(f"the ticket has more than {MOST_PAGES * 100:,} audits")


class _History:
    """What the audits say of us and of the priority."""

    def __init__(self, message: Message, audits: list[Mapping[str, Any]]) -> None:
        marks = [_mark(audit) for audit in audits]
        self.has_message = any(mark.get(f"{KEY}_key") == message.idempotency_key for mark in marks)
        made_at = message.payload["made_at"]
        self.has_later = any(mark.get(f"{KEY}_made_at", "") > made_at for mark in marks)
        self.changes = [change for audit in audits for change in _changes(audit)]


def _mark(audit: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return our mark of an audit; empty where the audit is somebody else's."""
    return (audit.get("metadata") or {}).get("custom") or {}


def _changes(audit: Mapping[str, Any]) -> Iterator[PriorityChange]:
    for event in audit["events"]:
        if event.get("type") == "Change" and event.get("field_name") == "priority":
            is_rule = (event.get("via") or {}).get("channel") == "rule"
            yield PriorityChange(
                at=datetime.fromisoformat(audit["created_at"]),
                to=event.get("value"),
                is_ours=f"{KEY}_key" in _mark(audit) and not is_rule,
                by="a rule of the desk" if is_rule else "a person",
            )


def _plan(
    message: Message, line: Line, ticket: Mapping[str, Any], history: _History, seen: Seen
) -> Plan | Kept:
    if history.has_message:
        return Plan(())
    if history.has_later:
        return Kept("a later message of ours is there already")
    if ticket["status"] == "closed":
        return Kept("the ticket is closed")
    return kept(seen, history.changes) or Plan((_update(message, line, ticket, seen),))


def _update(message: Message, line: Line, ticket: Mapping[str, Any], seen: Seen) -> Step:
    payload, parts = message.payload, line.target.writes[message.payload["act"]]
    changes: dict[str, Any] = {}
    does = []
    wanted = line.target.priorities.get(payload["priority"] or "", seen.priority)
    if "priority" in parts and wanted is not None and wanted != ticket["priority"]:
        changes["priority"] = wanted
        does.append(f'set priority "{wanted}"')
    if "tags" in parts:
        ours = payload["tags"]
        changes["tags"] = [*without_ours(ticket["tags"]), *ours]
        does.append(f"set tags {' '.join(ours)}" if ours else "remove our tags")
    if "note" in parts:
        changes["comment"] = {"body": payload["note"], "public": False}
        does.append("add an internal note")
    changes["metadata"] = {
        f"{KEY}_key": message.idempotency_key,
        f"{KEY}_made_at": payload["made_at"],
    }
    changes |= {"safe_update": True, "updated_stamp": ticket["updated_at"]}
    return Step(
        does=", ".join(does),
        method="PUT",
        path=f"/api/v2/tickets/{ticket['id']}.json",
        body=json.dumps({"ticket": changes}).encode(),
        check=_answered,
    )


def _answered(line: Line, answer: Answer) -> None:
    """A success without a ticket is some other server's: look again whether it has arrived."""
    if "ticket" not in answer.values():
        raise Delayed("the answer to the update is not as Zendesk documents it")
