"""What the policy would say: of some facts, and of a time at which a ticket comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from rules.combinations import shape
from rules.explain import Explanation, explain
from rules.rows import Row, minimal_rows
from sla import OutsideHorizon, Policy
from tickets import PRIORITIES, FactSchema, Fault, InputFaults, Priority, Response, TicketFault
from tickets.faults import did_you_mean
from tickets.ticket import parse_instant
from triage.assess import Rooms

MOST_ROWS = 4
"""Ways to a priority that are listed while facts are open; there may be dozens."""
UNSTATED = "unstated"


@dataclass(frozen=True)
class Question:
    """Some facts, and when the ticket comes."""

    facts: Mapping[str, str]
    """Those that are chosen; any other may have any value."""
    received_at: datetime
    is_asked: bool
    """False for the form as it opens."""

    @classmethod
    def of(cls, params: Mapping[str, str], rooms: Rooms, now: datetime) -> Question:
        """Return what an address asks; `InputFaults` for facts, values or times that are none."""
        schema = rooms.ruleset.schema
        given = {name: params[name].strip() for name in schema.names if name in params}
        faults = [
            Fault(
                name, f'has no value "{value:.40}"', did_you_mean(value[:40], schema[name].values)
            )
            for name, value in given.items()
            if value and value not in schema[name].values
        ]
        if faults:
            raise InputFaults(*faults)
        received_at = _instant(params.get("received_at", "").strip(), rooms.policy, now)
        chosen = {name: value for name, value in given.items() if value}
        return cls(chosen, received_at, is_asked=bool(given))

    @classmethod
    def opening(cls, rooms: Rooms, now: datetime) -> Question:
        """Return the form as it opens: nothing is said, as far as that is a value."""
        unstated = {fact.name: UNSTATED for fact in rooms.ruleset.schema if UNSTATED in fact.values}
        return cls(unstated, now.astimezone(rooms.policy.zone), is_asked=False)


@dataclass(frozen=True)
class Possible:
    """A priority that open facts may lead to, and how."""

    priority: Priority
    rows: tuple[Row, ...]
    """What the open facts would have to be; any of the rows does."""
    is_cut: bool


@dataclass(frozen=True)
class OfTier:
    """The response deadlines of a tier."""

    tier: str
    label: str
    targets: Mapping[Priority, str]
    """In the words of the policy."""
    response: Response | None
    """None beyond the dates that the policy knows."""

    def due_at(self, priority: Priority) -> datetime | None:
        """Return the deadline of a priority."""
        return None if self.response is None else self.response.if_priority[priority]


@dataclass(frozen=True)
class Answer:
    """What the policy says."""

    explanation: Explanation | None
    """None while facts are open."""
    possible: tuple[Possible, ...]
    """While facts are open, the priorities that they may lead to."""
    tiers: tuple[OfTier, ...]
    problem: str
    """Why there are no deadlines; empty where there are."""

    @property
    def priority(self) -> Priority | None:
        """The priority, where the facts tell it; open facts may lead to one only, too."""
        if self.explanation is not None:
            return self.explanation.verdict.priority
        return self.possible[0].priority if len(self.possible) == 1 else None


def answer(question: Question, rooms: Rooms) -> Answer:
    """Return what rules and support policy say."""
    schema = rooms.ruleset.schema
    is_whole = all(name in question.facts for name in schema.names)
    explanation = explain(rooms.engine, question.facts) if is_whole else None
    priority = PRIORITIES[0] if explanation is None else explanation.verdict.priority
    tiers, problem = _tiers(rooms.policy, priority, question.received_at)
    return Answer(
        explanation=explanation,
        possible=() if is_whole else _possible(schema, rooms.table, question.facts),
        tiers=tiers,
        problem=problem,
    )


def _possible(
    schema: FactSchema,
    table: np.ndarray[tuple[int, ...], np.dtype[np.int8]],
    known: Mapping[str, str],
) -> tuple[Possible, ...]:
    chosen = tuple(
        list(fact.values).index(known[fact.name]) if fact.name in known else slice(None)
        for fact in schema
    )
    verdicts = np.asarray(table).reshape(shape(schema))[chosen]
    open_facts = FactSchema(tuple(fact for fact in schema if fact.name not in known))
    found = []
    for priority in PRIORITIES:
        if (verdicts == priority).any():
            rows = minimal_rows(np.asarray(verdicts == priority), open_facts)
            widest_first = sorted(rows, key=len)[:MOST_ROWS]
            found.append(Possible(priority, tuple(widest_first), is_cut=len(rows) > MOST_ROWS))
    return tuple(found)


def _tiers(
    policy: Policy, priority: Priority, received_at: datetime
) -> tuple[tuple[OfTier, ...], str]:
    problem = ""
    tiers = []
    for tier, label in policy.tiers.items():
        targets = {each: policy.targets[tier][each].words for each in PRIORITIES}
        response = None
        try:
            response = policy.response(tier, priority, received_at)
        except OutsideHorizon as error:
            problem = f"No deadlines: {error}."
        tiers.append(OfTier(tier, label, targets, response))
    return tuple(tiers), problem


def _instant(text: str, policy: Policy, now: datetime) -> datetime:
    """Return the time that a form names, by the clock of the desk; now for none."""
    if not text:
        return now.astimezone(policy.zone)
    try:
        given = parse_instant(_with_zone(text, policy), field="received_at")
    except TicketFault as fault:
        remedy = "write it as 2026-07-10T09:05"
        raise InputFaults(Fault("received_at", fault.problem, remedy)) from None
    return given.astimezone(policy.zone)


def _with_zone(text: str, policy: Policy) -> datetime | str:
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return text
    return given.replace(tzinfo=policy.zone) if given.utcoffset() is None else given
