"""The language of `when`: facts compared with their values, joined by all, any and not.

`not` never reaches this module: a fact takes exactly one of its values, so the opposite of a
comparison is the comparison with all other values, and the reader of the file negates as it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from tickets import Combination, FactSchema


@dataclass(frozen=True)
class Atom:
    """One comparison: a fact has one of these values."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True)
class AllOf:
    """True where every part is; without parts it is always true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """True where at least one part is; without parts it is never true."""

    parts: tuple[Condition, ...]


Condition = Atom | AllOf | AnyOf

ALWAYS = AllOf(())
NEVER = AnyOf(())


def holds(condition: Condition, facts: Combination) -> bool:
    """Tell whether a condition is true of one combination of facts."""
    if isinstance(condition, Atom):
        return facts[condition.fact] in condition.values
    if isinstance(condition, AllOf):
        return all(holds(part, facts) for part in condition.parts)
    return any(holds(part, facts) for part in condition.parts)


def negated(condition: Condition, schema: FactSchema) -> Condition:
    """Return the condition that is true exactly where this one is not."""
    if isinstance(condition, Atom):
        others = schema[condition.fact].values.keys() - condition.values
        return Atom(condition.fact, frozenset(others))
    parts = tuple(negated(part, schema) for part in condition.parts)
    return AnyOf(parts) if isinstance(condition, AllOf) else AllOf(parts)


def atoms(condition: Condition) -> Iterator[Atom]:
    """Yield every comparison in a condition, as written, repeated ones too."""
    if isinstance(condition, Atom):
        yield condition
    else:
        for part in condition.parts:
            yield from atoms(part)


def true_atoms(condition: Condition, facts: Combination) -> Iterator[Atom]:
    """Yield the comparisons that make a condition true; none when it is not true."""
    if holds(condition, facts):
        if isinstance(condition, Atom):
            yield condition
        else:
            for part in condition.parts:
                yield from true_atoms(part, facts)


def simplified(condition: Condition, schema: FactSchema) -> Condition:
    """Return an equal condition with one comparison per fact and level, and no empty branches."""
    if isinstance(condition, Atom):
        return _simplified_atom(condition, schema)
    is_all = isinstance(condition, AllOf)
    parts = _flattened((simplified(part, schema) for part in condition.parts), type(condition))
    merged = _merged_by_fact(parts, is_all=is_all)
    kept = [_simplified_atom(part, schema) if isinstance(part, Atom) else part for part in merged]
    decisive, neutral = (NEVER, ALWAYS) if is_all else (ALWAYS, NEVER)
    if decisive in kept:
        return decisive
    kept = [part for part in dict.fromkeys(kept) if part != neutral]
    if len(kept) == 1:
        return kept[0]
    return AllOf(tuple(kept)) if is_all else AnyOf(tuple(kept))


def _simplified_atom(atom: Atom, schema: FactSchema) -> Condition:
    if not atom.values:
        return NEVER
    return ALWAYS if atom.values == schema[atom.fact].values.keys() else atom


def _flattened(parts: Iterator[Condition], kind: type) -> Iterator[Condition]:
    """Put the parts of an inner condition of the same kind in its place."""
    for part in parts:
        if isinstance(part, kind) and not isinstance(part, Atom) and part.parts:
            yield from part.parts
        else:
            yield part


def _merged_by_fact(parts: Iterator[Condition], *, is_all: bool) -> list[Condition]:
    """Join comparisons of the same fact: by intersection under `all`, by union under `any`."""
    values: dict[str, list[frozenset[str]]] = {}
    others: list[Condition] = []
    for part in parts:
        if isinstance(part, Atom):
            values.setdefault(part.fact, []).append(part.values)
        else:
            others.append(part)
    join = frozenset.intersection if is_all else frozenset.union
    return [Atom(fact, reduce(join, sets)) for fact, sets in values.items()] + others
