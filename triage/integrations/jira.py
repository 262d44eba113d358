"""Jira and Jira Service Management: issues created, updated and deleted, comments created.

https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.desk_words import Stage
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import (
    Headers,
    Payload,
    flag,
    instant,
    raw_text,
    text,
    value_at,
    word,
)
from triage.integrations.happenings import Happening, shown
from triage.integrations.messages import ClockKind, Ignored, Message, Names

_ISSUE = re.compile(r"https?://.+/rest/api/[^/]+/(?:issue/)?(\d+)(?:/comment/\d+)?")
_BASE = re.compile(r"(https?://.+?)/rest/api/")
_ORGANIZATION = "/servicedeskapi/organization/"
_TEXTS = {"summary": "subject", "description": "body"}


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells."""
    event = _Event(payload, endpoint)
    kind = word(payload.get("webhookEvent"))
    if kind in (None, "jira:issue_created"):
        yield _arrived(event)
    elif kind not in ("jira:issue_updated", "jira:issue_deleted", "comment_created"):
        yield Ignored(f"event {shown(kind)} changes neither text nor clock", event.issue_id)
    elif event.issue_id is None:
        yield Ignored("the event names no issue")
    elif kind == "jira:issue_deleted":
        yield event.happening(payload.get("user")).event(ClockKind.SOLVED, to="deleted")
    else:
        yield from _read_changes(event)


@dataclass(frozen=True)
class _Event:
    """One event of an issue, with as much of the issue as Jira sends."""

    payload: Payload
    endpoint: Endpoint

    def issue(self, *steps: str) -> Any:
        return value_at(self.payload, "issue", *steps)

    @property
    def issue_id(self) -> str | None:
        """The issue's id, which unlike its key survives a move to another project."""
        given = text(self.issue("id"))
        for address in (self.issue("self"), value_at(self.payload, "comment", "self")):
            found = _ISSUE.fullmatch(text(address) or "")
            given = given or (found[1] if found else None)
        return given or text(self.issue("key"))

    @property
    def url(self) -> str | None:
        base = _BASE.match(text(self.issue("self")) or "")
        key = text(self.issue("key"))
        return f"{base[1]}/browse/{key}" if base and key else None

    def happening(self, account: Any) -> Happening:
        """Return the issue, the event's time and an account."""
        at = instant(self.payload.get("timestamp"))
        is_by_person = text(value_at(account, "accountType")) != "app"
        return Happening(self.endpoint, self.issue_id or "", at, _names(account), is_by_person)


def _names(account: Any) -> Names:
    keys = ("accountId", "name", "key", "emailAddress")
    found = (text(value_at(account, key)) for key in keys)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _arrived(event: _Event) -> Message:
    sent = Sent(
        external_id=event.issue_id,
        number=event.issue("key"),
        subject=event.issue("fields", "summary"),
        body=_plain(event.issue("fields", "description")),
        received_at=event.issue("fields", "created"),
        as_of=event.issue("fields", "updated") or event.payload.get("timestamp"),
        organization=_organization(event.issue("fields")),
        requester=_requester(event.issue("fields", "reporter")),
        url=event.url,
        labels=event.issue("fields", "labels"),
        product_area=value_at(event.issue("fields", "components"), 0, "name"),
        priority=event.issue("fields", "priority", "name"),
    )
    return arrived(sent, event.endpoint.words)


def _requester(reporter: Any) -> Any:
    """Return the reporter's address, which most sites hide, or else their account."""
    return value_at(reporter, "emailAddress") or next(iter(_names(reporter)), None)


def _organization(fields: Any) -> Any:
    """Return the first organization of a service desk's customer, in whichever field it stands."""
    for value in fields.values() if isinstance(fields, Mapping) else ():
        address = text(value_at(value, 0, "_links", "self"))
        if address and _ORGANIZATION in address:
            return value_at(value, 0, "name")
    return None


_BLOCKS = ("paragraph", "heading", "codeBlock", "listItem", "tableRow", "hardBreak")


