"""GitHub: the events `issues`, `issue_comment` and `ping`.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from triage.integrations.arrivals import Sent, arrived
from triage.integrations.desk_words import Stage
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import (
    Headers,
    Payload,
    header,
    instant,
    raw_text,
    text,
    value_at,
    word,
)
from triage.integrations.happenings import Happening, shown
from triage.integrations.messages import ClockKind, Ignored, Message, Names, Ping
from triage.integrations.own_marks import is_own_tag

_ADDRESS = re.compile(r"https?://[^/]+/([^/]+/[^/]+)/issues/(\d+)")
_STAFF = ("OWNER", "MEMBER", "COLLABORATOR")
"""Associations with the repository of people who answer for it."""


def read(payload: Payload, headers: Headers, endpoint: Endpoint) -> Iterator[Message]:
    """Yield what a delivery tells."""
    event = _Event(payload, endpoint)
    name = header(headers, "X-GitHub-Event") or _guessed_name(payload)
    if name == "ping":
        yield Ping()
    elif name not in ("issues", "issue_comment"):
        yield Ignored(f"event {shown(name)} is not about issues")
    elif event.issue("pull_request") is not None:
        yield Ignored("a pull request is no ticket", event.ticket_id)
    else:
        yield from _read_issue(event, name)


@dataclass(frozen=True)
class _Event:
    """One event of an issue, with the issue as it is after it."""

    payload: Payload
    endpoint: Endpoint

    @property
    def action(self) -> str | None:
        return word(self.payload.get("action"))

    def issue(self, *steps: str) -> Any:
        return value_at(self.payload, "issue", *steps)

    @property
    def ticket_id(self) -> str | None:
        """The repository and the number in it, as people write it."""
        repository = text(value_at(self.payload, "repository", "full_name"))
        number = text(self.issue("number"))
        address = _ADDRESS.fullmatch(text(self.issue("html_url")) or "")
        if address:
            repository, number = repository or address[1], number or address[2]
        if repository and number:
            return f"{repository}#{number}"
        return text(self.issue("id"))

    def happening(self, at: Any, account: Any) -> Happening | None:
        """Return the issue, a time and an account; None where the issue cannot be told."""
        if self.ticket_id is None:
            return None
        is_by_person = text(value_at(account, "type")) != "Bot"
        return Happening(self.endpoint, self.ticket_id, instant(at), _names(account), is_by_person)


def _guessed_name(payload: Payload) -> str | None:
    if "hook" in payload and "issue" not in payload:
        return "ping"
    named = {"comment": "issue_comment", "issue": "issues"}
    return next((name for key, name in named.items() if key in payload), None)


def _names(account: Any) -> Names:
    found = (text(value_at(account, key)) for key in ("login", "id"))
    return tuple(name for name in found if name is not None)


def _read_issue(event: _Event, name: str) -> Iterator[Message]:
    if name == "issue_comment":
        yield _commented(event)
    elif event.action in (None, "opened"):
        yield _arrived(event)
    elif event.action in _READERS:
        changed_at = event.issue("updated_at")
        happening = event.happening(changed_at, event.payload.get("sender"))
        if happening is None:
            yield Ignored("the event names no issue")
        else:
            yield from _READERS[event.action](event, happening)
    else:
        yield Ignored(
            f"action {shown(event.action)} changes neither text nor clock", event.ticket_id
        )


def _arrived(event: _Event) -> Message:
    sent = Sent(
        external_id=event.ticket_id,
        subject=event.issue("title"),
        body=event.issue("body"),
        received_at=event.issue("created_at"),
        as_of=event.issue("updated_at"),
        requester=event.issue("user", "login"),
        url=event.issue("html_url"),
        labels=event.issue("labels"),
        product_area=value_at(event.payload, "repository", "name"),
        priority=_priority_label(event),
    )
    return arrived(sent, event.endpoint.words)


def _priority_label(event: _Event) -> str | None:
    labels = event.issue("labels")
    names = [text(value_at(label, "name")) for label in labels] if isinstance(labels, list) else []
    return next((name for name in names if event.endpoint.words.priority(name)), None)


def _commented(event: _Event) -> Message:
    comment = event.payload.get("comment")
    happening = event.happening(value_at(comment, "created_at"), value_at(comment, "user"))
    if happening is None:
        return Ignored("the comment names no issue")
    if event.action not in (None, "created"):
        return happening.ignored("an old comment was edited or deleted")
    return happening.comment(
        raw_text(value_at(comment, "body")),
        is_public=True,
        is_customer=_is_customer(event, comment, happening),
    )


def _is_customer(event: _Event, comment: Any, happening: Happening) -> bool | None:
    """Tell whether a comment is by somebody who asks; whatever a bot is, it is no customer."""
    if not happening.is_by_person:
        return False
    if set(_names(event.issue("user"))) & set(happening.author):
        return True
    association = text(value_at(comment, "author_association"))
    return None if association is None else association not in _STAFF


def _closed(event: _Event, happening: Happening) -> Iterator[Message]:
    yield happening.event(ClockKind.SOLVED, to=text(event.issue("state_reason")) or event.action)


def _reopened(event: _Event, happening: Happening) -> Iterator[Message]:
    yield happening.event(ClockKind.REOPENED)


def _edited(event: _Event, happening: Happening) -> Iterator[Message]:
    changes = event.payload.get("changes")
    ours = {"title": "subject", "body": "body"}
    changed = [ours[key] for key in ours if isinstance(changes, dict) and key in changes]
    if not changed:
        yield happening.ignored("neither title nor text was edited")
        return
    yield happening.changed(
        *changed,
        subject=raw_text(event.issue("title")) if "subject" in changed else None,
        body=raw_text(event.issue("body")) if "body" in changed else None,
    )


def _labelled(event: _Event, happening: Happening) -> Iterator[Message]:
    label = text(value_at(event.payload, "label", "name"))
    is_added = event.action == "labeled"
    words = event.endpoint.words
    if label is None or is_own_tag(label):
        yield happening.ignored("our own label" if label else "the event names no label")
    elif words.priority(label):
        if is_added:
            yield from happening.priority(None, label)
        else:
            yield happening.ignored("a priority label was taken off")
    elif words.stage(label) is Stage.WAITING:
        now = Stage.WAITING if is_added else Stage.OPEN
        before = Stage.OPEN if is_added else Stage.WAITING
        yield happening.stage(before, now, None, label)
    else:
        yield happening.ignored("the label means nothing to the clock")


_READERS: dict[str, Callable[[_Event, Happening], Iterator[Message]]] = {
    "closed": _closed,
    "deleted": _closed,
    "reopened": _reopened,
    "edited": _edited,
    "labeled": _labelled,
    "unlabeled": _labelled,
}
