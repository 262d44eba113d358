"""Tickets with what was made of them: those of a file assessed now, stored ones as they were."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from tickets import PRIORITIES, Priority, Suggestion, Ticket
from triage.batch import CHUNK
from triage.desk import Desk
from triage.period import Period
from triage.progress import progress_bar
from triage.ticket_file import TicketFile

if TYPE_CHECKING:
    from triage.stored import Outcome

FINAL = ("final", "priority", "label")
"""Columns of a file that tell what people made a ticket; the first that says so."""


@dataclass(frozen=True)
class Assessed:
    """A ticket, the suggestion for it as far as it is looked at later, and what people made it."""

    ticket: Ticket
    priority: Priority
    probabilities: tuple[float, ...]
    """Of P0 to P4."""
    action: str
    facts: Mapping[str, str]
    """The likeliest value of each."""
    product_area: str = ""
    decided: Priority | None = None
    """None while no person has settled it."""

    @classmethod
    def of(
        cls,
        ticket: Ticket,
        suggestion: Suggestion,
        product_area: str = "",
        decided: Priority | None = None,
    ) -> Assessed:
        """Take what is looked at from a suggestion."""
        return cls(
            ticket,
            suggestion.priority,
            tuple(suggestion.probabilities[priority] for priority in PRIORITIES),
            str(suggestion.action),
            {name: reading.value for name, reading in suggestion.facts.items()},
            product_area,
            decided,
        )

    @classmethod
    def stored(cls, outcome: Outcome) -> Assessed:
        """Take it from the store; a ticket without a receipt time came when it was stored."""
        suggestion, stored = outcome.suggestion, outcome.stored
        probabilities, facts = suggestion.record["probabilities"], suggestion.record["facts"]
        return cls(
            dataclasses.replace(stored.ticket, received_at=stored.received_at),
            suggestion.priority,
            tuple(probabilities[str(priority)] for priority in PRIORITIES),
            suggestion.action,
            {name: reading["value"] for name, reading in facts.items()},
            stored.arrival.product_area or "",
            outcome.decided,
        )


def assessed_now(file: TicketFile, desk: Desk, period: Period) -> Iterator[Sequence[Assessed]]:
    """Yield the tickets of a file that were received in a period, some hundred at a time."""
    rows = file.open()
    with progress_bar("tickets", len(rows) or None) as bar:
        tickets = (
            (file.cells(row), ticket)
            for row, ticket in file.tickets(rows)
            if period.holds(ticket.received_at)
        )
        while chunk := list(islice(tickets, CHUNK)):
            suggestions = desk.suggest_many([ticket for _, ticket in chunk])
            yield [
                Assessed.of(ticket, suggestion, str(cells.get("product_area") or ""), final(cells))
                for (cells, ticket), suggestion in zip(chunk, suggestions, strict=True)
            ]
            bar.advance(len(chunk))


def final(cells: Mapping[str, Any]) -> Priority | None:
    """Return what people made a ticket, where a column tells one of our priorities."""
    said = next((str(cells[name]) for name in FINAL if cells.get(name)), "")
    try:
        return Priority.parse(said)
    except ValueError:
        return None
