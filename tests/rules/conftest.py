"""The shipped policy, small policies to try things on, and random ones for laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from rules import Engine, Ruleset, VerdictTable, load_engine, load_ruleset, parse_ruleset
from rules import verdict_table as table_of
from rules.conditions import AllOf, AnyOf, Atom, Condition
from rules.ruleset import Default, Effect, Rule
from tickets import PRIORITIES, Fact, FactSchema, Priority

SMALL_POLICY = """\
definitions: {P0: All is lost., P1: Much is lost., P2: Some is lost., P3: A bit is lost., P4: Nought.}
facts:
  part:
    meaning: What is affected?
    values: {engine: The engine., lamp: A lamp.}
  harm:
    meaning: How bad is it?
    values: {none: Not at all., some: A little., great: Very much.}
    order: [none, some, great]
  live:
    meaning: Is it in use?
    values: {"yes": It is., "no": It is not.}
derived:
  broken_engine:
    meaning: The engine, harmed.
    when: {part: engine, harm: {at_least: some}}
rules:
  - id: broken-engine-is-p1
    when: {broken_engine: true}
    then: {set: P1}
    because: The engine is broken.
    clause: Much is lost.
    owner: workshop
  - id: great-harm-is-p0
    when: {part: engine, harm: great}
    then: {set: P0}
    because: The engine is lost.
    clause: All is lost.
    owner: workshop
  - id: lamp-is-p3
    when: {part: lamp}
    then: {set: P3}
    because: It is a lamp.
    clause: A bit is lost.
    owner: workshop
  - id: idle-is-at-most-p2
    when: {live: "no"}
    then: {at_most: P2}
    because: Nobody uses it.
    clause: Some is lost.
    owner: workshop
default: {priority: P4, because: No rule speaks of it.}
costs:
  P0: {P0: 0, P1: 1, P2: 4, P3: 9, P4: 16}
  P1: {P0: 1, P1: 0, P2: 1, P3: 4, P4: 9}
  P2: {P0: 4, P1: 1, P2: 0, P3: 1, P4: 4}
  P3: {P0: 9, P1: 4, P2: 1, P3: 0, P4: 1}
  P4: {P0: 16, P1: 9, P2: 4, P3: 1, P4: 0}
"""


@pytest.fixture(scope="session")
def small_policy() -> str:
    """The text of a policy of twelve combinations."""
    return SMALL_POLICY


@pytest.fixture(scope="session")
def small(small_policy: str) -> Ruleset:
    """A policy of twelve combinations."""
    return parse_ruleset(small_policy, name="small.yaml")


@pytest.fixture(scope="session")
def shipped() -> Ruleset:
    """The policy as shipped."""
    return load_ruleset()


@pytest.fixture(scope="session")
def shipped_engine(shipped: Ruleset) -> Iterator[Engine]:
    """An engine for the shipped policy."""
    with load_engine(shipped) as engine:
        yield engine


@pytest.fixture(scope="session")
def durable_rules() -> None:
    """Skips a test where durable-rules is missing: Python 3.13, or no C compiler at installation."""
    reason = "durable-rules is not installed (it needs Python 3.11 or 3.12 and a C compiler)"
    pytest.importorskip("durable_rules_engine", reason=reason, exc_type=ImportError)


@pytest.fixture(scope="session")
def shipped_table(shipped: Ruleset) -> VerdictTable:
    """The verdict of the shipped policy on every combination."""
    return table_of(shipped)


@pytest.fixture(scope="session")
def every_combination() -> Callable[[FactSchema], Iterator[dict[str, str]]]:
    """A function that yields all combinations of a schema, the last fact changing fastest."""

    def combinations(schema: FactSchema) -> Iterator[dict[str, str]]:
        for values in product(*(fact.values for fact in schema)):
            yield dict(zip(schema.names, values, strict=True))

    return combinations


@pytest.fixture(scope="session")
def policy_of() -> Callable[..., Ruleset]:
    """A function that makes a ruleset of a schema and rules, with a default of P3."""
    return _policy


def _policy(schema: FactSchema, *rules: Rule) -> Ruleset:
    return Ruleset(
        schema=schema,
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        default=Default(Priority.P3, "No rule speaks of it."),
        costs={p: {q: float((p - q) ** 2) for q in PRIORITIES} for p in PRIORITIES},
        definitions=dict.fromkeys(PRIORITIES, "A definition."),
    )


@pytest.fixture(scope="session")
def rule_of() -> Callable[..., Rule]:
    """A function that makes a rule of an id, a condition and its effects."""

    def rule(
        rule_id: str,
        when: Condition,
        set_to: Priority | None = None,
        at_least: Priority | None = None,
        at_most: Priority | None = None,
    ) -> Rule:
        return Rule(
            rule_id, when, Effect(set_to, at_least, at_most), "So it is.", "A definition.", "us"
        )

    return rule


@pytest.fixture(scope="session")
def any_schema() -> SearchStrategy[FactSchema]:
    """Schemas of two to four facts with two to four values each."""
    return st.lists(st.integers(2, 4), min_size=2, max_size=4).map(_schema)


def _schema(sizes: list[int]) -> FactSchema:
    return FactSchema(
        tuple(
            Fact(f"f{n}", "A fact?", {f"v{v}": "A value." for v in range(size)})
            for n, size in enumerate(sizes)
        )
    )


@pytest.fixture(scope="session")
def any_ruleset(any_schema: SearchStrategy[FactSchema]) -> SearchStrategy[Ruleset]:
    """Rulesets of up to twelve rules with nested conditions and any effects."""

    @st.composite
    def rulesets(draw: DrawFn) -> Ruleset:
        schema = draw(any_schema)
        conditions = draw(st.lists(_conditions(schema), min_size=1, max_size=12))
        rules = [
            Rule(f"r{n}", when, draw(_effects()), "So it is.", "A definition.", "us")
            for n, when in enumerate(conditions)
        ]
        return _policy(schema, *rules)

    return rulesets()


def _effects() -> SearchStrategy[Effect]:
    priority = st.sampled_from(PRIORITIES)
    return st.one_of(
        priority.map(lambda p: Effect(set_to=p)),
        priority.map(lambda p: Effect(at_most=p)),
        st.tuples(priority, priority).map(lambda two: Effect(set_to=max(two), at_most=min(two))),
    )


def _conditions(schema: FactSchema) -> SearchStrategy[Condition]:
    def values(fact: Fact) -> SearchStrategy[Condition]:
        some = st.frozensets(st.sampled_from(list(fact.values)), max_size=len(fact.values))
        return some.map(lambda chosen: Atom(fact.name, chosen))

    atom = st.sampled_from(schema.facts).flatmap(values)
    return st.recursive(
        atom,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        ),
        max_leaves=8,
    )


@pytest.fixture(scope="session")
def any_condition() -> Callable[[FactSchema], SearchStrategy[Condition]]:
    """A function that returns a strategy of conditions over a schema."""
    return _conditions
