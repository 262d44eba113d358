"""What the rules commands found, as lines for people and as plain values for JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.cases import CaseReport
from rules.check import CheckReport
from rules.combinations import in_words
from rules.conditions import Atom
from rules.decision_table import (
    as_csv,
    as_markdown,
    as_records,
    verdicts_as_csv,
    verdicts_as_markdown,
)
from rules.diff import ChangedTicket, PolicyDiff
from rules.explain import Change, Explanation
from rules.facts import parse_facts
from rules.health import PastDecision, RuleHealth
from rules.rows import Row
from rules.ruleset import Ruleset
from sla import OutsideHorizon, Policy
from tickets import PRIORITIES, Fault, InputFaults
from tickets.faults import did_you_mean
from triage.past_tickets import PastTicket

MOST_LISTED = 50
"""Changed tickets shown to a person; --json lists all."""


def check_lines(ruleset: Ruleset, report: CheckReport) -> Iterator[str]:
    """Say what the exhaustive check found."""
    yield (
        f"{ruleset.name}: {len(ruleset.rules)} rules, all {report.combinations:,} combinations of "
        f"{len(ruleset.schema.facts)} facts checked"
    )
    shares = zip(PRIORITIES, report.by_priority, strict=True)
    yield "  " + "   ".join(f"{priority} {number:,}" for priority, number in shares)
    yield (
        f"  decided by default: {report.defaulted:,}"
        if report.defaulted
        else ("  decided by default: none")
    )
    for row in report.default_rows:
        yield f"    {row_in_words(row)}"
    for finding in report.findings:
        yield f"{finding.kind}: {finding.fault}"
        if finding.example:
            yield f"    example: {in_words(finding.example)}"
    yield f"{len(report.findings)} findings" if report.findings else "nothing to mend"


def check_record(report: CheckReport) -> dict[str, Any]:
    """Return the outcome of the check as plain values."""
    return {
        "combinations": report.combinations,
        "by_priority": {str(p): n for p, n in zip(PRIORITIES, report.by_priority, strict=True)},
        "decided_by_default": report.defaulted,
        "default_rows": [_row_record(row) for row in report.default_rows],
        "findings": [
            {
                "kind": str(finding.kind),
                "place": finding.fault.place,
                "problem": finding.fault.problem,
                "remedy": finding.fault.remedy,
                "example": dict(finding.example),
            }
            for finding in report.findings
        ],
    }


def case_lines(report: CaseReport, threshold: int) -> Iterator[str]:
    """Say which cases failed and what no case exercises."""
    for failed in report.failed:
        yield f"line {failed.case.line}: {failed}"
    coverage = report.coverage
    for rule_id in coverage.silent_rules:
        yield f"rule {rule_id} fires in no case"
    for rule_id in coverage.undecisive_rules:
        yield f"rule {rule_id} decides no case"
    for atom, side in coverage.one_sided:
        yield f"never {side} in a case: {atom_in_words(atom)}"
    yield f"{report.cases - len(report.failed)} of {report.cases} cases as expected"
    yield (
        f"coverage {coverage.percent} % of {coverage.rules} rules and {coverage.comparisons} "
        f"comparisons; {threshold} % are asked for"
    )


def case_record(report: CaseReport) -> dict[str, Any]:
    """Return the outcome of the cases as plain values."""
    coverage = report.coverage
    return {
        "cases": report.cases,
        "failed": [
            {
                "line": failed.case.line,
                "ticket": failed.case.ticket,
                "expected": str(failed.case.priority),
                "expected_by": failed.case.decided_by,
                "got": str(failed.verdict.priority),
                "got_by": failed.verdict.reasons[0].id,
            }
            for failed in report.failed
        ],
        "coverage": {
            "percent": coverage.percent,
            "silent_rules": list(coverage.silent_rules),
            "undecisive_rules": list(coverage.undecisive_rules),
            "one_sided": [
                {"fact": atom.fact, "values": sorted(atom.values), "never": side}
                for atom, side in coverage.one_sided
            ],
        },
    }


def table_text(ruleset: Ruleset, form: str, *, verdicts: bool) -> str:
    """Return the decision table in a form; `InputFaults` for an unknown one."""
    if form == "json":
        rows = as_records((as_csv, verdicts_as_csv)[verdicts](ruleset))
        return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
    forms = {"markdown": (as_markdown, verdicts_as_markdown), "csv": (as_csv, verdicts_as_csv)}
    if form not in forms:
        problem = f'unknown format "{form}"'
        raise InputFaults(Fault("--format", problem, did_you_mean(form, forms)))
    return forms[form][verdicts](ruleset)


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Say why a combination has its priority, and what would move it."""
    verdict = explanation.verdict
    yield f"{verdict.priority}   {in_words(explanation.facts)}"
    for reason in verdict.reasons:
        if reason.kind != "rule":
            yield f"by default: {reason.because}"
    yield "rules that fired"
    for fired in explanation.fired:
        effects = ", ".join(f"{name} {p}".replace("_", " ") for name, p in fired.rule.then.items())
        yield f"  {'*' if fired.is_decisive else ' '} {fired.rule.id}: {effects}"
        yield f"      {fired.rule.because}"
        yield f'      "{fired.rule.clause}"'
        yield f"      for {in_words(fired.facts)}"
    yield "  * decides"
    yield from _change_lines("why not more urgent", explanation.higher)
    for miss in explanation.near_misses:
        missing = "; ".join(atom_in_words(atom) for atom in miss.missing)
        yield f"  {miss.rule.id} would need {missing}"
    yield from _change_lines("why not less urgent", explanation.lower)


