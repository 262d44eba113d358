"""The rules as tables, made once for each version of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.cases import load_cases
from rules.decision_table import RuleRow, VerdictRow, rule_rows, verdict_rows
from rules.engine import Engine
from rules.rows import Row
from rules.ruleset import Rule
from tickets import InputFaults


@dataclass(frozen=True)
class PrintedRule:
    """A rule as a page shows it."""

    rule: Rule
    effects: str
    """Such as `set P1`."""
    ways: tuple[Row, ...]
    """The ways in which it comes true."""
    cases: int
    """Worked cases that ship with the rules and that it decides."""


@dataclass(frozen=True)
class PolicyTables:
    """All that a page shows of rules, whatever happens at the desk."""

    rules: tuple[PrintedRule, ...]
    """The most urgent first; those that only limit come last."""
    verdicts: tuple[VerdictRow, ...]
    """Read from the top; the first row that fits decides."""

    @classmethod
    def of(cls, engine: Engine) -> PolicyTables:
        """Return the tables of the rules by which an engine decides."""
        ruleset = engine.ruleset
        if ruleset.version not in _MADE:
            _MADE.clear()
            rows = rule_rows(ruleset)
            _MADE[ruleset.version] = cls(
                tuple(_rules(rows, _decided_cases(engine))), tuple(verdict_rows(ruleset))
            )
        return _MADE[ruleset.version]


_MADE: dict[str, PolicyTables] = {}


def _rules(rows: Sequence[RuleRow], cases: Counter[str]) -> Iterator[PrintedRule]:
    for rule in dict.fromkeys(row.rule.id for row in rows):
        ways = [row for row in rows if row.rule.id == rule]
        then = ways[0].rule.then.items()
        yield PrintedRule(
            rule=ways[0].rule,
            effects=", ".join(f"{name.replace('_', ' ')} {priority}" for name, priority in then),
            ways=tuple(row.when for row in ways),
            cases=cases[rule],
        )


def _decided_cases(engine: Engine) -> Counter[str]:
    """Count for each rule the shipped cases that it decides; none where their facts are others."""
    try:
        cases = load_cases(engine.ruleset)
    except InputFaults:
        return Counter()
    verdicts = (engine.verdict_of_problems(case.problems) for case in cases)
    return Counter(reason.id for verdict in verdicts for reason in verdict.reasons)
