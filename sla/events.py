"""What happens to a ticket that its response clock must know of, and the log that records it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from tickets import Fault, InputFaults, Priority
from tickets.faults import did_you_mean
from tickets.ticket import TIERS, TicketFault, parse_instant


class EventKind(StrEnum):
    """The kinds of entries in a log."""

    RECEIVED = "received"
    WAITING = "waiting_on_customer"
    RESUMED = "resumed"
    RESPONDED = "responded"
    PRIORITY_CHANGED = "priority_changed"
    TIER_CHANGED = "tier_changed"
    POLICY_CHANGED = "policy_changed"


@dataclass(frozen=True)
class Event:
    """One entry of a ticket's log."""

    at: datetime
    kind: EventKind
    tier: str | None = None
    """The tier from now on; on receipt or change."""
    priority: Priority | None = None
    """The priority from now on; on receipt or change."""
    policy: str | None = None
    """The version of the policy from now on; on receipt or change."""
    is_public: bool = True
    """Of a response: whether the customer sees it."""
    is_by_person: bool = True
    """Of a response: whether a person wrote it, and not a bot."""

    @property
    def is_first_response(self) -> bool:
        """Whether this is a response that counts: public, and by a person."""
        return self.kind is EventKind.RESPONDED and self.is_public and self.is_by_person

    def as_record(self) -> dict[str, Any]:
        """Return the event as it is written in a log, without what is not said."""
        record = {
            "at": self.at.isoformat(),
            "kind": str(self.kind),
            "tier": self.tier,
            "priority": None if self.priority is None else str(self.priority),
            "policy": self.policy,
            "is_public": None if self.is_public else False,
            "is_by_person": None if self.is_by_person else False,
        }
        return {name: value for name, value in record.items() if value is not None}


Log = Mapping[str, tuple[Event, ...]]
"""The events of each ticket, by its id, in the order of the log."""


def parse_log(text: str, name: str) -> Log:
    """Return the log written as one JSON object a line; `InputFaults` with every wrong line."""
    log: dict[str, list[Event]] = {}
    faults: list[Fault] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                ticket_id, event = _parse_line(line)
                log.setdefault(ticket_id, []).append(event)
            except InputFaults as wrong:
                faults.extend(_placed(fault, f"{name}:{number}") for fault in wrong.faults)
    if faults:
        raise InputFaults(*faults)
    if not log:
        raise InputFaults(Fault(name, "has no events", "name a log with one JSON object a line"))
    return {ticket_id: tuple(events) for ticket_id, events in log.items()}


def log_lines(ticket_id: str, events: tuple[Event, ...]) -> Iterator[str]:
    """Yield the lines that record events of one ticket."""
    for event in events:
        yield json.dumps({"ticket_id": ticket_id, **event.as_record()}, ensure_ascii=False)


def _parse_line(line: str) -> tuple[str, Event]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        example = '{"ticket_id": "17", "at": "2026-07-10T09:05:00-07:00", "kind": "received"}'
        raise TicketFault("line", line, "is not a JSON object", f"write it as {example}")
    fields: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, parse in _PARSERS.items():
        try:
            fields[name] = parse(record.pop(name, None))
        except InputFaults as wrong:
            faults.extend(wrong.faults)
    for name in record:
        faults.append(Fault(name, f'unknown key "{name}"', did_you_mean(name, _PARSERS)))
    if faults:
        raise InputFaults(*faults)
    return fields.pop("ticket_id"), Event(**fields)


def _placed(fault: Fault, place: str) -> Fault:
    return Fault(place, f"{fault.place}: {fault.problem}", fault.remedy)


def _ticket_id(value: Any) -> str:
    if value in (None, ""):
        raise TicketFault("ticket_id", "", "is missing", "add it")
    return str(value)


def _instant(value: Any) -> datetime:
    if value is None:
        raise TicketFault("at", "", "is missing", "add it")
    try:
        return parse_instant(value, field="at")
    except TicketFault as fault:
        remedy = "write it as 2026-07-10T09:05:00-07:00"
        raise TicketFault("at", value, fault.problem, remedy) from None


def _choice(name: str, known: tuple[str, ...], value: Any) -> str | None:
    if value is None or value in known:
        return value  # type: ignore[no-any-return]
    raise TicketFault(name, value, f'unknown {name} "{value}"', did_you_mean(str(value), known))


def _kind(value: Any) -> EventKind:
    kind = _choice("kind", tuple(EventKind), value)
    if kind is None:
        raise TicketFault("kind", "", "is missing", f"use one of {', '.join(EventKind)}")
    return EventKind(kind)


def _priority(value: Any) -> Priority | None:
    name = _choice("priority", tuple(Priority.__members__), value)
    return None if name is None else Priority[name]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _flag(name: str, value: Any) -> bool:
    if value in (None, True, False):
        return value is not False
    raise TicketFault(name, value, f'"{value}" is neither true nor false', "write true or false")


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "ticket_id": _ticket_id,
    "at": _instant,
    "kind": _kind,
    "tier": partial(_choice, "tier", TIERS),
    "priority": _priority,
    "policy": _text,
    "is_public": partial(_flag, "is_public"),
    "is_by_person": partial(_flag, "is_by_person"),
}
