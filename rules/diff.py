"""What another policy would have made of past tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from rules.engine import Engine
from rules.facts import parse_facts
from rules.ruleset import Ruleset, Verdict
from rules.table import verdict_table
from tickets import Combination, Priority


class PastTicket(Protocol):
    """A ticket of the past with the facts that were read from it, as written in a file."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def place(self) -> str:
        """Where it stands, for faults."""

    @property
    def facts(self) -> Mapping[str, object]:
        """Values as written; numbers fall into their bins."""


Past = TypeVar("Past", bound=PastTicket)


@dataclass(frozen=True)
class ChangedTicket(Generic[Past]):
    """A ticket that would get another priority, and what decides under each policy."""

    ticket: Past
    old: Verdict
    new: Verdict
    facts: Combination
    """In the schema of the new policy."""


@dataclass(frozen=True)
class PolicyDiff(Generic[Past]):
    """The effect of another policy."""

    tickets: int
    changed: tuple[ChangedTicket[Past], ...]
    combinations: int | None
    """How many combinations of facts change priority; None when the facts themselves differ."""

    @property
    def moves(self) -> Mapping[tuple[Priority, Priority], int]:
        """How many tickets move from one priority to another."""
        moves = Counter((change.old.priority, change.new.priority) for change in self.changed)
        return dict(sorted(moves.items()))


def diff(old: Engine, new: Engine, tickets: Sequence[Past]) -> PolicyDiff[Past]:
    """Return which tickets change priority from one policy to another, in their order.

    `InputFaults` for facts that one of the two schemas does not know.
    """
    changed = []
    for ticket in tickets:
        before = old.verdict(parse_facts(old.ruleset, ticket.facts, place=ticket.place))
        facts = parse_facts(new.ruleset, ticket.facts, place=ticket.place)
        after = new.verdict(facts)
        if before.priority != after.priority:
            changed.append(ChangedTicket(ticket, before, after, facts))
    return PolicyDiff(len(tickets), tuple(changed), _changed_combinations(old.ruleset, new.ruleset))


def _changed_combinations(old: Ruleset, new: Ruleset) -> int | None:
    if [(f.name, tuple(f.values)) for f in old.schema] != [
        (f.name, tuple(f.values)) for f in new.schema
    ]:
        return None
    return int(np.count_nonzero(verdict_table(old) != verdict_table(new)))
