"""Assessments as people read them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tickets import Assessment, Change, Reason, Response, Span, Suggestion, Ticket
from triage.row_files import Row

STYLES = {"P0": "bold red", "P1": "red", "P2": "yellow", "P3": "cyan", "P4": "dim"}
WIDTH_IN_A_PIPE = 150
SHORT_SUBJECT = 34


def table_console() -> Console:
    """Return a console on standard output, wide enough for a table when nobody watches."""
    # Square brackets in a subject are words of the customer, never styles.
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDTH_IN_A_PIPE
    return console


def print_assessment(ticket: Ticket, assessment: Assessment) -> None:
    """Print one assessment: priority, deadline, reasons, facts with the words that show them."""
    console = Console(highlight=False, soft_wrap=True)
    for line in _lines(ticket, assessment):
        console.print(line)


def _lines(ticket: Ticket, assessment: Assessment) -> Iterable[Text]:
    suggestion = assessment.suggestion
    assert suggestion is not None  # a single ticket either has one or was refused
    name = str(suggestion.priority)
    yield Text.assemble(
        (name, STYLES[name]),
        f"   confidence {suggestion.confidence:.2f}, {_action(suggestion)}",
    )
    if assessment.response:
        yield Text(f"due  {_response(assessment.response)}")
    for note in (*assessment.notes, assessment.entitlement and assessment.entitlement.note):
        if note:
            yield Text(f"note {note}")
    if assessment.resource:
        yield Text(f"help {assessment.resource.url}  {assessment.resource.because}")
    yield Text("why")
    for reason in suggestion.reasons:
        yield from _reason(reason)
    if suggestion.nearest_change:
        yield _change(suggestion.nearest_change)
    yield Text("facts")
    for fact, reading in suggestion.facts.items():
        quotes = "  ".join(f'"{quoted(ticket, span)}"' for span in reading.evidence)
        line = f"  {fact:<12} {reading.value:<15} {reading.probability:.2f}  {quotes}"
        yield Text(line.rstrip())


def _action(suggestion: Suggestion) -> str:
    if suggestion.threshold >= 1:
        return f"{suggestion.action} (never applied unseen)"
    return f"{suggestion.action} (applied unseen from {suggestion.threshold:.2f})"


def _response(response: Response) -> str:
    line = f"{written(response.due_at)}  ({response.target}, {response.clock.replace('_', ' ')})"
    if response.outside_availability:
        line += ", received outside hours of availability"
    if response.staffed_due_at:
        line += f", by opening hours {written(response.staffed_due_at)}"
    return line


def _reason(reason: Reason) -> Iterable[Text]:
    yield Text(f"  {reason.because}  [{reason.id}]")
    if reason.clause:
        yield Text(f'    "{reason.clause}"', style="dim")


def _change(change: Change) -> Text:
    name, fact = str(change.priority), change.fact
    odds = f"{change.probability:.2f}"
    return Text(f'  would be {name} if {fact} were "{change.value}" ({odds})')


def quoted(ticket: Ticket, span: Span) -> str:
    """Return the words of a ticket that a span marks, on one line."""
    text = ticket.subject if span.field == "subject" else ticket.body
    return " ".join(text[span.start : span.end].split())


def written(instant: datetime) -> str:
    """Return an instant as people write it, with its zone."""
    return instant.strftime("%a %Y-%m-%d %H:%M:%S %Z")


def assessment_table(
    assessments: Iterable[tuple[Row, Assessment]], columns: Mapping[str, str]
) -> Table:
    """Return a table of assessments; `columns` gives the file's names that differ from ours."""
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "subject", "priority", "conf.", "action", "response due", "why"):
        table.add_column(heading, no_wrap=heading != "why", overflow="fold")
    for row, assessment in assessments:
        subject = row.cells.get(columns.get("subject", "subject")) or row.cells.get(
            columns.get("body", "body")
        )
        table.add_row(assessment.id, _short(subject), *_cells(assessment))
    return table


def _cells(assessment: Assessment) -> tuple[str | Text, ...]:
    if assessment.error:
        error = assessment.error
        return "", "", "failed", "", f"{error['field']}: {error['problem']} ({error['remedy']})"
    suggestion = assessment.suggestion
    assert suggestion is not None  # without an error there is one
    name = str(suggestion.priority)
    response = assessment.response
    return (
        Text(name, STYLES[name]),
        f"{suggestion.confidence:.2f}",
        str(suggestion.action),
        f"{response.due_at:%a %m-%d %H:%M %Z}" if response else "-",
        suggestion.reasons[0].because,
    )


def _short(value: object) -> str:
    text = " ".join(str(value or "").split())
    return text if len(text) <= SHORT_SUBJECT else f"{text[: SHORT_SUBJECT - 1]}…"
