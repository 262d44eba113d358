"""Why a combination of facts has its priority, and what would move it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rules.combinations import shape
from rules.conditions import AllOf, Atom, Condition, holds, true_atoms
from rules.engine import Engine
from rules.rows import Row, minimal_rows
from rules.ruleset import Rule, Verdict
from rules.table import VerdictTable, verdict_table
from tickets import PRIORITIES, Combination, FactSchema, Priority

MOST_NEAR_MISSES = 3
"""More rules that nearly fired would bury the nearest."""


@dataclass(frozen=True)
class FiredRule:
    """A rule that fired, the facts that made it true, and whether it decided."""

    rule: Rule
    facts: Combination
    is_decisive: bool


@dataclass(frozen=True)
class NearMiss:
    """A rule for a more urgent priority that did not fire, and what it would have needed."""

    rule: Rule
    missing: tuple[Atom, ...]


@dataclass(frozen=True)
class Change:
    """Other values of some facts that would move the priority; any of the listed values does."""

    facts: Row
    priority: Priority


@dataclass(frozen=True)
class Explanation:
    """Everything the rules have to say of one combination of facts."""

    facts: Combination
    verdict: Verdict
    fired: tuple[FiredRule, ...]
    """The deciding rules first."""
    near_misses: tuple[NearMiss, ...]
    higher: tuple[Change, ...]
    """The nearest changes that would make it more urgent."""
    lower: tuple[Change, ...]
    """The nearest changes that would make it less urgent."""


def explain(engine: Engine, facts: Combination) -> Explanation:
    """Explain the verdict on one combination; `InputFaults` where it is none."""
    verdict = engine.verdict(facts)
    ruleset = engine.ruleset
    higher, lower = nearest_changes(ruleset.schema, verdict_table(ruleset), facts)
    return Explanation(
        facts=facts,
        verdict=verdict,
        fired=tuple(_fired(engine, verdict, facts)),
        near_misses=tuple(_near_misses(engine, verdict, facts)),
        higher=higher,
        lower=lower,
    )


def nearest_changes(
    schema: FactSchema, table: VerdictTable, facts: Combination
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return the changes of fewest facts that raise the priority, and those that lower it."""
    verdicts = np.asarray(table).reshape(shape(schema))
    here = tuple(list(fact.values).index(facts[fact.name]) for fact in schema)
    current = int(verdicts[here])
    higher = _nearest(schema, verdicts, here, [p for p in PRIORITIES if p < current])
    lower = _nearest(schema, verdicts, here, [p for p in PRIORITIES if p > current])
    return higher, lower


def _nearest(
    schema: FactSchema, verdicts: VerdictTable, here: tuple[int, ...], wanted: list[Priority]
) -> tuple[Change, ...]:
    axes = range(len(here))
    for number in range(1, len(here) + 1):
        found = [
            change
            for changed in combinations(axes, number)
            for change in _changes(schema, verdicts, here, changed, wanted)
        ]
        if found:
            return tuple(sorted(found, key=lambda change: change.priority))
    return ()


def _changes(
    schema: FactSchema,
    verdicts: VerdictTable,
    here: tuple[int, ...],
    changed: tuple[int, ...],
    wanted: list[Priority],
) -> Iterator[Change]:
    """Yield the changes of exactly these facts."""
    reachable = verdicts[
        tuple(slice(None) if axis in changed else code for axis, code in enumerate(here))
    ]
    part = FactSchema(tuple(schema.facts[axis] for axis in changed))
    for priority in wanted:
        for row in minimal_rows(reachable == priority, part):
            yield Change(row, priority)


def _fired(engine: Engine, verdict: Verdict, facts: Combination) -> Iterator[FiredRule]:
    deciding = [reason.id for reason in verdict.reasons if reason.kind == "rule"]
    for rule_id in deciding + [fired for fired in verdict.fired if fired not in deciding]:
        rule = engine.ruleset.rule(rule_id)
        made_true = {atom.fact for atom in true_atoms(rule.when, facts)}
        relevant = {name: facts[name] for name in engine.ruleset.schema.names if name in made_true}
        yield FiredRule(rule, relevant, rule_id in deciding)


def _near_misses(engine: Engine, verdict: Verdict, facts: Combination) -> list[NearMiss]:
    misses = [
        NearMiss(rule, _missing(rule.when, facts))
        for rule in engine.ruleset.rules
        if rule.then.floor is not None
        and rule.then.floor < verdict.priority
        and rule.id not in verdict.fired
    ]
    nearest_first = sorted(misses, key=lambda miss: (len(miss.missing), miss.rule.then.priority))
    return nearest_first[:MOST_NEAR_MISSES]


def _missing(condition: Condition, facts: Combination) -> tuple[Atom, ...]:
    """Return the fewest comparisons that would have to become true."""
    if holds(condition, facts):
        return ()
    if isinstance(condition, Atom):
        return (condition,)
    parts = [_missing(part, facts) for part in condition.parts]
    if isinstance(condition, AllOf):
        return tuple(dict.fromkeys(atom for part in parts for atom in part))
    return min(parts, key=len, default=())
