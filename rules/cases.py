"""Worked cases beside the rules: do they still hold, and what do they leave untried?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

from rules.conditions import Atom, atoms, holds
from rules.engine import Engine
from rules.facts import parse_facts
from rules.ruleset import Ruleset, Verdict
from tickets import Combination, Fault, InputFaults, Priority
from tickets.document import Document, read_document
from tickets.faults import did_you_mean

SHIPPED = Path(__file__).with_name("cases.yaml")
FILE_SCHEMA = Path(__file__).with_name("cases.schema.json")


@dataclass(frozen=True)
class Case:
    """A ticket in one line, the facts of its problems, and what the policy must say of it."""

    ticket: str
    problems: tuple[Combination, ...]
    priority: Priority
    decided_by: str | None
    line: int


@dataclass(frozen=True)
class FailedCase:
    """A case that the rules decide otherwise."""

    case: Case
    verdict: Verdict

    def __str__(self) -> str:
        decider = self.verdict.reasons[0].id
        wanted = f"{self.case.priority}"
        if self.case.decided_by:
            wanted += f" by {self.case.decided_by}"
        return f"expected {wanted}, got {self.verdict.priority} by {decider}: {self.case.ticket}"


@dataclass(frozen=True)
class Coverage:
    """What the cases exercise: each rule fired and decided, each comparison true and false."""

    rules: int
    silent_rules: tuple[str, ...]
    """Rules that fire in no case."""
    undecisive_rules: tuple[str, ...]
    """Rules that fire, but decide no case."""
    comparisons: int
    one_sided: tuple[tuple[Atom, str], ...]
    """Comparisons that are never true, or never false, in the cases."""

    @property
    def percent(self) -> int:
        """Exercised rules and sides of comparisons, in percent; never rounded up."""
        wanted = 2 * self.rules + 2 * self.comparisons
        missed = 2 * len(self.silent_rules) + len(self.undecisive_rules) + len(self.one_sided)
        return floor(100 * (wanted - missed) / wanted)


@dataclass(frozen=True)
class CaseReport:
    """The outcome of all cases."""

    cases: int
    failed: tuple[FailedCase, ...]
    coverage: Coverage


def load_cases(ruleset: Ruleset, path: Path | str | None = None) -> tuple[Case, ...]:
    """Read worked cases, by default the shipped ones; `InputFaults` with all that is wrong."""
    schema = json.loads(FILE_SCHEMA.read_text(encoding="utf-8"))
    document = read_document(Path(path) if path else SHIPPED, schema)
    document.refuse_if()
    faults: list[Fault] = []
    cases = []
    for index, values in enumerate(document.values["cases"]):
        try:
            cases.append(_case(ruleset, document, index, values))
        except InputFaults as wrong:
            faults += wrong.faults
    document.refuse_if(*faults)
    return tuple(cases)


def _case(ruleset: Ruleset, document: Document, index: int, values: Mapping[str, Any]) -> Case:
    line = document.line(("cases", index))
    place = f"{document.name}:{line}"
    if ("facts" in values) == ("problems" in values):
        raise InputFaults(Fault(place, "give either facts or problems", "keep one of them"))
    usual = document.values.get("unless_said", {})
    given = values["problems"] if "problems" in values else [values["facts"]]
    decider = values.get("decided_by")
    known = [rule.id for rule in ruleset.rules] + ["default"]
    if decider is not None and decider not in known:
        raise InputFaults(Fault(place, f'no rule "{decider}"', did_you_mean(decider, known)))
    return Case(
        ticket=values["ticket"],
        problems=tuple(parse_facts(ruleset, {**usual, **facts}, place=place) for facts in given),
        priority=Priority.parse(values["priority"]),
        decided_by=decider,
        line=line,
    )


def run_cases(engine: Engine, cases: Sequence[Case]) -> CaseReport:
    """Decide every case and report those that come out otherwise, and what they cover."""
    verdicts = [engine.verdict_of_problems(case.problems) for case in cases]
    failed = tuple(
        FailedCase(case, verdict)
        for case, verdict in zip(cases, verdicts, strict=True)
        if not _is_as_expected(case, verdict)
    )
    return CaseReport(len(cases), failed, _coverage(engine.ruleset, engine, cases))


def _is_as_expected(case: Case, verdict: Verdict) -> bool:
    decider = verdict.reasons[0].id
    return verdict.priority == case.priority and case.decided_by in (None, decider)


def _coverage(ruleset: Ruleset, engine: Engine, cases: Sequence[Case]) -> Coverage:
    problems = [facts for case in cases for facts in case.problems]
    verdicts = [engine.verdict(facts) for facts in problems]
    fired = {rule_id for verdict in verdicts for rule_id in verdict.fired}
    deciding = {reason.id for verdict in verdicts for reason in verdict.reasons}
    ids = [rule.id for rule in ruleset.rules]
    compared = list(dict.fromkeys(atom for rule in ruleset.rules for atom in atoms(rule.when)))
    return Coverage(
        rules=len(ids),
        silent_rules=tuple(rule_id for rule_id in ids if rule_id not in fired),
        undecisive_rules=tuple(r for r in ids if r in fired and r not in deciding),
        comparisons=len(compared),
        one_sided=tuple(_one_sided(compared, problems)),
    )


def _one_sided(
    compared: Sequence[Atom], problems: Sequence[Combination]
) -> Iterator[tuple[Atom, str]]:
    for atom in compared:
        seen = {holds(atom, facts) for facts in problems}
        for side, name in ((True, "true"), (False, "false")):
            if side not in seen:
                yield atom, name
