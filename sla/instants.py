"""Instants as whole microseconds since 1970 in UTC: the one unit in which all clocks here count.

Two aware datetimes of the same zone subtract as wall clocks do, an hour wrong across a clock
change; integers in UTC cannot.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY_SECONDS = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class OutsideHorizon(ValueError):  # noqa: N818 - the name is part of the room's surface
    """An instant lies beyond the dates whose holidays the policy knows."""


def to_micros(instant: datetime) -> int:
    """Return the microseconds since 1970 of an aware datetime; `ValueError` for a naive one."""
    try:
        return (instant - _EPOCH) // _MICROSECOND
    except TypeError:
        raise ValueError(
            f"{instant!s} has no UTC offset: add one, such as -07:00, or attach a time zone"
        ) from None


def from_micros(micros: int, zone: tzinfo) -> datetime:
    """Return the aware datetime, in `zone`, of microseconds since 1970."""
    # A float of seconds is exact to the microsecond until 2106, and three times as fast as adding.
    return datetime.fromtimestamp(micros / SECOND, zone)
