"""The history of a reader's models: one JSON line for each that was stored or made current."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tickets import Fault, InputFaults


class EventKind(StrEnum):
    """What happened to a model."""

    STORED = "stored"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    """It is current again, as the one after it was taken back."""


@dataclass(frozen=True)
class Event:
    """One line of a history."""

    kind: EventKind
    version: str
    at: datetime
    previous: str | None = None
    """The version that was current until then."""
    why: str = ""
    forced: bool = False
    """Whether a person overruled the gate."""
    comparison: Mapping[str, Any] | None = None
    """The figures beside the previous model's, where the two were compared."""

    def as_record(self) -> dict[str, Any]:
        """Return the event for machines."""
        return {**asdict(self), "at": self.at.isoformat()}

    def as_line(self) -> str:
        """Return the event as a line of JSON."""
        return json.dumps(self.as_record(), ensure_ascii=False) + "\n"


def parse_history(name: str, text: str) -> list[Event]:
    """Return the events of a history file, oldest first; `InputFaults` for a line that is none."""
    return [_event(f"{name}:{number}", line) for number, line in enumerate(text.splitlines(), 1)]


def _event(place: str, line: str) -> Event:
    try:
        record = json.loads(line)
        kind, at = EventKind(record.pop("kind")), datetime.fromisoformat(record.pop("at"))
        return Event(kind=kind, at=at, **record)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputFaults(Fault(place, "is no event of a model", "delete the line")) from None


def standing(events: Iterable[Event], current: str | None) -> list[str]:
    """Return the versions that one can go back through, the current one last.

    The pointer file has the last word: what was noted down and never came to be, as the machine
    went down in between, is left out, and a current model that no event tells of is put in.
    """
    versions: list[str] = []
    for event in events:
        if event.kind is EventKind.STORED:
            continue
        _settle(versions, event.previous)
        if event.kind is EventKind.PROMOTED:
            versions.append(event.version)
        else:
            _settle(versions, event.version)
    _settle(versions, current)
    return versions


def _settle(versions: list[str], current: str | None) -> None:
    """Make `current` the last of the versions."""
    if current in versions:
        del versions[len(versions) - versions[::-1].index(current) :]
    elif current is not None:
        versions.append(current)
    else:
        versions.clear()
