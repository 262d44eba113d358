"""Ids of rows: texts that sort by the time at which they were made."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from itertools import count

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_turn = count()


def new_id(now: datetime) -> str:
    """Return an id of 32 hexadecimal digits.

    16 are the microseconds since 1970, 6 count on within the process, so that rows of one instant
    keep their order, and 10 are chance.
    """
    span = now - _EPOCH
    microseconds = (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
    return f"{microseconds:016x}{next(_turn) % 0x1000000:06x}{secrets.token_hex(5)}"
