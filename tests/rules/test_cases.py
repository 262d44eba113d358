"""Worked cases and what they cover."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rules import Ruleset, load_engine
from rules.cases import CaseReport, load_cases, run_cases
from tickets import InputFaults

CASES = """\
unless_said: {live: "yes"}
cases:
  - ticket: The engine is gone.
    facts: {part: engine, harm: great}
    priority: P0
    decided_by: great-harm-is-p0
  - ticket: A lamp flickers, unused.
    facts: {part: lamp, harm: none, live: "no"}
    priority: P3
"""


@pytest.fixture
def run(small: Ruleset, tmp_path: Path) -> Callable[[str], CaseReport]:
    def run(text: str) -> CaseReport:
        path = tmp_path / "cases.yaml"
        path.write_text(text, encoding="utf-8")
        with load_engine(small) as engine:
            return run_cases(engine, load_cases(small, path))

    return run


def test_cases_that_come_out_are_counted(run: Callable[[str], CaseReport]) -> None:
    report = run(CASES)
    assert report.cases == 2
    assert report.failed == ()


def test_a_case_that_comes_out_otherwise_is_told_with_the_deciding_rule(
    run: Callable[[str], CaseReport],
) -> None:
    (failed,) = run(CASES.replace("priority: P3", "priority: P2")).failed
    assert str(failed) == "expected P2, got P3 by lamp-is-p3: A lamp flickers, unused."
    assert failed.case.line == 7


def test_the_right_priority_by_another_rule_is_a_failure_too(
    run: Callable[[str], CaseReport],
) -> None:
    (failed,) = run(CASES.replace("by: great-harm-is-p0", "by: broken-engine-is-p1")).failed
    assert "expected P0 by broken-engine-is-p1, got P0 by great-harm-is-p0" in str(failed)


def test_coverage_names_what_no_case_exercises(run: Callable[[str], CaseReport]) -> None:
    coverage = run(CASES).coverage
    assert coverage.silent_rules == ()
    assert coverage.undecisive_rules == ("broken-engine-is-p1", "idle-is-at-most-p2")
    assert coverage.one_sided == ()
    only_one = run(CASES[: CASES.index("  - ticket: A lamp")]).coverage
    assert only_one.silent_rules == ("idle-is-at-most-p2", "lamp-is-p3")
    assert ("part", "false") in [(atom.fact, side) for atom, side in only_one.one_sided]


def test_coverage_is_never_rounded_up(run: Callable[[str], CaseReport]) -> None:
    assert run(CASES).coverage.percent == 88  # 16 of 18: 4 rules twice, 5 comparisons twice


def test_of_several_problems_the_most_urgent_is_expected(run: Callable[[str], CaseReport]) -> None:
    report = run(
        CASES + "  - ticket: Lamp and engine.\n    problems:\n"
        "      - {part: lamp, harm: none}\n      - {part: engine, harm: some}\n"
        "    priority: P1\n    decided_by: broken-engine-is-p1\n"
    )
    assert report.failed == ()


def test_faults_of_a_case_file_are_told_all_at_once_with_their_lines(
    run: Callable[[str], CaseReport],
) -> None:
    text = CASES.replace("part: lamp", "part: lmap").replace("by: great-harm", "by: grate-harm")
    with pytest.raises(InputFaults) as caught:
        run(text)
    assert [str(fault) for fault in caught.value.faults] == [
        'cases.yaml:3: no rule "grate-harm-is-p0" (did you mean "great-harm-is-p0"?)',
        'cases.yaml:7: fact "part" has no value "lmap" (did you mean "lamp"?)',
    ]


def test_a_case_gives_facts_or_problems(run: Callable[[str], CaseReport]) -> None:
    with pytest.raises(InputFaults, match="give either facts or problems"):
        run("cases:\n  - ticket: Nothing said.\n    priority: P0\n")
