"""Conditions as durable-rules takes them safely: comparisons made here, only their truth sent.

Each distinct comparison becomes an atom, a property `a7` that a message carries when it is true.
No text, float or null of a ticket ever reaches the C engine, which mistakes several of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from rules.conditions import AllOf, Atom, Condition, atoms
from tickets import Combination, FactSchema

MESSAGE_ID = "t"
"""One id for all: ids are compared by a 32-bit hash, and different ones collide."""


@dataclass(frozen=True)
class AtomCode:
    """The atoms of some conditions, their names, and the messages that carry them."""

    names: dict[Atom, str]
    fragments: tuple[tuple[str, dict[str, str]], ...]
    """For each fact, the piece of a message that each of its values stands for."""
    rules: str
    """The conditions as a durable-rules definition; the n-th is called `rn`."""

    def message(self, facts: Combination) -> str:
        """Return the message of one combination: its true atoms, always in the same order."""
        pieces = [pieces[facts[name]] for name, pieces in self.fragments]
        return f'{{"id":"{MESSAGE_ID}"{"".join(pieces)}}}'

    @property
    def saturated_message(self) -> str:
        """The message in which every atom is true: more than any ticket can bring about."""
        return f'{{"id":"{MESSAGE_ID}"{"".join(map(_property, self.names.values()))}}}'


def encode(conditions: Sequence[Condition], schema: FactSchema) -> AtomCode:
    """Return the code of simplified conditions, none of them always or never true."""
    uses = Counter(atom for condition in conditions for atom in atoms(condition))
    ordered = sorted(uses, key=lambda atom: (schema.names.index(atom.fact), sorted(atom.values)))
    names = {atom: f"a{number}" for number, atom in enumerate(ordered)}
    definition = {
        f"r{number}": {"all": [{"m": _expression(condition, names, uses)}]}
        for number, condition in enumerate(conditions)
    }
    fragments = tuple(
        (fact.name, {value: _fragment(fact.name, value, names) for value in fact.values})
        for fact in schema
    )
    return AtomCode(names, fragments, json.dumps(definition))


def paths(condition: Condition) -> int:
    """Return in how many ways a condition can come true; the engine keeps a branch for each."""
    if isinstance(condition, Atom):
        return 1
    branches = [paths(part) for part in condition.parts]
    return prod(branches) if isinstance(condition, AllOf) else sum(branches)


def _expression(
    condition: Condition, names: dict[Atom, str], uses: Counter[Atom]
) -> dict[str, Any]:
    if isinstance(condition, Atom):
        return {names[condition]: 1}
    # Shared comparisons first, alternatives last: the engine then shares most of its nodes.
    parts = sorted(
        condition.parts,
        key=lambda part: (
            (0, -uses[part], names[part]) if isinstance(part, Atom) else (1, paths(part), "")
        ),
    )
    key = "$and" if isinstance(condition, AllOf) else "$or"
    return {key: [_expression(part, names, uses) for part in parts]}


def _fragment(fact: str, value: str, names: dict[Atom, str]) -> str:
    true = (name for atom, name in names.items() if atom.fact == fact and value in atom.values)
    return "".join(map(_property, true))


def _property(name: str) -> str:
    return f',"{name}":1'
