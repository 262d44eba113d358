"""A message to Jira Cloud: priority, labels and our mark in one edit, then an internal comment.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
Jira cannot make an edit depend on the issue being unchanged: between our reading and our writing
there is a moment in which a person's change would be overwritten.
"""

from __future__ import annotations

import hashlib
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
"""Of a hundred entries each."""

Issue = Mapping[str, Any]


def jira_plan(message: Message, line: Line) -> Plan | Kept:
    """Return what is to be written, after a look at the issue as it is now."""
    key = str(message.payload["ticket"])
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,99}-[0-9]{1,18}|[0-9]{1,18}", key):
        raise Refused("that is no key of a Jira issue")
    path, seen = f"/rest/api/3/issue/{key}", Seen.of(message.payload)
    try:
        issue = line.read(path, {"fields": "priority,labels,project", "properties": KEY})
        mark = (issue.get("properties") or {}).get(KEY) or {}
        if mark.get("key") == message.idempotency_key:
            return Plan(tuple(_comment(message, line, path, issue)))
        if mark.get("made_at", "") > message.payload["made_at"]:
            return Kept("a later message of ours is there already")
        stands = kept(seen, list(_changes(line, path, mark)))
        return stands or Plan(
            (_edit(message, line, path, issue, seen), *_comment(message, line, path, issue))
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Delayed("the issue or its history is not as Jira documents them") from None


def _changes(line: Line, path: str, mark: Mapping[str, Any]) -> Iterator[PriorityChange]:
    own = line.read("/rest/api/3/myself")["accountId"] if mark else None
    for entry in _pages(line, f"{path}/changelog", "values"):
        for item in entry["items"]:
            if item.get("fieldId", item["field"]) == "priority":
                author = (entry.get("author") or {}).get("accountId")
                # The account may also be a person's: only the value that we wrote is our doing.
                is_ours = author == own and item.get("toString") == mark.get("priority")
                at = datetime.fromisoformat(entry["created"])
                yield PriorityChange(at, item.get("toString"), is_ours)


def _pages(
    line: Line, path: str, of: str, parameters: Mapping[str, str] | None = None
) -> Iterator[Mapping[str, Any]]:
    start = 0
    for _ in range(MOST_PAGES):
        asked = {"startAt": str(start), "maxResults": "100", **(parameters or {})}
        page = line.read(path, asked)
        yield from page[of]
        start += len(page[of])
        if start >= page["total"] or not page[of]:
            return
    raise Refused(f"the issue has more than {MOST_PAGES * 100:,} {path.rpartition('/')[2]} entries")


def _edit(message: Message, line: Line, path: str, issue: Issue, seen: Seen) -> Step:
    payload, parts = message.payload, line.target.writes[message.payload["act"]]
    body: dict[str, Any] = {}
    does = []
    wanted = line.target.priorities.get(payload["priority"] or "", seen.priority)
    if "priority" in parts and wanted is not None:
        body["fields"] = {"priority": {"name": wanted}}
        does.append(f'set priority "{wanted}"')
    if "tags" in parts:
        ours = payload["tags"]
        there = issue["fields"]["labels"]
        others = without_ours(there)
        body["update"] = {
            "labels": [{"remove": tag} for tag in there if tag not in others and tag not in ours]
            + [{"add": tag} for tag in ours if tag not in there]
        }
        does.append(f"set labels {' '.join(ours)}" if ours else "remove our labels")
    mark = {"key": message.idempotency_key, "made_at": payload["made_at"]}
    if "fields" in body:
        mark["priority"] = wanted or ""
    body["properties"] = [{"key": KEY, "value": mark}]
    return Step(", ".join(does) or "leave our mark", "PUT", path, json.dumps(body).encode())


def _comment(message: Message, line: Line, path: str, issue: Issue) -> Iterator[Step]:
    """Yield the internal comment, unless there is none to be or it is there already."""
    if "note" not in line.target.writes[message.payload["act"]]:
        return
    reference = f"ref {hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:16]}"
    newest_first = _pages(line, f"{path}/comment", "comments", {"orderBy": "-created"})
    if any(reference in json.dumps(comment["body"]) for comment in newest_first):
        return
    body: dict[str, Any] = {
        "body": _document(f"{message.payload['note']}\n{reference}"),
        "properties": [{"key": "sd.public.comment", "value": {"internal": True}}],
    }
    if line.target.note_role:
        body["visibility"] = {"type": "role", "value": line.target.note_role}
    is_service_desk = issue["fields"]["project"].get("projectTypeKey") == "service_desk"
    yield Step(
        does="add an internal comment",
        method="POST",
        path=f"{path}/comment",
        body=json.dumps(body).encode(),
        check=_InternalCheck(path) if is_service_desk else lambda line, answer: None,
    )


def _document(text: str) -> dict[str, Any]:
    """Return plain lines in the document format of Atlassian."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": paragraph}]}
            for paragraph in text.splitlines()
            if paragraph.strip()
        ],
    }


class _InternalCheck:
    """Takes back a comment that customers can read: an account without an agent's licence writes
    public ones only, whatever it asks for."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, line: Line, answer: Answer) -> None:
        comment = answer.values()
        if comment.get("jsdPublic") is True:
            line.ask("DELETE", f"{self._path}/comment/{comment['id']}")
            raise Refused(
                "the note would have been public and was removed at once; give the account of "
                f"target {line.target.name} an agent's licence"
            )
