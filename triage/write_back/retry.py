"""When to try again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tickets.store import Message
from triage.write_back.outcome import Delayed, GaveUp, Limited, Postponed, Resting, RetryAt

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)
SHORTEST = timedelta(seconds=1)
"""Even where a target asks to be tried again at once."""
LONGEST_ASKED = timedelta(hours=24)
"""What a target may ask for at most."""


def later(
    message: Message, delayed: Delayed, give_up_after: timedelta, now: datetime
) -> RetryAt | Postponed | GaveUp:
    """Return when a message is tried again, or that it has failed for too long."""
    if isinstance(delayed, Limited):
        return _postponed(message, delayed, now)
    since = message.failing_since or now
    if now - since >= give_up_after:
        hours = give_up_after / timedelta(hours=1)
        return GaveUp(f"no success within {hours:g} hours, at last: {delayed}")
    at = delayed.until or now + pause(message.idempotency_key, message.attempts - 1)
    after = Postponed if isinstance(delayed, Resting) else RetryAt
    return after(max(at, now + SHORTEST), str(delayed), since)


def _postponed(message: Message, limited: Limited, now: datetime) -> Postponed:
    """Return that a message waits, and that the time of waiting does not count as failing."""
    at = max(limited.until, now + SHORTEST)
    since = message.failing_since
    return Postponed(at, str(limited), since and since + (at - now))


def pause(key: str, failures: int) -> timedelta:
    """Return the wait before trying again: it doubles, and differs from message to message.

    The same message always waits the same, so that a log explains itself.
    """
    longest: timedelta = min(FIRST * 2 ** min(failures, 20), LONGEST)
    return longest * random.Random(f"{key} {failures}").uniform(0.5, 1)


def asked_pause(header: str | None, now: datetime) -> datetime | None:
    """Return the instant that a Retry-After header asks for: seconds or an HTTP date."""
    if header is None:
        return None
    try:
        if header.strip().isdigit():
            asked = now + min(timedelta(seconds=int(header.strip()[:9])), LONGEST_ASKED)
        else:
            asked = parsedate_to_datetime(header)
    except ValueError:
        return None
    asked = asked if asked.tzinfo else asked.replace(tzinfo=UTC)
    return min(max(asked, now), now + LONGEST_ASKED)
