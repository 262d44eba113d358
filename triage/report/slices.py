"""The same tickets by tier, channel, language and product area: where is it worse?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifier import LabelledTicket
from classifier.features import ticket_text
from classifier.language import detect_language
from triage.labelled.counts import FEWEST_TO_LEARN as FEWEST
from triage.labelled.evaluation import NOTHING
from triage.report.shares import Share
from triage.report.trial import Trial

MOST_SHOWN = 25
"""Values of a column that are shown by themselves."""


@dataclass(frozen=True)
class Slice:
    """The tickets that have one value, or one of several, in a column."""

    values: tuple[str, ...]
    right: Share
    urgent: Share
    """Of the P0 tickets, those suggested as P0."""
    cost: float
    """The mean cost of a suggestion."""

    @property
    def tickets(self) -> int:
        """How many there are."""
        return self.right.total

    @property
    def is_too_small(self) -> bool:
        """Whether there are too few tickets to say anything."""
        return self.tickets < FEWEST


@dataclass(frozen=True)
class Column:
    """One column of the tickets, sliced; the commonest value first."""

    name: str
    slices: tuple[Slice, ...]
    together: Slice | None
    """The values with too few tickets each, and those beyond the most shown, as one slice."""
    note: str = ""


@dataclass(frozen=True)
class Slices:
    """All columns that the tickets have."""

    columns: tuple[Column, ...]
    absent: tuple[str, ...]
    """Columns in which no ticket has a value."""

    def judged(self) -> list[tuple[str, Slice]]:
        """Return the slices with tickets enough, each with the name of its column."""
        return [
            (column.name, one)
            for column in self.columns
            for one in (*column.slices, *([column.together] if column.together else []))
            if not one.is_too_small
        ]

    def worse(self, overall: Share) -> list[tuple[str, Slice]]:
        """Return the slices that are worse than all tickets together by more than chance."""
        known = overall.value or 0.0
        found = [pair for pair in self.judged() if pair[1].right.high < known]
        return sorted(found, key=lambda pair: pair[1].right.value or 0.0)


def slices(trial: Trial) -> Slices:
    """Return the tickets by each column that has a value."""
    found = {name: _values(trial.data.tickets, of) for name, of in _COLUMNS.items()}
    columns = [
        _column(trial, name, values, _note(name, trial.data.tickets))
        for name, values in found.items()
        if set(values) != {NOTHING}
    ]
    return Slices(
        tuple(columns), tuple(name for name, values in found.items() if set(values) == {NOTHING})
    )


def language(labelled: LabelledTicket) -> str:
    """Return the language that a ticket is said to be in, else the one that its text shows."""
    return labelled.language or detect_language(ticket_text(labelled.ticket).clean.text)


_COLUMNS: Mapping[str, Callable[[LabelledTicket], str | None]] = {
    "tier": lambda labelled: labelled.ticket.tier,
    "channel": lambda labelled: labelled.ticket.channel,
    "language": language,
    "product area": lambda labelled: labelled.product_area,
}


def _note(name: str, tickets: Sequence[LabelledTicket]) -> str:
    if name == "language" and not all(labelled.language for labelled in tickets):
        return "as detected from the text where the file does not say"
    return ""


def _values(
    tickets: Sequence[LabelledTicket], of: Callable[[LabelledTicket], str | None]
) -> list[str]:
    return [of(labelled) or NOTHING for labelled in tickets]


def _column(trial: Trial, name: str, values: Sequence[str], note: str) -> Column:
    found = sorted(_slices(trial, values), key=lambda one: (-one.tickets, one.values))
    large = [one for one in found if not one.is_too_small][:MOST_SHOWN]
    rest = tuple(value for one in found if one not in large for value in one.values)
    together = _slice(trial, values, rest) if rest else None
    return Column(name, tuple(large), together, note)


def _slices(trial: Trial, values: Sequence[str]) -> Iterator[Slice]:
    for value in set(values):
        yield _slice(trial, values, (value,))


def _slice(trial: Trial, values: Sequence[str], these: tuple[str, ...]) -> Slice:
    inside = np.isin(np.array(values, object), these)
    urgent = inside & (trial.labels == 0)
    return Slice(
        values=these,
        right=Share.among(trial.is_right, inside),
        urgent=Share.among(trial.is_right, urgent),
        cost=float(trial.paid[inside].mean()),
    )
