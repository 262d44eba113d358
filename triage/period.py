"""A period of time that a user names: from a day or an instant, until another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tickets import Fault, InputFaults, TicketFault
from tickets.ticket import EARLIEST, LATEST, parse_instant

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Period:
    """From `since`, to before `until`."""

    since: datetime = EARLIEST
    until: datetime = LATEST

    @classmethod
    def named(cls, since: str, until: str) -> Period:
        """Return the period between two ISO 8601 times, in UTC where they do not say; empty: open.

        `InputFaults` for what is no time, and for a period that ends before it begins.
        """
        faults: list[Fault] = []
        begins = _instant("--since", since, faults) if since else EARLIEST
        ends = _instant("--until", until, faults) if until else LATEST
        if not faults and ends <= begins:
            faults.append(Fault("--until", f"{until} is not after --since", "exchange the two"))
        if faults:
            raise InputFaults(*faults)
        return cls(begins, ends)

    def holds(self, instant: datetime | None) -> bool:
        """Tell whether an instant lies in the period; what has no time lies only in an open one."""
        if instant is None:
            return self == Period()
        return self.since <= instant < self.until


def _instant(option: str, text: str, faults: list[Fault]) -> datetime:
    try:
        return parse_instant(text, field=option, timezone=_UTC).astimezone(UTC)
    except TicketFault as fault:
        faults.append(Fault(option, fault.problem, fault.remedy))
        return EARLIEST
