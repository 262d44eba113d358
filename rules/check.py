"""The exhaustive check: every combination of facts is enumerated, so nothing is missed by luck.

Contradictions never come this far: a file with one is refused when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rules.combinations import Mask, combination, first_example, shape, where_true
from rules.conditions import atoms
from rules.rows import Row, minimal_rows
from rules.ruleset import Rule, Ruleset
from rules.table import UNRAISED, decided_by_default
from tickets import PRIORITIES, Combination, Fact, Fault, Priority


class Kind(StrEnum):
    """What a finding is about."""

    UNREACHABLE = "unreachable"
    """No combination of facts makes the rule fire."""
    SHADOWED = "shadowed"
    """Wherever the rule fires, others decide."""
    REDUNDANT = "redundant"
    """Without the rule every verdict would be the same."""
    MONOTONICITY = "monotonicity"
    """A worse value of an ordered fact lowers the priority."""
    UNUSED = "unused"
    """No rule asks for the fact."""
    UNQUOTED = "unquoted"
    """No rule stands for these words of the definitions."""


@dataclass(frozen=True)
class Finding:
    """A weakness of the policy, with a combination that shows it."""

    kind: Kind
    fault: Fault
    example: Combination = field(default_factory=dict)


@dataclass(frozen=True)
class CheckReport:
    """What the check of every combination found."""

    combinations: int
    by_priority: tuple[int, ...]
    """How many combinations get P0, P1, …"""
    findings: tuple[Finding, ...]
    defaulted: int
    """How many combinations no rule sets or guarantees a priority for."""
    default_rows: tuple[Row, ...]
    """These combinations, in few rows."""


def check(ruleset: Ruleset) -> CheckReport:
    """Check a ruleset over every combination of its facts."""
    floors = _Stack(ruleset, lambda rule: rule.then.floor, unset=UNRAISED, join=np.minimum)
    caps = _Stack(ruleset, lambda rule: rule.then.at_most, unset=0, join=np.maximum)
    table = _combined(ruleset, floors.whole, caps.whole)
    defaulted = decided_by_default(ruleset)
    findings = [
        *_idle_rules(ruleset, floors, caps, table),
        *_monotonicity_faults(ruleset, table),
        *_unused_facts(ruleset),
        *_unquoted_words(ruleset),
    ]
    return CheckReport(
        combinations=ruleset.schema.size,
        by_priority=tuple(int((table == p).sum()) for p in PRIORITIES),
        findings=tuple(findings),
        defaulted=int(defaulted.sum()),
        default_rows=tuple(minimal_rows(defaulted, ruleset.schema)),
    )


Table = NDArray[np.int8]


class _Stack:
    """One kind of effect of all rules, joined with and without each of them.

    Joins of all rules before and of all rules after each one make leaving one out cheap.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        priority_of: Callable[[Rule], Priority | None],
        *,
        unset: int,
        join: np.ufunc,
    ) -> None:
        schema = ruleset.schema
        layers = {
            rule.id: np.where(where_true(rule.when, schema), int(priority), unset).astype(np.int8)
            for rule in ruleset.rules
            if (priority := priority_of(rule)) is not None
        }
        nothing = np.full(shape(schema), unset, dtype=np.int8)
        self._join = join
        self._places = {rule_id: place for place, rule_id in enumerate(layers)}
        self._before = list(_running(list(layers.values()), nothing, join))
        self._after = list(_running(list(layers.values())[::-1], nothing, join))[::-1]
        self.whole: Table = self._before[-1]

    def without(self, rule: Rule) -> Table:
        """Return the joined effect of all other rules."""
        place = self._places.get(rule.id)
        if place is None:
            return self.whole
        joined: Table = self._join(self._before[place], self._after[place + 1])
        return joined


def _running(layers: Sequence[Table], nothing: Table, join: np.ufunc) -> Iterator[Table]:
    yield nothing
    for layer in layers:
        nothing = join(nothing, layer)
        yield nothing


def _combined(ruleset: Ruleset, floors: Table, caps: Table) -> Table:
    raised = np.where(floors == UNRAISED, int(ruleset.default.priority), floors)
    return np.maximum(raised, caps).astype(np.int8)


