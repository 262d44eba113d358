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
        begins = _noted("--since", since, EARLIEST, faults)
        ends = _noted("--until", until, LATEST, faults)
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


def named_instant(option: str, text: str) -> datetime:
    """Return the ISO 8601 time that an option names, in UTC where it does not say.

    `InputFaults` for what is no time.
    """
    try:
        return parse_instant(text, field=option, timezone=_UTC).astimezone(UTC)
    except TicketFault as fault:
        raise InputFaults(Fault(option, fault.problem, fault.remedy)) from None


def _noted(option: str, text: str, otherwise: datetime, faults: list[Fault]) -> datetime:
    """Return the time that an option names; note what is wrong with it."""
    try:
        return named_instant(option, text) if text else otherwise
    except InputFaults as wrong:
        faults.extend(wrong.faults)
        return otherwise
