"""What can become of a message on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from triage.redaction import redact

LONGEST_PROBLEM = 300
"""Characters of a target's own words that a problem repeats."""


@dataclass(frozen=True)
class Sent:
    """The target has it, whether from this attempt or from an earlier one whose answer was lost."""

    does: str


@dataclass(frozen=True)
class Kept:
    """Nothing was changed, because what stands there has precedence."""

    why: str


@dataclass(frozen=True)
class RetryAt:
    """It failed; another attempt may succeed."""

    at: datetime
    problem: str
    failing_since: datetime


@dataclass(frozen=True)
class Postponed:
    """It was not its turn: a rate limit holds it up, or its target rests. That is no attempt."""

    at: datetime
    why: str
    failing_since: datetime | None


@dataclass(frozen=True)
class GaveUp:
    """It will not succeed by itself; the problem names the remedy."""

    problem: str


Outcome = Sent | Kept | RetryAt | Postponed | GaveUp


class Refused(Exception):  # noqa: N818 - reads as what happened
    """The target will not take it, now or later; says what a person can do."""


class Delayed(Exception):  # noqa: N818
    """The target cannot take it now; `until` is when it asks to be tried again, if it says so."""

    def __init__(self, problem: str, until: datetime | None = None) -> None:
        super().__init__(problem)
        self.until = until


class Resting(Delayed):
    """It was not tried, as the target has just failed to answer another message."""


class Limited(Delayed):
    """The target, or `requests_per_minute`, wants fewer requests: no failure, however long."""

    until: datetime

    def __init__(self, problem: str, until: datetime) -> None:
        super().__init__(problem, until)


class Collision(Exception):  # noqa: N818
    """Someone changed the ticket between our reading and our writing."""


def quoted(words: str) -> str:
    """Return a target's own words for a problem: short, on one line, without personal data."""
    line = redact(" ".join(words.split()))
    return line if len(line) <= LONGEST_PROBLEM else f"{line[:LONGEST_PROBLEM]}…"
