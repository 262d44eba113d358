"""The nearest change: which single fact, read differently, would change the suggested priority."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rules import VerdictTable
from tickets import Change, FactSchema, Priority

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def nearest_changes(
    schema: FactSchema, table: VerdictTable, facts: Mapping[str, Floats], suggested: Integers
) -> list[Change | None]:
    """Return for each of n tickets the likeliest change of one fact that changes the outcome.

    All other facts keep their likeliest values. A change counts when the verdict differs from that
    on the likeliest values, and from the priority `suggested` (n,), which may be another already.
    `facts` holds n x values probabilities of each fact. None where no likely change counts.
    """
    names = [(fact.name, value) for fact in schema for value in fact.values]
    read = np.hstack([facts[name] for name in schema.names])
    here, changed = _verdicts(schema, table, facts)
    counts = (changed != here) & (changed != suggested[:, None])
    probabilities = np.where(counts, read, 0.0)
    rows, nearest = np.arange(len(read)), probabilities.argmax(axis=1)
    found = zip(
        [names[at] for at in nearest],
        probabilities[rows, nearest].tolist(),
        changed[rows, nearest].tolist(),
        strict=True,
    )
    return [
        Change(fact, value, probability, Priority(verdict)) if probability > 0 else None
        for (fact, value), probability, verdict in found
    ]


def _verdicts(
    schema: FactSchema, table: VerdictTable, facts: Mapping[str, Floats]
) -> tuple[VerdictTable, VerdictTable]:
    """Return the verdicts on the likeliest values (n, 1), and with each one fact's value changed.

    The second has a column for each value of each fact, in the order of the schema.
    """
    verdicts = table.reshape([len(fact.values) for fact in schema])
    likeliest = [facts[name].argmax(axis=1)[:, None] for name in schema.names]
    changed = []
    for axis, fact in enumerate(schema):
        values = np.arange(len(fact.values))[None, :]
        changed.append(verdicts[(*likeliest[:axis], values, *likeliest[axis + 1 :])])
    return verdicts[tuple(likeliest)], np.hstack(changed)