def _idle_rules(ruleset: Ruleset, floors: _Stack, caps: _Stack, table: Table) -> Iterator[Finding]:
    for rule in ruleset.rules:
        fires = where_true(rule.when, ruleset.schema)
        if not fires.any():
            problem = f'rule "{rule.id}" can never fire'
            yield _about(ruleset, rule, Kind.UNREACHABLE, problem, "correct `when`, or remove it")
            continue
        other_floors, other_caps = floors.without(rule), caps.without(rule)
        is_same = (_combined(ruleset, other_floors, other_caps) == table).all()
        leaves_no_gap = not ((other_floors == UNRAISED) & (floors.whole != UNRAISED)).any()
        if is_same and leaves_no_gap:
            yield _superfluous(ruleset, rule, fires, table)


def _superfluous(ruleset: Ruleset, rule: Rule, fires: Mask, table: Table) -> Finding:
    """Tell a rule that never decides from one that only repeats what others say."""
    wanted = rule.then.priority
    example = first_example(ruleset.schema, fires)
    if (table[fires] == int(wanted)).any():
        example = first_example(ruleset.schema, fires & (table == int(wanted)))
        problem = f'rule "{rule.id}" changes no verdict: others always say the same'
        return _about(ruleset, rule, Kind.REDUNDANT, problem, "remove it", example)
    problem = f'rule "{rule.id}" never decides: others are more urgent or stricter where it fires'
    return _about(ruleset, rule, Kind.SHADOWED, problem, "narrow the others, or remove it", example)


def _about(
    ruleset: Ruleset,
    rule: Rule,
    kind: Kind,
    problem: str,
    remedy: str,
    example: Combination | None = None,
) -> Finding:
    return Finding(kind, Fault(f"{ruleset.name}:{rule.line}", problem, remedy), example or {})


def _monotonicity_faults(ruleset: Ruleset, table: Table) -> Iterator[Finding]:
    for axis, fact in enumerate(ruleset.schema):
        ranks = [list(fact.values).index(value) for value in fact.order]
        for milder, worse in pairwise(ranks):
            lowered = np.take(table, [worse], axis) > np.take(table, [milder], axis)
            if lowered.any():
                yield _lowered(ruleset, fact, axis, (milder, worse), lowered, table)


def _lowered(
    ruleset: Ruleset,
    fact: Fact,
    axis: int,
    step: tuple[int, int],
    lowered: Mask,
    table: Table,
) -> Finding:
    at = list(np.unravel_index(int(np.argmax(lowered)), lowered.shape))
    values, priorities = [], []
    for code in step:
        at[axis] = np.intp(code)
        values.append(list(fact.values)[code])
        priorities.append(f"P{table[tuple(at)]}")
    example = combination(ruleset.schema, int(np.ravel_multi_index(at, table.shape)))
    problem = (
        f'"{fact.name}" from {values[0]} to {values[1]} is worse, but lowers {priorities[0]} to '
        f"{priorities[1]} in {int(lowered.sum()):,} combinations"
    )
    place = f"{ruleset.name}: {fact.name}"
    return Finding(
        Kind.MONOTONICITY, Fault(place, problem, "widen or narrow a rule on it"), example
    )


def _unused_facts(ruleset: Ruleset) -> Iterator[Finding]:
    used = {atom.fact for rule in ruleset.rules for atom in atoms(rule.when)}
    for fact in ruleset.schema:
        if fact.name not in used:
            fault = Fault(
                f"{ruleset.name}: {fact.name}", f'no rule asks for "{fact.name}"', "remove the fact"
            )
            yield Finding(Kind.UNUSED, fault)


def _unquoted_words(ruleset: Ruleset) -> Iterator[Finding]:
    for priority, text in ruleset.definitions.items():
        quoted = np.zeros(len(text), dtype=bool)
        for rule in ruleset.rules:
            for found in re.finditer(re.escape(rule.clause), text):
                quoted[found.start() : found.end()] = True
        left = "".join(char if not done else "\n" for char, done in zip(text, quoted, strict=True))
        for words in filter(str.strip, re.split(r"\n+", left)):
            if re.search(r"\w", words):
                problem = f'no rule stands for "{words.strip()}" in the definition of {priority}'
                fault = Fault(ruleset.name, problem, "quote it as the clause of a rule")
                yield Finding(Kind.UNQUOTED, fault)
