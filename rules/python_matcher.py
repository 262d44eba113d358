"""Plain Python in place of durable-rules, where that cannot be built or trusted.

Each rule is spelled out as alternatives, and each alternative is one bit of a number. For every
value of every fact stands a number with the bits of the alternatives that allow it; those of the
values of one combination, joined by `and`, leave the alternatives that are true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from rules.atoms import paths
from rules.conditions import AllOf, Atom, Condition, holds, simplified
from rules.ruleset import Ruleset
from tickets import Combination, FactSchema

MOST_ALTERNATIVES = 1_000
"""A rule with more is evaluated as it is written."""


class PythonMatcher:
    """Finds the rules that fire, without any library."""

    name = "python"

    def __init__(self, ruleset: Ruleset) -> None:
        schema = ruleset.schema
        conditions = {rule.id: simplified(rule.when, schema) for rule in ruleset.rules}
        alternatives = [
            (rule_id, alternative)
            for rule_id, condition in conditions.items()
            if paths(condition) <= MOST_ALTERNATIVES
            for alternative in _alternatives(condition)
        ]
        self._rule_ids = [rule_id for rule_id, _ in alternatives]
        self._bits = list(_bits([alternative for _, alternative in alternatives], schema))
        self._branched = [
            rule for rule in ruleset.rules if paths(conditions[rule.id]) > MOST_ALTERNATIVES
        ]

    def fired(self, facts: Combination) -> Sequence[str]:
        """Return the ids of the rules that fire."""
        left = -1
        for name, bits in self._bits:
            left &= bits[facts[name]]
        found = [rule.id for rule in self._branched if holds(rule.when, facts)]
        while left:
            lowest = left & -left
            found.append(self._rule_ids[lowest.bit_length() - 1])
            left ^= lowest
        return list(dict.fromkeys(found))

    def restart(self) -> None:
        """Nothing is kept that could be stale."""

    def close(self) -> None:
        """Nothing is held that could be freed."""


def _alternatives(condition: Condition) -> Iterator[tuple[Atom, ...]]:
    """Yield conjunctions of comparisons; the condition is true where one of them is."""
    if isinstance(condition, Atom):
        yield (condition,)
    elif isinstance(condition, AllOf):
        for parts in product(*map(_alternatives, condition.parts)):
            yield tuple(atom for part in parts for atom in part)
    else:
        for part in condition.parts:
            yield from _alternatives(part)


def _bits(
    alternatives: Sequence[tuple[Atom, ...]], schema: FactSchema
) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield for each fact which alternatives each of its values allows."""
    for fact in schema:
        allowed = {
            value: sum(
                1 << place
                for place, atoms in enumerate(alternatives)
                if all(value in atom.values for atom in atoms if atom.fact == fact.name)
            )
            for value in fact.values
        }
        yield fact.name, allowed
