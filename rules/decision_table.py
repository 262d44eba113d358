"""The policy as a table of few rows, for a page or a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.combinations import shape, where_true
from rules.rows import Row, minimal_rows
from rules.ruleset import Rule, Ruleset
from rules.table import verdict_table
from tickets import PRIORITIES, Fault, InputFaults, Priority

EFFECTS = ("set", "at_least", "at_most")
TEXTS = ("because", "clause", "owner")


@dataclass(frozen=True)
class RuleRow:
    """One row of the table of rules: one way in which a rule comes true."""

    rule: Rule
    when: Row


@dataclass(frozen=True)
class VerdictRow:
    """One row of the table of verdicts; of all rows that fit, the first decides."""

    when: Row
    priority: Priority


def rule_rows(ruleset: Ruleset) -> list[RuleRow]:
    """Return the rules in few rows, the most urgent first; `InputFaults` for one without any."""
    faults = [
        Fault(f"{ruleset.name}:{rule.line}", f'rule "{rule.id}" can never fire', "remove it")
        for rule in ruleset.rules
        if not where_true(rule.when, ruleset.schema).any()
    ]
    if faults:
        raise InputFaults(*faults)
    in_order = sorted(ruleset.rules, key=lambda rule: (_rank(rule), rule.id))
    return [
        RuleRow(rule, row)
        for rule in in_order
        for row in minimal_rows(where_true(rule.when, ruleset.schema), ruleset.schema)
    ]


def _rank(rule: Rule) -> tuple[int, int]:
    """Rules that raise come first, then those that only limit, each by urgency."""
    only_limits = rule.then.floor is None
    return (int(only_limits), int(rule.then.priority))


def verdict_rows(ruleset: Ruleset) -> list[VerdictRow]:
    """Return the verdicts on all combinations in few rows, to be read from the top."""
    table = verdict_table(ruleset).reshape(shape(ruleset.schema))
    return [
        VerdictRow(row, priority)
        for priority in PRIORITIES
        for row in minimal_rows(
            np.asarray(table == priority), ruleset.schema, free=np.asarray(table < priority)
        )
    ]


def as_markdown(ruleset: Ruleset) -> str:
    """Return the table of rules as Markdown."""
    facts = ruleset.schema.names
    rows = [
        [row.rule.id, *_cells(row.when, facts), _effects(row.rule), row.rule.because]
        for row in rule_rows(ruleset)
    ]
    return _markdown(["rule", *facts, "then", "because"], rows)


def verdicts_as_markdown(ruleset: Ruleset) -> str:
    """Return the table of verdicts as Markdown."""
    facts = ruleset.schema.names
    rows = [[*_cells(row.when, facts), str(row.priority)] for row in verdict_rows(ruleset)]
    return _markdown([*facts, "priority"], rows)


def as_csv(ruleset: Ruleset) -> str:
    """Return the table of rules as CSV, one row for each way in which a rule comes true."""
    facts = ruleset.schema.names
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rule", *facts, *EFFECTS, *TEXTS])
    for row in rule_rows(ruleset):
        effects = dict(row.rule.then.items())
        texts = [getattr(row.rule, text) for text in TEXTS]
        shown = [str(effects.get(effect, "")) for effect in EFFECTS]
        writer.writerow([row.rule.id, *_cells(row.when, facts), *shown, *texts])
    return out.getvalue()


def as_records(table: str) -> list[dict[str, str]]:
    """Return a CSV table as one mapping for each row."""
    return list(csv.DictReader(io.StringIO(table)))


def verdicts_as_csv(ruleset: Ruleset) -> str:
    """Return the table of verdicts as CSV; the first row that fits decides."""
    facts = ruleset.schema.names
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*facts, "priority"])
    for row in verdict_rows(ruleset):
        writer.writerow([*_cells(row.when, facts), str(row.priority)])
    return out.getvalue()


def _cells(when: Row, facts: Sequence[str]) -> list[str]:
    return [", ".join(when.get(fact, ())) for fact in facts]


def _effects(rule: Rule) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {p}" for name, p in rule.then.items())


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(
        "| " + " | ".join((cell or "–").replace("|", "\\|") for cell in line) + " |\n"
        for line in lines
    )
