"""Reading a policy file: what it may say, and how every fault of it is told."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from rules import Ruleset, load_ruleset, parse_ruleset, verdict_table
from rules.reference import fired_rules
from rules.rulefile import FILE_SCHEMA
from tickets import InputFaults, Priority


def faults_of(text: str) -> list[str]:
    with pytest.raises(InputFaults) as caught:
        parse_ruleset(text, name="small.yaml")
    return [str(fault) for fault in caught.value.faults]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_the_file_schema_for_editors_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(json.loads(FILE_SCHEMA.read_text(encoding="utf-8")))


def test_a_policy_is_read_with_its_facts_rules_and_costs(small: Ruleset) -> None:
    assert small.schema.names == ("part", "harm", "live")
    assert small.schema["harm"].order == ("none", "some", "great")
    assert [rule.id for rule in small.rules] == [
        "broken-engine-is-p1",
        "great-harm-is-p0",
        "idle-is-at-most-p2",
        "lamp-is-p3",
    ]
    assert small.rule("great-harm-is-p0").then.set_to == Priority.P0
    assert small.rule("great-harm-is-p0").owner == "workshop"
    assert small.costs[Priority.P0][Priority.P4] == 16
    assert small.default.priority == Priority.P4


def test_the_version_changes_with_the_text(small: Ruleset, small_policy: str) -> None:
    assert re.fullmatch("[0-9a-f]{12}", small.version)
    assert parse_ruleset(small_policy + "# more\n").version != small.version


def test_an_unknown_fact_is_told_with_its_line_and_the_nearest_name(small_policy: str) -> None:
    text = small_policy.replace("when: {part: lamp}", "when: {prat: lamp}")
    assert faults_of(text) == [
        f'small.yaml:{line_of(text, "prat")}: rule "lamp-is-p3": unknown fact "prat"'
        ' (did you mean "part"?)'
    ]


def test_an_unknown_value_is_told_with_its_line_and_the_nearest_value(small_policy: str) -> None:
    text = small_policy.replace("harm: great}", "harm: graet}")
    assert faults_of(text) == [
        f'small.yaml:{line_of(text, "graet")}: rule "great-harm-is-p0": "harm" has no value '
        '"graet" (did you mean "great"?)'
    ]


def test_all_faults_are_told_at_once_in_order_of_lines(small_policy: str) -> None:
    text = (
        small_policy.replace("when: {part: lamp}", "when: {prat: lamp}")
        .replace("then: {set: P0}", "then: {set: P9}")
        .replace("clause: Much is lost.", "clause: Much was lost.")
        .replace("owner: workshop", "ownr: workshop", 1)
    )
    problems = [fault.split(": ", 1)[1] for fault in faults_of(text)]
    assert problems == [
        'rules.0: "owner" is missing (add it)',
        'rules.0: unknown key "ownr" (did you mean "owner"?)',
        'rules.1.then.set: "P9" is not known (use one of P0, P1, P2, P3, P4)',
        'rule "lamp-is-p3": unknown fact "prat" (did you mean "part"?)',
    ]


def test_a_key_that_stands_twice_is_a_fault(small_policy: str) -> None:
    text = small_policy.replace("when: {part: lamp}", "when: {part: lamp, part: engine}")
    assert faults_of(text) == [
        f'small.yaml:{line_of(text, "part: lamp, ")}: key "part" stands twice '
        f"(the first is in line {line_of(text, 'part: lamp, ')})"
    ]


def test_a_rule_that_stands_twice_is_a_fault(small_policy: str) -> None:
    text = small_policy.replace("id: lamp-is-p3", "id: great-harm-is-p0")
    (fault,) = faults_of(text)
    assert 'rule "great-harm-is-p0" stands twice' in fault


def test_words_that_yaml_1_1_takes_for_truth_are_text(small_policy: str) -> None:
    unquoted = small_policy.replace('"yes"', "yes").replace('"no"', "no")
    assert parse_ruleset(unquoted).schema["live"].values.keys() == {"yes", "no"}


def test_an_unquoted_true_is_told_to_be_no_value(small_policy: str) -> None:
    text = small_policy.replace('when: {live: "no"}', "when: {live: true}")
    assert faults_of(text) == [
        f'small.yaml:{line_of(text, "live: true")}: rule "idle-is-at-most-p2": "live" has no value '
        "true (use one of yes, no)"
    ]


@pytest.mark.parametrize("number", ["08", "1e3", "017", "1"])
def test_a_number_is_no_fact_value(number: str, small_policy: str) -> None:
    text = small_policy.replace("when: {part: lamp}", f"when: {{part: {number}}}")
    (fault,) = faults_of(text)
    assert "part" in fault
    assert number.replace("1e3", "1000") in fault


def test_a_guarantee_above_a_limit_is_a_fault_with_an_example(small_policy: str) -> None:
    text = small_policy.replace("then: {set: P0}", "then: {at_least: P0}")
    promise = line_of(text, "id: great-harm")
    limit = line_of(text, "id: idle-is")
    assert faults_of(text) == [
        f'small.yaml:{promise}: rule "great-harm-is-p0" guarantees P0, but rule '
        f'"idle-is-at-most-p2" (line {limit}) limits to P2 where part engine, harm great, live no '
        "(exclude these facts from one of the two)"
    ]


def test_a_guarantee_that_never_meets_the_limit_is_none(small_policy: str) -> None:
    apart = small_policy.replace("then: {set: P0}", "then: {at_least: P0}").replace(
        "harm: great}", 'harm: great, live: "yes"}'
    )
    assert parse_ruleset(apart).rule("great-harm-is-p0").then.at_least == Priority.P0


def test_a_rule_may_not_set_more_than_it_limits_to(small_policy: str) -> None:
    text = small_policy.replace("then: {set: P0}", "then: {set: P0, at_most: P2}")
    (fault,) = faults_of(text)
    assert "sets P0 and limits it to P2 (set P2, or drop the limit)" in fault


def test_a_rule_may_set_or_guarantee_but_not_both(small_policy: str) -> None:
    text = small_policy.replace("then: {set: P3}", "then: {set: P3, at_least: P3}")
    (fault,) = faults_of(text)
    assert "both set and at_least (keep one of them)" in fault


def test_a_clause_must_stand_in_a_definition(small_policy: str) -> None:
    text = small_policy.replace("clause: All is lost.", "clause: Everything is lost.")
    (fault,) = faults_of(text)
    assert '"Everything is lost." stands in no definition' in fault


def test_empty_conditions_are_refused(small_policy: str) -> None:
    for empty in ("{}", "{all: []}", "{any: []}", "{part: []}", "{not: {}}"):
        text = small_policy.replace("when: {part: lamp}", f"when: {empty}")
        assert faults_of(text), empty


def test_not_and_ranges_are_read_as_the_values_they_leave(small_policy: str) -> None:
    negated = small_policy.replace(
        "when: {part: lamp}", "when: {not: {any: [{part: engine}, {harm: {at_most: some}}]}}"
    )
    fired = [
        facts["harm"]
        for facts in ({"part": "lamp", "harm": h, "live": "yes"} for h in ("none", "some", "great"))
        if "lamp-is-p3" in _fired(parse_ruleset(negated), facts)
    ]
    assert fired == ["great"]


def _fired(ruleset: Ruleset, facts: dict[str, str]) -> tuple[str, ...]:
    return fired_rules(ruleset, facts)


def test_a_range_needs_an_order(small_policy: str) -> None:
    text = small_policy.replace("when: {part: lamp}", "when: {part: {at_least: lamp}}")
    (fault,) = faults_of(text)
    assert '"part" has no order (list its values, or declare an order)' in fault


def test_an_order_names_every_value_once(small_policy: str) -> None:
    (fault,) = faults_of(small_policy.replace("order: [none, some, great]", "order: [none, some]"))
    assert 'the order of "harm" does not name each value once' in fault


def test_derived_facts_are_asked_for_with_true_or_false(small_policy: str, small: Ruleset) -> None:
    text = small_policy.replace("{broken_engine: true}", "{broken_engine: yes}")
    (fault,) = faults_of(text)
    assert '"broken_engine" is a derived fact (ask for it with true or false)' in fault
    opposite = parse_ruleset(
        small_policy.replace("{broken_engine: true}", "{broken_engine: false}")
    )
    facts = {"part": "lamp", "harm": "none", "live": "yes"}
    assert "broken-engine-is-p1" in _fired(opposite, facts)
    assert "broken-engine-is-p1" not in _fired(small, facts)


def test_derived_facts_may_build_on_each_other_in_any_order(small_policy: str) -> None:
    text = small_policy.replace(
        "derived:\n",
        "derived:\n  used_and_broken:\n    meaning: Both.\n"
        '    when: {live: "yes", broken_engine: true}\n',
    ).replace(
        "when: {broken_engine: true}\n    then: {set: P1}",
        "when: {used_and_broken: true}\n    then: {set: P1}",
    )
    ruleset = parse_ruleset(text)
    facts = {"part": "engine", "harm": "some", "live": "yes"}
    assert "broken-engine-is-p1" in _fired(ruleset, facts)
    assert "broken-engine-is-p1" not in _fired(ruleset, facts | {"live": "no"})


def test_derived_facts_in_a_circle_are_a_fault(small_policy: str) -> None:
    text = small_policy.replace(
        "when: {part: engine, harm: {at_least: some}}", "when: {broken_engine: false}"
    )
    (fault,) = faults_of(text)
    assert "derived facts go in a circle: broken_engine -> broken_engine" in fault


def test_a_derived_fact_may_not_take_the_name_of_a_fact(small_policy: str) -> None:
    text = small_policy.replace("  broken_engine:\n", "  harm:\n").replace(
        "{broken_engine: true}", "{part: engine}"
    )
    assert any('"harm" is a fact already' in fault for fault in faults_of(text))


def test_bins_ascend_and_name_values(small_policy: str) -> None:
    text = small_policy.replace(
        "    order: [none, some, great]\n",
        "    order: [none, some, great]\n"
        "    bins: {unit: cracks, starts: {none: 0, great: 5, some: 3}, missing: nothing}\n",
    )
    problems = "\n".join(faults_of(text))
    assert 'bin "some" of "harm" does not start above "great"' in problems
    assert '"harm" has no value "nothing" (use one of none, some, great)' in problems


def test_too_many_combinations_are_refused(small_policy: str) -> None:
    many = ", ".join(f"v{n}: A value." for n in range(60))
    facts = (
        "".join(f"  big{n}:\n    meaning: How big?\n    values: {{{many}}}\n" for n in range(2))
        + "  bigger:\n    meaning: How?\n    values: {"
        + many
        + "}\n"
    )
    text = small_policy.replace("derived:\n", facts + "derived:\n")
    (fault,) = faults_of(text)
    assert "2,592,000 combinations of facts, 200,000 are the limit" in fault


def test_the_right_priority_must_cost_nothing(small_policy: str) -> None:
    (fault,) = faults_of(
        small_policy.replace("P2: {P0: 4, P1: 1, P2: 0", "P2: {P0: 4, P1: 1, P2: 1")
    )
    assert "the right priority costs something (write 0)" in fault


def test_a_negative_cost_is_refused(small_policy: str) -> None:
    assert faults_of(small_policy.replace("P0: {P0: 0, P1: 1,", "P0: {P0: 0, P1: -1,"))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "a: [1, 2"])
def test_what_is_no_policy_at_all_is_told_without_a_traceback(text: str) -> None:
    assert faults_of(text)


def test_a_missing_file_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match=r"absent\.yaml: cannot be read.*check the path"):
        load_ruleset(tmp_path / "absent.yaml")


def test_a_file_with_a_byte_order_mark_reads_like_one_without(
    tmp_path: Path, small_policy: str, small: Ruleset
) -> None:
    path = tmp_path / "marked.yaml"
    path.write_text(small_policy, encoding="utf-8-sig")
    assert (verdict_table(load_ruleset(path)) == verdict_table(small)).all()
