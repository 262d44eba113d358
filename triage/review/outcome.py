"""What an agent decides between: the priority at hand, why, and when each priority would be due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sla import Policy
from tickets import PRIORITIES, Combination, InputFaults, Priority, Reason
from tickets.store import StoredTicket
from triage.assess import Rooms
from triage.correction import Corrected, correct, outcomes
from triage.review.countdown import Countdown, countdown
from triage.review.dossier import Matter


@dataclass(frozen=True)
class Alternative:
    """A priority that an agent may set."""

    priority: Priority
    probability: float | None
    """None while hidden."""
    is_suggested: bool
    is_proposed: bool
    """Whether accepting gives it."""
    countdown: Countdown | None


@dataclass(frozen=True)
class Choice:
    """A value that a fact may have, and what the rules would then say."""

    value: str
    meaning: str
    priority: Priority | None
    """None where the rules cannot be asked."""


@dataclass(frozen=True)
class FactShown:
    """A fact as it was read, as it stands now, and what else it may be."""

    name: str
    meaning: str
    read: str
    probability: float
    now: str
    quotes: tuple[str, ...]
    choices: tuple[Choice, ...]

    @property
    def is_corrected(self) -> bool:
        """Whether a person has said otherwise than was read."""
        return self.now != self.read


@dataclass(frozen=True)
class Outcome:
    """The decision at hand."""

    priority: Priority | None
    """What accepting gives: suggested, or by corrected facts; None while hidden."""
    corrections: Combination
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    facts: tuple[FactShown, ...]
    problem: str
    """Why facts cannot be corrected; empty where they can."""

    @property
    def is_hidden(self) -> bool:
        """Whether the suggestion must not be seen yet."""
        return self.priority is None

    @property
    def proposed(self) -> Alternative | None:
        """The alternative that accepting gives."""
        return next((each for each in self.alternatives if each.is_proposed), None)


def outcome(matter: Matter, corrections: Combination, rooms: Rooms, now: datetime) -> Outcome:
    """Return what there is to decide, with some facts corrected."""
    suggestion = matter.suggestion
    if matter.is_hidden:
        alternatives = _alternatives(matter, None, rooms.policy, now)
        return Outcome(None, {}, (), tuple(alternatives), (), "")
    corrected, problem = _corrected(matter, corrections, rooms)
    is_moved = corrected is not None and bool(corrected.corrections)
    priority = corrected.priority if corrected and is_moved else suggestion.priority
    return Outcome(
        priority=priority,
        corrections=corrected.corrections if corrected else {},
        reasons=corrected.reasons if corrected and is_moved else tuple(_reasons(suggestion.record)),
        alternatives=tuple(_alternatives(matter, priority, rooms.policy, now)),
        facts=tuple(_facts(matter, corrected, rooms)),
        problem=problem,
    )


def _corrected(
    matter: Matter, corrections: Combination, rooms: Rooms
) -> tuple[Corrected | None, str]:
    record, ticket = matter.suggestion.record, matter.ticket.ticket
    try:
        return correct(record, corrections, ticket, rooms), ""
    except InputFaults:
        return None, "It was read for rules with other facts, so facts cannot be corrected here."


def _reasons(record: Mapping[str, Any]) -> Iterator[Reason]:
    for reason in record["reasons"]:
        priority = reason["priority"]
        yield Reason(
            kind=reason["kind"],
            id=reason["id"],
            because=reason["because"],
            priority=None if priority is None else Priority.parse(priority),
            clause=reason["clause"],
        )


def _alternatives(
    matter: Matter, proposed: Priority | None, policy: Policy, now: datetime
) -> Iterator[Alternative]:
    suggestion, ticket = matter.suggestion, matter.ticket.ticket
    for priority in PRIORITIES:
        yield Alternative(
            priority=priority,
            probability=None
            if proposed is None
            else suggestion.record["probabilities"][str(priority)],
            is_suggested=proposed is not None and priority == suggestion.priority,
            is_proposed=priority == proposed,
            countdown=countdown(ticket, priority, matter.happened, policy, now),
        )


def _facts(matter: Matter, corrected: Corrected | None, rooms: Rooms) -> Iterator[FactShown]:
    schema = rooms.ruleset.schema
    would_be = outcomes(corrected.facts, rooms) if corrected else {}
    for name, read in matter.suggestion.record["facts"].items():
        fact = schema[name] if corrected else None
        yield FactShown(
            name=name,
            meaning=fact.meaning if fact else "",
            read=read["value"],
            probability=read["probability"],
            now=corrected.facts[name] if corrected else read["value"],
            quotes=tuple(_quotes(read["evidence"], matter.ticket)),
            choices=tuple(
                Choice(value, meaning, would_be[name][value])
                for value, meaning in (fact.values.items() if fact else ())
            ),
        )


def _quotes(evidence: Sequence[Mapping[str, Any]], stored: StoredTicket) -> Iterator[str]:
    texts = {"subject": stored.ticket.subject, "body": stored.ticket.body}
    for span in evidence:
        yield texts.get(span["field"], "")[span["start"] : span["end"]]
