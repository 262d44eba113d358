"""The shipped policy: the five definitions and how they are read where they are silent."""

import numpy as np
import pytest

from rules import Engine, Ruleset, VerdictTable
from rules.cases import load_cases, run_cases
from rules.check import check
from rules.combinations import shape
from rules.reference import verdict
from rules.table import decided_by_default
from tickets import PRIORITIES, Priority

FAULT = {
    "environment": "production",
    "request": "fault",
    "part": "critical",
    "condition": "failing",
    "reach": "many",
    "workaround": "none",
    "harm": "moderate",
    "cause": "service",
}


def priority(ruleset: Ruleset, **facts: str) -> str:
    return str(verdict(ruleset, FAULT | facts).priority)


def test_the_schema_is_the_settled_one(shipped: Ruleset) -> None:
    assert {fact.name: tuple(fact.values) for fact in shipped.schema} == {
        "environment": ("production", "non_production", "unstated"),
        "request": ("fault", "past_fault", "question", "change"),
        "part": ("platform", "voice", "chat", "critical", "feature", "none"),
        "condition": ("down", "failing", "degraded", "intermittent", "cosmetic", "none"),
        "reach": ("all", "many", "few", "one", "unstated"),
        "workaround": ("none", "costly", "available", "unstated"),
        "harm": ("severe", "moderate", "minor", "none"),
        "cause": ("service", "elsewhere"),
    }
    assert shipped.schema.size == 69_120


def test_worse_is_ordered_with_unstated_between(shipped: Ruleset) -> None:
    assert {fact.name: fact.order for fact in shipped.schema if fact.order} == {
        "condition": ("none", "cosmetic", "intermittent", "degraded", "failing", "down"),
        "reach": ("one", "few", "unstated", "many", "all"),
        "workaround": ("available", "unstated", "costly", "none"),
        "harm": ("none", "minor", "moderate", "severe"),
    }


def test_the_definitions_are_quoted_word_for_word(shipped: Ruleset) -> None:
    assert shipped.definitions[Priority.P0] == (
        "Production system is down, the phone, chat or voice part of the Service is "
        "non-operational for Customer."
    )
    assert shipped.definitions[Priority.P4] == (
        "The product exhibits a minor or intermittent issue that is not business impacting. "
        "Product how-to or configuration/settings question"
    )


def test_the_exhaustive_check_finds_nothing(shipped: Ruleset) -> None:
    report = check(shipped)
    assert report.findings == ()
    assert report.combinations == 69_120


def test_no_combination_is_left_to_the_default(shipped: Ruleset) -> None:
    assert int(decided_by_default(shipped).sum()) == 0


