"""Why a priority, and what would move it."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rules import Engine, Ruleset, load_engine, verdict_table
from rules.explain import explain, nearest_changes
from rules.reference import verdict
from tickets import FactSchema, InputFaults, Priority

ROUTING = {
    "environment": "production",
    "request": "fault",
    "part": "critical",
    "condition": "failing",
    "reach": "many",
    "workaround": "available",
    "harm": "moderate",
    "cause": "service",
}


def test_fired_rules_come_with_the_facts_that_made_them_true_the_deciders_first(
    shipped_engine: Engine,
) -> None:
    fired = explain(shipped_engine, ROUTING).fired
    assert [(f.rule.id, f.is_decisive) for f in fired] == [
        ("failures-for-many-are-p2", True),
        ("failures-that-disrupt-many-are-p2", True),
        ("reproducible-defect-is-p3", False),
    ]
    assert fired[0].facts == {"part": "critical", "condition": "failing", "reach": "many"}
    assert fired[0].rule.clause.startswith("Component of production environment exhibits")


def test_the_nearest_changes_upwards_are_single_facts_here(shipped_engine: Engine) -> None:
    higher = explain(shipped_engine, ROUTING).higher
    assert [(dict(change.facts), str(change.priority)) for change in higher] == [
        ({"workaround": ("none", "costly")}, "P1"),
    ]


def test_the_nearest_changes_downwards_name_every_value_that_would_do(
    shipped_engine: Engine,
) -> None:
    lower = explain(shipped_engine, ROUTING).lower
    assert {
        (str(change.priority), fact, values)
        for change in lower
        for fact, values in change.facts.items()
    } >= {
        ("P4", "request", ("question", "change")),
        ("P3", "environment", ("non_production",)),
    }


def test_rules_that_nearly_fired_say_what_they_lack(shipped_engine: Engine) -> None:
    misses = explain(shipped_engine, ROUTING).near_misses
    nearest = misses[0]
    assert nearest.rule.id == "critical-component-stopped-without-way-around-is-p1"
    assert [(atom.fact, sorted(atom.values)) for atom in nearest.missing] == [
        ("workaround", ["costly", "none"])
    ]


def test_where_no_fact_alone_would_do_the_fewest_together_are_named(shipped_engine: Engine) -> None:
    typo = ROUTING | {"part": "feature", "condition": "cosmetic", "reach": "one", "harm": "none"}
    question = typo | {"request": "question", "condition": "none"}
    for change in explain(shipped_engine, question).higher:
        assert len(change.facts) == 2
    assert explain(shipped_engine, question).lower == ()


def test_a_default_is_explained_as_such(small: Ruleset) -> None:
    with load_engine(small) as engine:
        found = explain(engine, {"part": "engine", "harm": "none", "live": "yes"})
    assert found.verdict.is_default
    assert found.fired == ()


def test_facts_that_are_none_are_refused(shipped_engine: Engine) -> None:
    with pytest.raises(InputFaults):
        explain(shipped_engine, ROUTING | {"harm": "awful"})


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_each_nearest_change_moves_the_priority_and_no_smaller_one_does(
    data: st.DataObject,
    any_ruleset: SearchStrategy[Ruleset],
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    ruleset = data.draw(any_ruleset)
    combinations = list(every_combination(ruleset.schema))
    facts = data.draw(st.sampled_from(combinations))
    current = verdict(ruleset, facts).priority
    table = verdict_table(ruleset)
    for changes, is_wanted in zip(
        nearest_changes(ruleset.schema, table, facts),
        (current.__gt__, current.__lt__),
        strict=True,
    ):
        distances = [
            sum(facts[name] != other[name] for name in facts)
            for other in combinations
            if is_wanted(verdict(ruleset, other).priority)
        ]
        assert {len(change.facts) for change in changes} == (
            {min(distances)} if distances else set()
        )
        for change in changes:
            moved = facts | {name: values[0] for name, values in change.facts.items()}
            assert verdict(ruleset, moved).priority == change.priority
            assert is_wanted(change.priority)


def test_the_most_urgent_has_nothing_above(shipped_engine: Engine) -> None:
    outage = ROUTING | {"part": "voice", "condition": "down", "reach": "all"}
    explanation = explain(shipped_engine, outage)
    assert explanation.verdict.priority == Priority.P0
    assert explanation.higher == ()
    assert explanation.near_misses == ()
