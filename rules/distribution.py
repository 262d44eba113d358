"""The priorities of a ticket whose facts are uncertain: a sum over all combinations, exactly.

A verdict table has tens of thousands of entries but few different parts: where the request is a
question, all else is the same. Folding equal parts gives a decision diagram of a few hundred
edges. Probability flows along it from the root to the five priorities, so the sum over every
combination costs no more than a pass over those edges, and nothing needs to be left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.combinations import shape
from rules.ruleset import Ruleset
from rules.table import VerdictTable, verdict_table
from tickets import PRIORITIES, Distribution, FactSchema, Fault, InputFaults

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""How far above 1 the probabilities of one fact may sum, for rounding."""
CHUNK = 2_000_000
"""Numbers held at once while many tickets are worked through; 16 MB."""


@dataclass(frozen=True)
class Outlook:
    """The probability of each priority when facts are uncertain."""

    probabilities: Distribution
    """Sums to 1."""
    neglected_mass: float
    """Probability that the reading itself left out, and that was shared out in proportion."""


@dataclass(frozen=True)
class _Level:
    """The edges of one fact, sorted by the node they lead to."""

    source: NDArray[np.intp]
    value: NDArray[np.intp]
    first_of_target: NDArray[np.intp]


@dataclass(frozen=True)
class Diagram:
    """A verdict table with its equal parts folded together."""

    schema: FactSchema
    levels: tuple[_Level, ...]
    leaves: NDArray[np.intp]
    """The priority of each last node."""

    @property
    def edges(self) -> int:
        """How many steps a pass takes, for comparison with the size of the schema."""
        return sum(len(level.source) for level in self.levels)

    def masses(self, facts: Sequence[Floats]) -> Floats:
        """Return n x 5 masses from one n x values array per fact, in the order of the schema.

        A row sums to the product of what its facts sum to: 1 where every fact sums to 1.
        """
        rows = len(facts[0])
        widest = max(len(level.source) for level in self.levels)
        step = max(1, CHUNK // widest)
        chunks = [
            self._masses([fact[start : start + step] for fact in facts])
            for start in range(0, rows, step)
        ]
        return np.concatenate(chunks) if chunks else np.zeros((0, len(PRIORITIES)))

    def _masses(self, facts: Sequence[Floats]) -> Floats:
        mass = np.ones((len(facts[0]), 1))
        for level, fact in zip(self.levels, facts, strict=True):
            along = mass[:, level.source] * fact[:, level.value]
            mass = np.add.reduceat(along, level.first_of_target, axis=1)
        out = np.zeros((len(mass), len(PRIORITIES)))
        out[:, self.leaves] = mass
        return out


def diagram(schema: FactSchema, table: VerdictTable) -> Diagram:
    """Fold a verdict table, from the last fact of the schema to the first."""
    leaves, node = np.unique(np.asarray(table).reshape(-1), return_inverse=True)
    levels: list[_Level] = []
    for size in reversed(shape(schema)):
        children, node = np.unique(node.reshape(-1, size), axis=0, return_inverse=True)
        levels.append(_level(children))
    return Diagram(schema, tuple(reversed(levels)), leaves.astype(np.intp))


def _level(children: NDArray[np.intp]) -> _Level:
    """Return the edges from each row of `children` to the nodes it names."""
    nodes, values = children.shape
    target = children.reshape(-1)
    by_target = np.argsort(target, kind="stable")
    return _Level(
        source=np.repeat(np.arange(nodes), values)[by_target],
        value=np.tile(np.arange(values), nodes)[by_target],
        first_of_target=np.searchsorted(target[by_target], np.arange(target.max() + 1)),
    )


def distribution(policy: Ruleset | Diagram, readings: Mapping[str, Mapping[str, float]]) -> Outlook:
    """Return the probability of each priority, given those of each fact's values.

    Exact: all combinations are summed. A value that is left out has probability 0, and where the
    values of a fact sum to less than 1, the rest is reported as `neglected_mass`; it bounds how
    much any priority could gain. `InputFaults` for unknown facts or values, a fact without any
    probability, negative numbers, and sums above 1.
    """
    folded = _folded(policy)
    facts = [_row(folded.schema, name, readings) for name in folded.schema.names]
    _refuse_unknown(folded.schema, readings)
    masses = folded.masses(facts)[0]
    total = float(masses.sum())
    return Outlook(
        probabilities={p: float(masses[p]) / total for p in PRIORITIES},
        neglected_mass=max(0.0, 1.0 - total),
    )


def distributions(policy: Ruleset | Diagram, facts: Mapping[str, Floats]) -> Floats:
    """Return n x 5 probabilities from one n x values array per fact; exact, each row sums to 1.

    Columns follow the values of the schema. `InputFaults` for a missing fact, a wrong shape,
    negative numbers and NaN.
    """
    folded = _folded(policy)
    masses = folded.masses(_arrays(folded.schema, facts))
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


def _folded(policy: Ruleset | Diagram) -> Diagram:
    if isinstance(policy, Diagram):
        return policy
    return diagram(policy.schema, verdict_table(policy))


def _row(schema: FactSchema, name: str, readings: Mapping[str, Mapping[str, float]]) -> Floats:
    given = readings.get(name, {})
    row = np.array([[float(given.get(value, 0.0)) for value in schema[name].values]])
    total = float(row.sum())
    if not (row >= 0).all() or not 0 < total <= 1 + TOLERANCE:
        problem = f"its probabilities sum to {total:g}" if given else "has no probabilities"
        remedy = f"give each of {', '.join(schema[name].values)} one; they sum to 1"
        raise InputFaults(Fault(f'fact "{name}"', problem, remedy))
    return row


def _refuse_unknown(schema: FactSchema, readings: Mapping[str, Mapping[str, float]]) -> None:
    faults = [
        Fault(f'fact "{name}"', "is not in the schema", f"use {', '.join(schema.names)}")
        for name in readings
        if name not in schema
    ]
    faults += [
        Fault(f'fact "{name}"', f'has no value "{value}"', f"use {', '.join(schema[name].values)}")
        for name in readings
        if name in schema
        for value in readings[name]
        if value not in schema[name].values
    ]
    if faults:
        raise InputFaults(*faults)


def _arrays(schema: FactSchema, facts: Mapping[str, Floats]) -> list[Floats]:
    rows = {len(array) for array in facts.values()}
    faults = [
        Fault(f'fact "{name}"', problem, "give an n x values array, one row per ticket")
        for name in schema.names
        if (problem := _array_problem(facts.get(name), len(schema[name].values)))
    ]
    if len(rows) > 1:
        faults.append(Fault("facts", f"differ in length: {sorted(rows)}", "one row per ticket"))
    if faults:
        raise InputFaults(*faults)
    return [np.asarray(facts[name], dtype=np.float64) for name in schema.names]


def _array_problem(array: Floats | None, values: int) -> str:
    if array is None:
        return "is missing"
    if array.ndim != 2 or array.shape[1] != values:
        return f"has shape {array.shape} where {values} columns belong"
    if not (array >= 0).all() or not (array.sum(axis=1) > 0).all():
        return "has a negative number, NaN, or a row without any probability"
    return ""
