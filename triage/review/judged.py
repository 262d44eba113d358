"""What people made of suggestions lately, kept in memory and brought up to date as it is asked for.

Reading a month of decisions with their assessments takes a second or two; reading what has come
since takes some milliseconds. So a process reads them all once, and then only what is new.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets import PRIORITIES, Priority
from tickets.store import DecisionKind, Judgement, Store
from triage.intake import AUTOMATIC

WINDOW = timedelta(days=30)
MOST = 20_000
"""Decisions kept in memory, some 2 KB each; of more in the window, the latest."""
_OVERLAP = timedelta(minutes=2)
"""What is read again each time: a decision counts from when it was begun, and is there later."""
_STEP = timedelta(minutes=10)
"""How much older than the window a decision may be that is still counted."""

Facts = tuple[tuple[str, str], ...]
"""Each fact with its value."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One decision that stands, and what of its suggestion is counted."""

    decision_id: str
    at: datetime
    by_person: bool
    """False where the suggestion acted by itself."""
    suggested: Priority
    decided: Priority | None
    """None where the ticket was skipped."""
    is_blind: bool
    confidence: float
    probabilities: tuple[float, ...]
    """Of P0 to P4."""
    action: str
    product_area: str
    facts: Facts
    """As read."""
    corrected: Facts
    """Those that the person set right."""
    model: str
    rules: str
    policy: str

    @property
    def is_agreed(self) -> bool:
        """Whether the person came to the suggested priority."""
        return self.decided == self.suggested


@dataclass(frozen=True)
class Lately:
    """The decisions of the window, oldest first."""

    since: datetime
    until: datetime
    judged: tuple[Judged, ...]
    is_cut: bool
    """Whether there are more in the window than are kept."""
    revision: int
    """Another number whenever the decisions are others."""


class JudgedLog:
    """Follows the log of decisions of a store; for threads of one process."""

    def __init__(self, store: Store, most: int = MOST) -> None:
        self._store = store
        self._most = most
        self._lock = threading.Lock()
        self._by_ticket: dict[str, Judged] = {}
        self._begin: datetime | None = None
        self._same: dict[Facts, Facts] = {}
        self._until: datetime | None = None
        self._lately: Lately | None = None

    def read(self, now: datetime) -> Lately:
        """Return what stands decided in the window that ends now."""
        with self._lock:
            since = now - WINDOW
            has_changed = self._read_all(since) if self._until is None else self._read_new()
            self._until = now
            if self._lately is None or has_changed or self._lately.until < now - _STEP:
                self._lately = self._cut(since, now)
            return self._lately

    def _read_all(self, since: datetime) -> bool:
        first = self._store.judgements.time_of_latest(self._most)
        self._begin = max(since, first or since)
        for judgement in self._store.judgements.made_since(self._begin):
            self._by_ticket[judgement.ticket_key] = self._judged(judgement)
        return True

    def _read_new(self) -> bool:
        """Read what stands of the tickets that the log has told of; return whether it differs."""
        assert self._until is not None
        keys = self._store.judgements.changed_since(self._until - _OVERLAP)
        standing = self._store.judgements.of(keys)
        has_changed = False
        for key in keys:
            known, found = self._by_ticket.get(key), standing.get(key)
            if (known and known.decision_id) == (found and found.decision_id):
                continue
            has_changed = True
            self._by_ticket.pop(key, None)
            if found is not None:
                self._by_ticket[key] = self._judged(found)
        return has_changed

    def _cut(self, since: datetime, now: datetime) -> Lately:
        """Drop what is too old or too much, and return the rest."""
        in_window = [(each.at, key) for key, each in self._by_ticket.items() if each.at >= since]
        in_window.sort()
        kept = in_window[-self._most :]
        if len(kept) < len(in_window):
            self._begin = kept[0][0]
        self._by_ticket = {key: self._by_ticket[key] for _, key in kept}
        begin = max(since, self._begin or since)
        return Lately(
            since=begin,
            until=now,
            judged=tuple(self._by_ticket.values()),
            is_cut=begin > since,
            revision=self._lately.revision + 1 if self._lately else 1,
        )

    def _judged(self, judgement: Judgement) -> Judged:
        record = judgement.record
        probabilities, versions = record["probabilities"], record["versions"]
        read = ((name, fact["value"]) for name, fact in (record.get("facts") or {}).items())
        return Judged(
            decision_id=judgement.decision_id,
            at=judgement.decided_at,
            by_person=judgement.actor != AUTOMATIC,
            suggested=judgement.suggested,
            decided=None if judgement.kind is DecisionKind.SKIP else judgement.priority,
            is_blind=judgement.is_blind,
            confidence=judgement.confidence,
            probabilities=tuple(probabilities.get(str(each), 0.0) for each in PRIORITIES),
            action=judgement.action,
            product_area=judgement.product_area or "",
            facts=self._shared(read),
            corrected=self._shared(_differing(judgement.corrected_facts, record)),
            model=versions["model"],
            rules=versions["rules"],
            policy=versions["policy"],
        )

    def _shared(self, facts: Iterable[tuple[str, str]]) -> Facts:
        """Return facts as the one tuple that all decisions with the same facts share."""
        found = tuple(facts)
        return self._same.setdefault(found, found)


def _differing(
    corrected: Mapping[str, str], record: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> Iterable[tuple[str, str]]:
    read = record.get("facts") or {}
    return (
        (name, value)
        for name, value in corrected.items()
        if read.get(name, {}).get("value") != value
    )
