"""The exhaustive check finds what is wrong, with an example, and nothing else."""

from collections.abc import Callable

import pytest

from rules import Ruleset, parse_ruleset
from rules.check import Kind, check


def findings(text: str) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (str(f.kind), f.fault.problem, dict(f.example)) for f in check(parse_ruleset(text)).findings
    ]


def rule(rule_id: str, when: str, then: str, clause: str = "Some is lost.") -> str:
    return (
        f"  - id: {rule_id}\n    when: {when}\n    then: {then}\n"
        f"    because: So it is.\n    clause: {clause}\n    owner: workshop\n"
    )


@pytest.fixture
def with_rule(small_policy: str) -> Callable[..., str]:
    def text(*rules: str) -> str:
        return small_policy.replace("default:", "".join(rules) + "default:")

    return text


@pytest.fixture
def sound(with_rule: Callable[..., str]) -> Callable[..., str]:
    """The small policy with every definition quoted."""

    def text(*rules: str) -> str:
        return with_rule(
            rule("harmless-is-p4", "{part: engine, harm: none}", "{set: P4}", "Nought."), *rules
        )

    return text


def test_a_sound_policy_has_no_findings_and_no_default(sound: Callable[..., str]) -> None:
    report = check(parse_ruleset(sound()))
    assert report.findings == ()
    assert report.combinations == 12
    assert report.by_priority == (1, 1, 2, 6, 2)
    assert report.defaulted == 0
    assert report.default_rows == ()


def test_combinations_decided_by_default_are_counted_and_listed_in_few_rows(small: Ruleset) -> None:
    report = check(small)
    assert report.defaulted == 2
    assert report.default_rows == ({"part": ("engine",), "harm": ("none",)},)


def test_a_rule_that_can_never_fire_is_unreachable(sound: Callable[..., str]) -> None:
    text = sound(rule("never", "{all: [{part: lamp}, {part: engine}]}", "{set: P0}"))
    assert findings(text) == [("unreachable", 'rule "never" can never fire', {})]


def test_a_rule_that_is_always_outdone_is_shadowed(sound: Callable[..., str]) -> None:
    text = sound(rule("outdone", "{part: engine, harm: great}", "{set: P3}"))
    assert findings(text) == [
        (
            "shadowed",
            'rule "outdone" never decides: others are more urgent or stricter where it fires',
            {"part": "engine", "harm": "great", "live": "yes"},
        )
    ]


def test_a_rule_that_repeats_others_is_redundant(sound: Callable[..., str]) -> None:
    text = sound(rule("echo", "{part: lamp, harm: some}", "{set: P3}"))
    assert findings(text) == [
        (
            "redundant",
            'rule "echo" changes no verdict: others always say the same',
            {"part": "lamp", "harm": "some", "live": "yes"},
        )
    ]


def test_two_equal_rules_are_both_redundant(sound: Callable[..., str]) -> None:
    twin = sound(rule("twin", "{part: lamp}", "{set: P3}"))
    assert [problem.split('"')[1] for _, problem, _ in findings(twin)] == ["lamp-is-p3", "twin"]


def test_a_limit_that_limits_nothing_is_found(sound: Callable[..., str]) -> None:
    text = sound(rule("idle-limit", "{part: lamp}", "{at_most: P1}"))
    assert [kind for kind, _, _ in findings(text)] == ["shadowed"]


def test_a_rule_that_only_closes_a_gap_is_not_redundant(sound: Callable[..., str]) -> None:
    assert all("harmless-is-p4" not in problem for _, problem, _ in findings(sound()))


def test_a_priority_that_falls_as_harm_grows_is_found_with_an_example(
    sound: Callable[..., str],
) -> None:
    text = sound(rule("odd", "{part: lamp, harm: some}", "{set: P1}"))
    assert findings(text) == [
        (
            "monotonicity",
            '"harm" from some to great is worse, but lowers P1 to P3 in 2 combinations',
            {"part": "lamp", "harm": "great", "live": "yes"},
        )
    ]


def test_a_fact_that_no_rule_asks_for_is_found(sound: Callable[..., str]) -> None:
    text = (
        sound()
        .replace(
            "derived:\n",
            "  colour:\n    meaning: Which?\n    values: {red: R., blue: B.}\nderived:\n",
        )
        .replace("B.", "Blue.")
        .replace("R.,", "Red.,")
    )
    assert [(kind, problem) for kind, problem, _ in findings(text)] == [
        ("unused", 'no rule asks for "colour"')
    ]


def test_words_of_a_definition_that_no_rule_stands_for_are_found(small_policy: str) -> None:
    assert [(kind, problem) for kind, problem, _ in findings(small_policy)] == [
        ("unquoted", 'no rule stands for "Nought." in the definition of P4')
    ]


def test_every_kind_of_finding_is_tried_here() -> None:
    assert [str(kind) for kind in Kind] == [
        "unreachable",
        "shadowed",
        "redundant",
        "monotonicity",
        "unused",
        "unquoted",
    ]
