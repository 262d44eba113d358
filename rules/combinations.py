"""Every combination of fact values, numbered: the last fact of the schema changes fastest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.conditions import AllOf, Atom, Condition
from tickets import Combination, FactSchema

Mask = NDArray[np.bool_]
"""True or false for each combination: one axis per fact, in the order of the schema."""


def shape(schema: FactSchema) -> tuple[int, ...]:
    """Return how many values each fact has."""
    return tuple(len(fact.values) for fact in schema)


def number_of(schema: FactSchema, facts: Combination) -> int:
    """Return the number of a combination; `KeyError` for an unknown fact value."""
    codes = (_codes(fact.values)[facts[fact.name]] for fact in schema)
    return reduce(
        lambda number, place: number * place[0] + place[1],
        zip(shape(schema), codes, strict=True),
        0,
    )


def combination(schema: FactSchema, number: int) -> dict[str, str]:
    """Return the combination with this number."""
    codes = np.unravel_index(number, shape(schema))
    return {
        fact.name: list(fact.values)[int(code)] for fact, code in zip(schema, codes, strict=True)
    }


def in_words(facts: Combination) -> str:
    """Return a combination as one line of text."""
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def first_example(schema: FactSchema, mask: Mask) -> dict[str, str]:
    """Return the first combination of a mask that is true somewhere."""
    return combination(schema, int(np.argmax(mask)))


def where_true(condition: Condition, schema: FactSchema) -> Mask:
    """Return for every combination whether the condition holds."""
    return np.broadcast_to(_truth(condition, schema), shape(schema))


def _truth(condition: Condition, schema: FactSchema) -> NDArray[Any]:
    """Return the truth with axes of length 1 for facts that the condition does not name."""
    if isinstance(condition, Atom):
        return _along_its_axis(condition, schema)
    is_all = isinstance(condition, AllOf)
    join = np.logical_and if is_all else np.logical_or
    parts = (_truth(part, schema) for part in condition.parts)
    return reduce(join, parts, np.full((1,) * len(schema.facts), is_all))


def _along_its_axis(atom: Atom, schema: FactSchema) -> NDArray[Any]:
    axis = schema.names.index(atom.fact)
    truth = np.array([value in atom.values for value in schema[atom.fact].values])
    return truth.reshape([-1 if here == axis else 1 for here in range(len(schema.facts))])


def _codes(values: Mapping[str, str]) -> dict[str, int]:
    return {value: code for code, value in enumerate(values)}