@pytest.mark.parametrize("fact", ["condition", "reach", "workaround", "harm"])
def test_a_worse_value_never_lowers_the_priority(
    fact: str, shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    axis = shipped.schema.names.index(fact)
    values = list(shipped.schema[fact].values)
    worse = [values.index(value) for value in shipped.schema[fact].order]
    in_order = np.take(shipped_table.reshape(shape(shipped.schema)), worse, axis)
    assert (np.diff(in_order, axis=axis) <= 0).all()


def test_an_unstated_environment_counts_as_production(
    shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    by_environment = shipped_table.reshape(shape(shipped.schema))
    assert (by_environment[0] == by_environment[2]).all()


def test_a_larger_part_never_lowers_the_priority(
    shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    axis = shipped.schema.names.index("part")
    values = list(shipped.schema["part"].values)
    smaller_first = [values.index(v) for v in ("none", "feature", "critical", "chat")]
    in_order = np.take(shipped_table.reshape(shape(shipped.schema)), smaller_first, axis)
    assert (np.diff(in_order, axis=axis) <= 0).all()


@pytest.mark.parametrize("part", ["platform", "voice", "chat"])
@pytest.mark.parametrize("workaround", ["none", "costly", "available", "unstated"])
def test_a_channel_that_is_down_is_p0_whatever_the_workaround(
    part: str, workaround: str, shipped: Ruleset
) -> None:
    facts = {"part": part, "condition": "down", "reach": "all", "workaround": workaround}
    assert priority(shipped, **facts) == "P0"


def test_another_channel_down_as_a_whole_is_critical_and_p1(shipped: Ruleset) -> None:
    assert priority(shipped, part="critical", condition="down", reach="all") == "P1"


def test_a_critical_component_that_always_fails_is_p1_without_and_p2_with_a_way_around(
    shipped: Ruleset,
) -> None:
    assert priority(shipped, workaround="none") == "P1"
    assert priority(shipped, workaround="costly") == "P1"
    assert priority(shipped, workaround="available") == "P2"


def test_failures_for_many_are_p2_even_where_no_way_around_is_named(shipped: Ruleset) -> None:
    assert priority(shipped, condition="degraded", workaround="unstated") == "P2"


def test_a_reproducible_defect_is_p3_even_if_nobody_suffers_much(shipped: Ruleset) -> None:
    assert priority(shipped, part="feature", reach="one", harm="none") == "P3"


@pytest.mark.parametrize("condition", ["cosmetic", "intermittent"])
def test_cosmetic_and_sporadic_trifles_are_p4(condition: str, shipped: Ruleset) -> None:
    assert priority(shipped, part="feature", condition=condition, harm="none") == "P4"


@pytest.mark.parametrize("request_kind", ["question", "change"])
def test_questions_and_changes_are_p4_however_alarming_their_facts(
    request_kind: str, shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    axis = shipped.schema.names.index("request")
    code = list(shipped.schema["request"].values).index(request_kind)
    assert (np.take(shipped_table.reshape(shape(shipped.schema)), code, axis) == 4).all()


def test_a_past_fault_is_p4_and_p3_while_something_is_left_to_put_right(shipped: Ruleset) -> None:
    past = {"request": "past_fault", "condition": "none"}
    assert priority(shipped, **past, harm="none") == "P4"
    assert priority(shipped, **past, harm="minor") == "P3"
    assert priority(shipped, **past, harm="severe") == "P3"


def test_what_is_not_live_is_p3_when_it_blocks_work_and_p4_otherwise(shipped: Ruleset) -> None:
    sandbox = {"environment": "non_production", "part": "voice", "condition": "down"}
    assert priority(shipped, **sandbox, harm="moderate") == "P3"
    assert priority(shipped, **sandbox, harm="none") == "P4"


def test_a_cause_outside_the_service_is_at_most_p2_by_what_it_does(shipped: Ruleset) -> None:
    outage = {"cause": "elsewhere", "part": "voice", "condition": "down", "reach": "all"}
    assert priority(shipped, **outage, harm="severe") == "P2"
    assert priority(shipped, **outage, harm="none") == "P3"


def test_severe_harm_is_at_least_p2_whatever_its_reach(shipped: Ruleset) -> None:
    assert priority(shipped, part="feature", reach="one", harm="severe") == "P2"


def test_of_several_problems_the_most_urgent_counts(shipped_engine: Engine) -> None:
    typo = FAULT | {"part": "feature", "condition": "cosmetic", "harm": "none"}
    outage = FAULT | {"part": "voice", "condition": "down", "reach": "all"}
    assert shipped_engine.verdict_of_problems([typo, outage]).priority == Priority.P0


def test_the_costs_are_distances_with_under_triage_weighed_heavier(
    shipped: Ruleset,
) -> None:
    def cost(truth: Priority, suggested: Priority) -> float:
        distance = float(abs(truth - suggested))
        if suggested <= truth:
            return distance
        if truth != Priority.P0:
            return 2 * distance
        return 3.0 if suggested == Priority.P1 else 4 * distance

    for truth in PRIORITIES:
        for suggested in PRIORITIES:
            assert shipped.costs[truth][suggested] == cost(truth, suggested)


def test_every_worked_case_comes_out_and_every_rule_decides_one(
    shipped: Ruleset, shipped_engine: Engine
) -> None:
    report = run_cases(shipped_engine, load_cases(shipped))
    assert [str(failed) for failed in report.failed] == []
    assert report.cases >= 50
    assert report.coverage.percent == 100
