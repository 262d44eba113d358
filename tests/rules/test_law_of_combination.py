"""What follows when several rules fire."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rules import Ruleset, VerdictTable, parse_ruleset, verdict_table
from rules.reference import verdict
from tickets import PRIORITIES, FactSchema, Priority


def test_the_most_urgent_of_what_is_set_decides(small: Ruleset) -> None:
    found = verdict(small, {"part": "engine", "harm": "great", "live": "yes"})
    assert found.priority == Priority.P0
    assert found.fired == ("broken-engine-is-p1", "great-harm-is-p0")
    assert [reason.id for reason in found.reasons] == ["great-harm-is-p0"]


def test_the_strictest_limit_holds_and_is_named_before_what_it_limits(small: Ruleset) -> None:
    found = verdict(small, {"part": "engine", "harm": "great", "live": "no"})
    assert found.priority == Priority.P2
    assert [(reason.id, reason.priority) for reason in found.reasons] == [
        ("idle-is-at-most-p2", Priority.P2),
        ("great-harm-is-p0", Priority.P0),
    ]


def test_a_limit_that_lowers_nothing_is_no_reason(small: Ruleset) -> None:
    found = verdict(small, {"part": "lamp", "harm": "none", "live": "no"})
    assert found.priority == Priority.P3
    assert [reason.id for reason in found.reasons] == ["lamp-is-p3"]


def test_where_nothing_is_set_the_default_holds_and_says_so(small: Ruleset) -> None:
    found = verdict(small, {"part": "engine", "harm": "none", "live": "yes"})
    assert found.priority == Priority.P4
    assert found.is_default
    assert [(reason.kind, reason.because) for reason in found.reasons] == [
        ("default", "No rule speaks of it.")
    ]


def test_a_limit_holds_for_the_default_too(small_policy: str) -> None:
    raised = small_policy.replace("default: {priority: P4", "default: {priority: P1")
    found = verdict(parse_ruleset(raised), {"part": "engine", "harm": "none", "live": "no"})
    assert found.priority == Priority.P2
    assert [reason.id for reason in found.reasons] == ["idle-is-at-most-p2", "default"]


def test_a_guarantee_raises_like_a_set(small_policy: str) -> None:
    guaranteed = small_policy.replace("then: {set: P3}", "then: {at_least: P2}")
    found = verdict(parse_ruleset(guaranteed), {"part": "lamp", "harm": "some", "live": "yes"})
    assert found.priority == Priority.P2


def test_of_deciding_rules_the_narrower_comes_first(shipped: Ruleset) -> None:
    facts = {
        "environment": "unstated",
        "request": "fault",
        "part": "critical",
        "condition": "down",
        "reach": "all",
        "workaround": "none",
        "harm": "severe",
        "cause": "service",
    }
    assert [reason.id for reason in verdict(shipped, facts).reasons] == [
        "dead-component-that-disrupts-work-is-p1",
        "stopped-component-with-severe-harm-is-p1",
        "critical-component-stopped-without-way-around-is-p1",
    ]


@given(order=st.permutations(range(4)))
def test_the_order_of_rules_in_the_file_means_nothing(
    order: list[int], small: Ruleset, small_policy: str
) -> None:
    head, rules_and_tail = small_policy.split("rules:\n")
    body, tail = rules_and_tail.split("default:")
    rules = ["  - id:" + rule for rule in body.split("  - id:")[1:]]
    shuffled = parse_ruleset(
        head + "rules:\n" + "".join(rules[n] for n in order) + "default:" + tail
    )
    assert shuffled.rules == small.rules


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_the_table_says_of_each_combination_what_plain_python_says(
    data: st.DataObject,
    any_ruleset: SearchStrategy[Ruleset],
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    ruleset = data.draw(any_ruleset)
    expected = [verdict(ruleset, facts).priority for facts in every_combination(ruleset.schema)]
    assert verdict_table(ruleset).tolist() == expected


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_a_verdict_is_the_most_urgent_floor_limited_by_the_strictest_cap(
    data: st.DataObject, any_ruleset: SearchStrategy[Ruleset]
) -> None:
    ruleset = data.draw(any_ruleset)
    fired = data.draw(st.sets(st.sampled_from([rule.id for rule in ruleset.rules])))
    effects = [ruleset.rule(rule_id).then for rule_id in fired]
    floors = [effect.set_to for effect in effects if effect.set_to is not None]
    caps = [effect.at_most for effect in effects if effect.at_most is not None]
    expected = max([min(floors, default=Priority.P3), *caps])
    assert ruleset.verdict(fired).priority == expected


@pytest.mark.parametrize("priority", PRIORITIES)
def test_every_verdict_names_a_cause(
    priority: Priority, shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    from rules.combinations import combination

    numbers = (shipped_table == priority).nonzero()[0][::97]
    assert len(numbers) > 0
    for number in numbers.tolist():
        found = verdict(shipped, combination(shipped.schema, number))
        assert found.priority == priority
        assert found.reasons
        assert all(reason.because and reason.clause for reason in found.reasons)
