"""What a person, or a bot on `auto`, made of a suggestion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tickets.faults import Fault, InputFaults
from tickets.priority import Priority
from tickets.store.database import AnyRow

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class DecisionKind(StrEnum):
    """The kinds of entries in the log of decisions."""

    ACCEPT = "accept"
    OVERRIDE = "override"
    SKIP = "skip"
    UNDO = "undo"
    """Takes back another entry; never given by callers of `decide`."""


@dataclass(frozen=True)
class Decision:
    """A decision to be made."""

    kind: DecisionKind
    actor: str
    priority: Priority | None = None
    """Of an override, the priority that holds instead; an accept takes the suggested one."""
    reason: str | None = None
    """A key of a short list, such as `wrong-tier`; free text belongs into the note."""
    corrected_facts: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    """Free text; blanked when the ticket is erased."""

    def __post_init__(self) -> None:
        faults = tuple(_faults(self))
        if faults:
            raise InputFaults(*faults)


def _faults(decision: Decision) -> list[Fault]:
    faults = []
    if decision.kind == DecisionKind.UNDO:
        faults.append(Fault("kind", "undo is no decision", "undo the decision by its id"))
    if (decision.kind == DecisionKind.OVERRIDE) != (decision.priority is not None):
        remedy = "give one with an override, and only there"
        faults.append(Fault("priority", f"does not go with {decision.kind}", remedy))
    if decision.reason is not None and not _KEY.fullmatch(decision.reason):
        remedy = "give up to 40 letters, digits, . _ or -; free text goes into the note"
        faults.append(Fault("reason", "is not a key", remedy))
    return faults


@dataclass(frozen=True)
class DecisionRow:
    """An entry in the log of decisions."""

    id: str
    ticket_key: str
    suggestion_id: str
    kind: DecisionKind
    priority: Priority | None
    """The priority that the entry settles; None for a skip and an undo."""
    suggested_priority: Priority
    reason: str | None
    corrected_facts: Mapping[str, str]
    actor: str
    note: str | None
    decided_at: datetime
    undoes: str | None
    """The entry that this one takes back."""
    version: int
    """That of the ticket after this entry."""


def decision_row(row: AnyRow) -> DecisionRow:
    """Return the decision of a database row."""
    return DecisionRow(
        id=row.id,
        ticket_key=row.ticket_key,
        suggestion_id=row.suggestion_id,
        kind=DecisionKind(row.kind),
        priority=None if row.priority is None else Priority(row.priority),
        suggested_priority=Priority(row.suggested_priority),
        reason=row.reason,
        corrected_facts=row.corrected_facts,
        actor=row.actor,
        note=row.note,
        decided_at=row.decided_at,
        undoes=row.undoes,
        version=row.version,
    )
