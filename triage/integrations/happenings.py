"""Something that happened to one ticket of a desk, told in our messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from triage.integrations.desk_words import Stage, change_of_stage
from triage.integrations.endpoints import Endpoint
from triage.integrations.messages import (
    ClockEvent,
    ClockKind,
    Ignored,
    Message,
    Names,
    TicketChanged,
)
from triage.integrations.own_marks import is_own_comment

LONGEST_NAME = 60
"""Characters of a desk's name for an event that a reason repeats."""


@dataclass(frozen=True)
class Happening:
    """Which ticket it concerns, when it was, and whose doing."""

    endpoint: Endpoint
    external_id: str
    at: datetime | None
    author: Names = ()
    is_by_person: bool = True

    def event(self, kind: ClockKind, **detail: str | None) -> ClockEvent:
        """Return the event of a kind, with what is known of its detail."""
        known = {name: value for name, value in detail.items() if value is not None}
        return ClockEvent(
            self.external_id, kind, self.at, self.is_by_person, known, author=self.author
        )

    def ignored(self, why: str) -> Ignored:
        """Return that nothing is to be done, and why."""
        return Ignored(why, self.external_id)

    def comment(
        self, text: str | None, *, is_public: bool | None, is_customer: bool | None
    ) -> Message:
        """Return what a comment means: the customer's resumes the clock, a public answer stops it.

        Where the desk does not say whether it was public, or whose it was, it does not count as an
        answer: a deadline missed unseen is worse than one that warns in vain.
        """
        if is_customer:
            return self.event(ClockKind.RESUMED)
        if is_own_comment(text):
            return self.ignored("our own comment")
        if is_public and is_customer is not None:
            return self.event(ClockKind.REPLIED)
        if is_public is False:
            return self.ignored("a private note")
        what = "who wrote the comment" if is_public else "whether the customer sees the comment"
        return self.ignored(f"the desk does not say {what}")

    def status(self, before: str | None, now: str | None) -> Message:
        """Return what a change of status means, in the desk's words."""
        if now is None:
            return self.ignored("the desk does not say the new status")
        words = self.endpoint.words
        earlier = None if before is None else words.stage(before)
        return self.stage(earlier, words.stage(now), before, now)

    def stage(
        self, before: Stage | None, now: Stage, from_word: str | None, to_word: str | None
    ) -> Message:
        """Return what a change of stage means; the words are what the desk calls its statuses."""
        kind = change_of_stage(before, now)
        if kind is None:
            return self.ignored("the status changed, the clock does not")
        return self.event(kind, **{"from": from_word, "to": to_word})

    def priority(self, before: str | None, now: str | None) -> Iterator[Message]:
        """Yield what a change of priority means, in the desk's words."""
        ours = self.endpoint.words.priority(now)
        words = {"from": before, "to": now, "priority": ours}
        yield self.event(ClockKind.PRIORITY_CHANGED, **words)
        yield self.changed("priority", desk_priority=now)

    def changed(
        self,
        *fields: str,
        subject: str | None = None,
        body: str | None = None,
        desk_priority: str | None = None,
    ) -> TicketChanged:
        """Return that some of `subject`, `body` and `priority` are new."""
        return TicketChanged(
            self.external_id,
            fields,
            self.at,
            self.is_by_person,
            subject,
            body,
            desk_priority,
            self.author,
        )


def shown(name: str | None) -> str:
    """Return a desk's name for an event, shortened for a reason."""
    return f'"{name[:LONGEST_NAME]}"' if name else "without a name"
