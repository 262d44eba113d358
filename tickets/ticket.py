"""A ticket as received, parsed once at the border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tickets.faults import Fault, InputFaults, did_you_mean

TIERS = ("standard", "premium")
CHANNELS = ("web", "email", "phone", "chat", "api")
FIELDS = ("id", "subject", "body", "tier", "channel", "received_at", "environment")
"""The columns of a ticket; any other column of a file travels along untouched."""

ALTERNATIVES = {"received_at": ("received_at", "created_at")}
"""Columns that serve for one of ours, the first that has a value."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2041, 1, 1, tzinfo=UTC)
LONGEST_QUOTE = 40
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True)
class Ticket:
    """One record of the desk: an incident or a request, exactly as the customer sent it."""

    id: str
    subject: str = ""
    body: str = ""
    tier: str | None = None
    channel: str | None = None
    received_at: datetime | None = None
    environment: str | None = None
    """What the form said; the text may contradict it."""


class TicketFault(InputFaults):
    """One field of a ticket cannot be used: which, its value, the problem and the remedy."""

    def __init__(self, field: str, value: object, problem: str, remedy: str) -> None:
        super().__init__(Fault(field, problem, remedy))
        self.field = field
        self.value = _quote(value)
        self.problem = problem
        self.remedy = remedy

    def as_record(self) -> dict[str, str]:
        """Return the fault as the `error` of an output row."""
        return {
            "field": self.field,
            "value": self.value,
            "problem": self.problem,
            "remedy": self.remedy,
        }


def parse_ticket(
    record: Mapping[str, Any], *, default_id: str, timezone: ZoneInfo | None = None
) -> Ticket:
    """Return the ticket that a raw record describes; `TicketFault` names the first wrong field.

    `timezone` is the zone of receipt times written without an offset.
    """
    subject = text_of(record, "subject")
    body = text_of(record, "body")
    if not subject.strip() and not body.strip():
        raise TicketFault(
            "body", "", "subject and body are both empty", "give at least one of them"
        )
    return Ticket(
        id=ticket_id(record, default=default_id),
        subject=subject,
        body=body,
        tier=_choice(record, "tier", TIERS),
        channel=_choice(record, "channel", CHANNELS),
        received_at=_received_at(record, timezone),
        environment=text_of(record, "environment").strip() or None,
    )


def ticket_id(record: Mapping[str, Any], *, default: str) -> str:
    """Return the id of a raw record, or the default where it has none."""
    return text_of(record, "id").strip() or default


def has_value(record: Mapping[str, Any], field: str) -> bool:
    """Tell whether a raw record holds more than nothing or blanks in a field."""
    value = record.get(field)
    return not _is_missing(value) and not (isinstance(value, str) and not value.strip())


def text_of(record: Mapping[str, Any], field: str) -> str:
    """Return a field of a raw record as text, empty for none; `TicketFault` if it is no text."""
    value = record.get(field)
    if _is_missing(value):
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="surrogateescape")
    text = _number_as_written(value) if isinstance(value, float) else str(value)
    # Files are decoded with "surrogateescape": a lone surrogate marks a byte that was not UTF-8.
    if "\x00" in text:
        raise TicketFault(field, "NUL character", "holds a NUL character", "remove it")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise TicketFault(
            field, "broken UTF-8", "holds bytes that are not UTF-8", "save the file as UTF-8"
        )
    return text


def _number_as_written(value: float) -> str:
    """Data frames turn whole numbers into floats; an id 17 must not become 17.0."""
    return str(int(value)) if value.is_integer() else str(value)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NaTType", "NAType"):  # pandas, not imported here
        return True
    return isinstance(value, float) and value != value  # NaN


def _choice(record: Mapping[str, Any], field: str, known: tuple[str, ...]) -> str | None:
    text = text_of(record, field).strip()
    if not text:
        return None
    if text.lower() not in known:
        raise TicketFault(
            field, text, f"unknown {field} {_quote(text)!r}", did_you_mean(text, known)
        )
    return text.lower()


def _received_at(record: Mapping[str, Any], timezone: ZoneInfo | None) -> datetime | None:
    for field in ALTERNATIVES["received_at"]:
        if has_value(record, field):
            return parse_instant(record[field], field=field, timezone=timezone)
    return None


def parse_instant(value: Any, *, field: str, timezone: ZoneInfo | None = None) -> datetime:
    """Return the aware instant of an ISO 8601 text or a datetime; `TicketFault` if it is none."""
    if isinstance(value, datetime):
        instant = value if type(value) is datetime else _plain_datetime(value)
    else:
        try:
            instant = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise TicketFault(
                field,
                value,
                f"{_quote(value)!r} is not an ISO 8601 time",
                "write it as 2026-07-10T09:05:00-07:00",
            ) from None
    if instant.utcoffset() is None:
        if timezone is None:
            raise TicketFault(
                field,
                value,
                f"{_quote(value)!r} has no UTC offset",
                "add one, such as -07:00, or name the zone with --timezone",
            )
        instant = instant.replace(tzinfo=timezone)
    try:
        is_in_range = EARLIEST <= instant < LATEST
    except OverflowError:  # within a day of year 1 or 9999, an offset leaves the calendar
        is_in_range = False
    if not is_in_range:
        raise TicketFault(
            field, value, f"{_quote(value)!r} is not between 2000 and 2040", "correct the year"
        )
    return instant


def _plain_datetime(value: datetime) -> datetime:
    """Turn a subclass (pandas.Timestamp) into the standard type, to the microsecond."""
    return datetime(
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        tzinfo=value.tzinfo,
        fold=value.fold,
    )


def _quote(value: object) -> str:
    """Shorten a value for a message, so that no message repeats a whole ticket."""
    text = str(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
