"""A drift report for people: a line a week, then what has drifted and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from classifier.estimation import Estimate
from triage.commands.printed import table_console
from triage.drift.advice import advice
from triage.drift.findings import FALSE_ALARMS, WORDS, Finding, Verdict
from triage.drift.reference import Reference
from triage.drift.report import Report
from triage.drift.weeks import Decided, Week

STYLES = {Verdict.ACT: "bold red", Verdict.WATCH: "yellow", Verdict.TOO_FEW: "dim"}
MOST_DRIFTED = 6
"""Measures shown of a week; `--json` has all."""


def print_drift(report: Report) -> None:
    """Print a drift report."""
    console = table_console()
    for part in _parts(report):
        console.print(part, soft_wrap=not isinstance(part, Table))


def _parts(report: Report) -> Iterator[Table | str | Text]:
    yield f"model {report.model} beside {_about(report.reference)}"
    if report.left_out:
        yield f"left out: {report.left_out:,} assessed by other models or rules"
    yield _weeks(report)
    for week in report.weeks:
        yield from _details(week, report.reference)
    yield (
        f"\nact, watch: beyond chance ({FALSE_ALARMS:.0%} of weeks without drift give an alarm) and"
        " large enough; estimates assume that confidence holds"
    )


def _about(reference: Reference) -> str:
    tickets = f"{reference.tickets:,} tickets {reference.made_of}"
    estimated = f"estimated accuracy {reference.estimated_accuracy:.3f}"
    if reference.rightness is None:
        return f"{tickets} ({estimated}, no labels)"
    return f"{tickets} ({estimated}, by their labels {reference.rightness.accuracy:.3f})"


def _weeks(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("week", "from", "verdict", "drifted"):
        table.add_column(heading)
    for heading in ("tickets", "est. accuracy (95 %)", "est. cost", "P0 missed", "overridden"):
        table.add_column(heading, justify="right")
    for week in report.weeks:
        drifted = [one.measure for one in week.findings if _has_drifted(one)]
        table.add_row(
            week.name,
            week.starts.isoformat() if week.starts else "-",
            Text(week.verdict, STYLES.get(week.verdict, "")),
            _shortened(drifted),
            f"{week.tickets:,}",
            _estimate(week.accuracy),
            f"{week.cost.value:.2f}",
            f"{week.missed_p0:.1f}",
            _overridden(week.decided),
        )
    return table


def _has_drifted(finding: Finding) -> bool:
    return finding.verdict in (Verdict.WATCH, Verdict.ACT)


def _shortened(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f}-{estimate.high:.2f})"


def _overridden(decided: Decided | None) -> str:
    if decided is None:
        return "-"
    return f"{decided.overridden:,} of {decided.tickets:,}"


def _details(week: Week, reference: Reference) -> Iterator[Text]:
    drifted = [one for one in week.findings if _has_drifted(one)]
    if not drifted:
        return
    yield Text(f"\n{week.name}")
    for sentence in advice(week, reference):
        yield Text(f"  {sentence}")
    for finding in drifted[:MOST_DRIFTED]:
        yield Text(f"    {_finding(finding)}", style="dim")
    if len(drifted) > MOST_DRIFTED:
        yield Text(f"    … and {len(drifted) - MOST_DRIFTED} more; --json has all", style="dim")


def _finding(finding: Finding) -> str:
    quoted = f'"{finding.risen}"' if finding.measure == WORDS else finding.risen
    return (
        f"{finding.verdict:<6} {finding.measure:<18} size {finding.size:.2f}"
        f"  {quoted} {finding.share:.0%}, was {finding.before:.0%}"
    )