def _change_lines(title: str, changes: Sequence[Change]) -> Iterator[str]:
    yield title
    for change in changes:
        yield f"  {change.priority} with {row_in_words(change.facts)}"
    if not changes:
        yield "  no change of facts would do it"


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as plain values."""
    return {
        "facts": dict(explanation.facts),
        "priority": str(explanation.verdict.priority),
        "is_default": explanation.verdict.is_default,
        "fired": [
            {
                "id": fired.rule.id,
                "then": {name: str(priority) for name, priority in fired.rule.then.items()},
                "because": fired.rule.because,
                "clause": fired.rule.clause,
                "owner": fired.rule.owner,
                "facts": dict(fired.facts),
                "is_decisive": fired.is_decisive,
            }
            for fired in explanation.fired
        ],
        "near_misses": [
            {
                "id": miss.rule.id,
                "missing": {atom.fact: sorted(atom.values) for atom in miss.missing},
            }
            for miss in explanation.near_misses
        ],
        "higher": [_change_record(change) for change in explanation.higher],
        "lower": [_change_record(change) for change in explanation.lower],
    }


def _change_record(change: Change) -> dict[str, Any]:
    return {"priority": str(change.priority), "facts": _row_record(change.facts)}


@dataclass(frozen=True)
class MovedDeadline:
    """The response deadline of a ticket under the old and the new priority."""

    old: datetime
    new: datetime


def moved_deadlines(found: PolicyDiff[PastTicket], policy: Policy) -> list[MovedDeadline | None]:
    """Return the deadlines of changed tickets; None without tier or receipt time."""
    return [_moved(change, policy) for change in found.changed]


def _moved(change: ChangedTicket[PastTicket], policy: Policy) -> MovedDeadline | None:
    tier, received_at = change.ticket.tier, change.ticket.received_at
    if tier is None or received_at is None:
        return None
    try:
        old, new = (
            policy.respond_by(tier=tier, priority=verdict.priority, received_at=received_at)
            for verdict in (change.old, change.new)
        )
    except OutsideHorizon:
        return None
    except ValueError as error:
        raise InputFaults(Fault(change.ticket.place, str(error), "correct the row")) from None
    return MovedDeadline(old, new)


def diff_lines(
    found: PolicyDiff[PastTicket], moved: Sequence[MovedDeadline | None]
) -> Iterator[str]:
    """Say which tickets would change."""
    yield f"{len(found.changed)} of {found.tickets} tickets would change priority"
    if found.combinations is not None:
        yield f"{found.combinations:,} combinations of facts would"
    for (old, new), number in found.moves.items():
        yield f"  {old} to {new}: {number}"
    deadlines = [deadline for deadline in moved if deadline is not None]
    if deadlines:
        earlier = sum(deadline.new < deadline.old for deadline in deadlines)
        later = sum(deadline.new > deadline.old for deadline in deadlines)
        yield f"deadlines: {earlier} earlier, {later} later"
    for change, deadline in list(zip(found.changed, moved, strict=True))[:MOST_LISTED]:
        yield _changed_line(change, deadline)
    if len(found.changed) > MOST_LISTED:
        yield f"and {len(found.changed) - MOST_LISTED} more; --json lists all"


def _changed_line(change: ChangedTicket[PastTicket], deadline: MovedDeadline | None) -> str:
    line = f"  {change.ticket.id}: {change.old.priority} to {change.new.priority}"
    if deadline is not None:
        line += f", due {deadline.new:%Y-%m-%d %H:%M} instead of {deadline.old:%Y-%m-%d %H:%M}"
    return f"{line}; by {change.new.reasons[0].id} instead of {change.old.reasons[0].id}"


def diff_record(
    found: PolicyDiff[PastTicket], moved: Sequence[MovedDeadline | None]
) -> dict[str, Any]:
    """Return the effect of new rules as plain values."""
    return {
        "tickets": found.tickets,
        "changed_combinations": found.combinations,
        "moves": [
            {"old": str(old), "new": str(new), "tickets": number}
            for (old, new), number in found.moves.items()
        ],
        "changed": [
            {
                "id": change.ticket.id,
                "old": str(change.old.priority),
                "new": str(change.new.priority),
                "old_rule": change.old.reasons[0].id,
                "new_rule": change.new.reasons[0].id,
                "old_due_at": deadline.old.isoformat() if deadline else None,
                "new_due_at": deadline.new.isoformat() if deadline else None,
                "facts": dict(change.facts),
            }
            for change, deadline in zip(found.changed, moved, strict=True)
        ],
    }


def decisions(ruleset: Ruleset, past: Sequence[PastTicket]) -> list[PastDecision]:
    """Return what people decided; `InputFaults` where no ticket says so."""
    decided = [
        PastDecision(
            parse_facts(ruleset, ticket.facts, place=ticket.place), ticket.final, ticket.decided_at
        )
        for ticket in past
        if ticket.final is not None
    ]
    if not decided:
        remedy = 'add a column "final" with the priority that people gave'
        raise InputFaults(Fault("TICKETS", "no ticket has a final priority", remedy))
    return decided


def health_lines(report: Sequence[RuleHealth]) -> Iterator[str]:
    """Say how each rule fares."""
    yield f"{'decided':>8} {'overridden':>11} {'raised':>7} {'lowered':>8}  {'last fired':<11} rule"
    for rule in report:
        share = "–" if rule.overridden is None else f"{rule.overridden:.0%}"
        last = f"{rule.last_fired_at:%Y-%m-%d}" if rule.last_fired_at else "–"
        yield (
            f"{rule.support:>8} {share:>11} {rule.raised:>7} {rule.lowered:>8}  "
            f"{last:<11} {rule.rule_id}"
        )


def health_record(report: Sequence[RuleHealth]) -> list[dict[str, Any]]:
    """Return rule health as plain values."""
    return [
        {
            "id": rule.rule_id,
            "support": rule.support,
            "overridden": rule.overridden,
            "raised": rule.raised,
            "lowered": rule.lowered,
            "last_fired_at": rule.last_fired_at.isoformat() if rule.last_fired_at else None,
        }
        for rule in report
    ]


def row_in_words(row: Row) -> str:
    """Return the facts of a row as one line."""
    return ", ".join(f"{name} {' or '.join(values)}" for name, values in row.items()) or "always"


def atom_in_words(atom: Atom) -> str:
    """Return a comparison as one line."""
    return f"{atom.fact} {' or '.join(sorted(atom.values))}"


def _row_record(row: Row) -> dict[str, list[str]]:
    return {name: list(values) for name, values in row.items()}