def _plain(description: Any) -> Any:
    """Return the text of a description in Atlassian's document format; any other as it is."""
    if value_at(description, "type") != "doc":
        return description
    parts: list[str] = []
    nodes: list[Any] = [description]
    while nodes:
        node = nodes.pop()
        parts.append(raw_text(value_at(node, "text")) or "")
        if value_at(node, "type") in _BLOCKS:
            nodes.append({"text": "\n"})  # once its content is through
        inner = value_at(node, "content")
        nodes.extend(reversed(inner) if isinstance(inner, list) else ())
    return "".join(parts).strip()


def _read_changes(event: _Event) -> Iterator[Message]:
    """Yield what a comment, if there is one, and the changed fields mean."""
    messages = []
    comment = event.payload.get("comment")
    if isinstance(comment, Mapping):
        messages.append(_commented(event, comment))
    messages.extend(_changed(event))
    yield from messages or [Ignored("nothing changed that concerns us", event.issue_id)]


def _commented(event: _Event, comment: Mapping[str, Any]) -> Message:
    author = comment.get("author")
    happening = event.happening(author)
    happening = replace(happening, at=instant(comment.get("created")) or happening.at)
    return happening.comment(
        raw_text(_plain(comment.get("body"))),
        is_public=_is_public(event, comment),
        is_customer=_is_customer(event, author),
    )


def _is_public(event: _Event, comment: Mapping[str, Any]) -> bool | None:
    """Tell whether a comment is for the customer; only service desks know internal ones."""
    if comment.get("visibility") is not None:
        return False
    if "jsdPublic" in comment:
        return flag(comment["jsdPublic"])
    kind = text(event.issue("fields", "project", "projectTypeKey"))
    return None if kind == "service_desk" else True


def _is_customer(event: _Event, author: Any) -> bool | None:
    """Tell whether a comment is the reporter's or a portal customer's; None where unknown."""
    names, reporter = _names(author), _names(event.issue("fields", "reporter"))
    kind = word(value_at(author, "accountType"))
    if not names or (kind is None and not reporter):
        return None
    return kind == "customer" or bool(set(names) & set(reporter))


def _changed(event: _Event) -> Iterator[Message]:
    happening = event.happening(event.payload.get("user"))
    items = value_at(event.payload, "changelog", "items")
    changes = {
        field: item
        for item in (items if isinstance(items, list) else [])
        if (field := text(value_at(item, "field"))) is not None
    }
    texts = [_TEXTS[field] for field in _TEXTS if field in changes]
    if texts:
        yield happening.changed(*texts, **_new_texts(event, changes))
    if "priority" in changes:
        yield from happening.priority(*_words(changes["priority"]))
    if "status" in changes:
        yield _status(event, happening, changes)


def _new_texts(event: _Event, changes: Mapping[str, Any]) -> dict[str, str | None]:
    sent = {"subject": event.issue("fields", "summary")}
    sent["body"] = _plain(event.issue("fields", "description"))
    return {
        ours: raw_text(value_at(changes[theirs], "toString")) or raw_text(sent[ours])
        for theirs, ours in _TEXTS.items()
        if theirs in changes
    }


def _words(change: Any) -> tuple[str | None, str | None]:
    return text(value_at(change, "fromString")), text(value_at(change, "toString"))


def _status(event: _Event, happening: Happening, changes: Mapping[str, Any]) -> Message:
    before, now = _words(changes["status"])
    now = now or text(event.issue("fields", "status", "name"))
    words = event.endpoint.words
    category = event.issue("fields", "status", "statusCategory", "key")
    stage = Stage.OPEN if now is None else words.stage(now)
    if category == "done":  # sites name their statuses as they like; the category is Jira's own
        stage = Stage.SOLVED
    earlier = None if before is None else words.stage(before)
    if _words(changes.get("resolution"))[0] is not None:
        earlier = Stage.SOLVED  # only what was resolved had a resolution
    return happening.stage(earlier, stage, before, now)
