"""The language of `when`: negation and simplification keep the meaning."""

from collections.abc import Callable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rules import Ruleset
from rules.combinations import combination, number_of, where_true
from rules.conditions import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    Atom,
    Condition,
    atoms,
    holds,
    negated,
    simplified,
    true_atoms,
)
from tickets import FactSchema

LAMP = Atom("part", frozenset({"lamp"}))
ENGINE = Atom("part", frozenset({"engine"}))
HARMED = Atom("harm", frozenset({"some", "great"}))
FACTS = {"part": "engine", "harm": "some", "live": "yes"}


def test_all_any_and_atoms_hold_as_they_read() -> None:
    assert holds(ENGINE, FACTS)
    assert holds(AllOf((ENGINE, HARMED)), FACTS)
    assert not holds(AllOf((LAMP, HARMED)), FACTS)
    assert holds(AnyOf((LAMP, HARMED)), FACTS)
    assert holds(ALWAYS, FACTS)
    assert not holds(NEVER, FACTS)


def test_the_comparisons_that_make_a_condition_true_are_named(small: Ruleset) -> None:
    assert list(true_atoms(AnyOf((LAMP, HARMED)), FACTS)) == [HARMED]
    assert list(true_atoms(AllOf((LAMP, HARMED)), FACTS)) == []


def test_negation_turns_all_into_any_of_the_opposites(small: Ruleset) -> None:
    assert negated(AllOf((LAMP, HARMED)), small.schema) == AnyOf(
        (ENGINE, Atom("harm", frozenset({"none"})))
    )


def test_simplifying_joins_comparisons_of_one_fact(small: Ruleset) -> None:
    great = Atom("harm", frozenset({"great"}))
    assert simplified(AllOf((HARMED, great)), small.schema) == great
    assert simplified(AnyOf((HARMED, great)), small.schema) == HARMED
    assert simplified(AllOf((LAMP, ENGINE)), small.schema) == NEVER
    assert simplified(AnyOf((LAMP, ENGINE)), small.schema) == ALWAYS


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_negation_and_simplification_mean_what_they_should_everywhere(
    data: st.DataObject,
    any_schema: SearchStrategy[FactSchema],
    any_condition: Callable[[FactSchema], SearchStrategy[Condition]],
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    schema = data.draw(any_schema)
    condition = data.draw(any_condition(schema))
    for facts in every_combination(schema):
        assert holds(negated(condition, schema), facts) != holds(condition, facts)
        assert holds(simplified(condition, schema), facts) == holds(condition, facts)


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_simplified_conditions_have_no_empty_or_needless_parts(
    data: st.DataObject,
    any_schema: SearchStrategy[FactSchema],
    any_condition: Callable[[FactSchema], SearchStrategy[Condition]],
) -> None:
    schema = data.draw(any_schema)
    condition = simplified(data.draw(any_condition(schema)), schema)
    if condition not in (ALWAYS, NEVER):
        for atom in atoms(condition):
            assert 0 < len(atom.values) < len(schema[atom.fact].values)
        assert_no_empty_parts(condition)


def assert_no_empty_parts(condition: Condition) -> None:
    if not isinstance(condition, Atom):
        assert len(condition.parts) > 1
        for part in condition.parts:
            assert_no_empty_parts(part)


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_truth_over_all_combinations_is_truth_of_each(
    data: st.DataObject,
    any_schema: SearchStrategy[FactSchema],
    any_condition: Callable[[FactSchema], SearchStrategy[Condition]],
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    schema = data.draw(any_schema)
    condition = data.draw(any_condition(schema))
    truth = where_true(condition, schema).reshape(-1).tolist()
    assert truth == [holds(condition, facts) for facts in every_combination(schema)]


def test_combinations_are_numbered_with_the_last_fact_fastest(
    small: Ruleset, every_combination: Callable[[FactSchema], Iterator[dict[str, str]]]
) -> None:
    numbered = list(every_combination(small.schema))
    assert numbered[1] == {"part": "engine", "harm": "none", "live": "no"}
    assert [number_of(small.schema, facts) for facts in numbered] == list(range(12))
    assert [combination(small.schema, number) for number in range(12)] == numbered
