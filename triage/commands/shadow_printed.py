"""A shadow report for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from tickets import PRIORITIES
from triage.commands.printed import table_console
from triage.commands.registry_printed import comparison_table
from triage.retraining.shadow import ShadowReport, Verdicts

MOST_SHOWN = 10


def print_shadow(report: ShadowReport) -> None:
    """Print a shadow report."""
    console = table_console()
    for part in _parts(report):
        console.print(part, soft_wrap=not isinstance(part, Table))


def _parts(report: ShadowReport) -> Iterator[Table | str]:
    yield (
        f"candidate {report.version} in the shadow: {report.tickets:,} tickets, for"
        f" {report.agreement:.1%} the suggestion that was shown"
    )
    if report.left_out:
        yield f"left out: {report.left_out:,} whose shown suggestion it made itself"
    yield _table(report)
    yield from _verdicts("decided by people", report.decided)
    yield from _verdicts("decided without having seen a suggestion", report.blind)
    if report.decided:
        yield "\ndecisions on shown suggestions lean towards them; those on blind tickets do not"


def _table(report: ShadowReport) -> Table:
    table = Table("shown", box=None, pad_edge=False)
    for priority in PRIORITIES:
        table.add_column(f"candidate {priority}", justify="right")
    for priority, row in zip(PRIORITIES, report.table, strict=True):
        table.add_row(str(priority), *(f"{count:,}" if count else "." for count in row))
    return table


def _verdicts(title: str, verdicts: Verdicts | None) -> Iterator[Table | str]:
    if verdicts is None:
        yield f"\n{title}: none"
        return
    yield (
        f"\n{title}: {verdicts.tickets:,}   both right {verdicts.both_right:,}"
        f"   only shown {verdicts.only_shown_right:,}"
        f"   only candidate {verdicts.only_candidate_right:,}   neither {verdicts.neither_right:,}"
    )
    table = Table("decided", box=None, pad_edge=False)
    for heading in ("tickets", "shown right", "candidate right"):
        table.add_column(heading, justify="right")
    for name, found in verdicts.by_class.items():
        figures = (found.tickets, found.shown_right, found.candidate_right)
        table.add_row(name, *(f"{figure:,}" for figure in figures))
    yield table
    yield comparison_table(verdicts.comparison, "shown")
    yield from _missed("what was shown", verdicts.p0_missed_by_shown)
    yield from _missed("the candidate", verdicts.p0_missed_by_candidate)


def _missed(who: str, tickets: Sequence[str]) -> Iterator[str]:
    if tickets:
        named = ", ".join(tickets[:MOST_SHOWN])
        more = f" and {len(tickets) - MOST_SHOWN:,} more" if len(tickets) > MOST_SHOWN else ""
        yield f"{PRIORITIES[0]} missed by {who}: {named}{more}"
