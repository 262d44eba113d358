"""What is watched over time of a ticket: how it reads, what was read from it, what was suggested.

No text is kept: values, numbers, and which of the words that a model knows stand in the ticket.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from classifier import Model
from classifier.features import ticket_text
from classifier.language import SUPPORTED, detect_language
from tickets import Priority
from triage.assessed import Assessed

LANGUAGE, LENGTH, UNKNOWN, CONFIDENCE = "language", "length", "unknown words", "confidence"
PRIORITY, ACTION = "priority", "action"
PRODUCT_AREA = "product_area"
FORM = ("environment", "channel", PRODUCT_AREA)
"""What a form says of a ticket, where it does."""
NUMBERS = (LENGTH, UNKNOWN, CONFIDENCE)
FACT = "fact "
"""What the names of measures of facts begin with."""

_WORDS = "words"
"""The part of the features that knows whole words."""


@dataclass(frozen=True)
class Observation:
    """One assessed ticket as far as drift looks at it."""

    received_at: datetime | None
    values: Mapping[str, str]
    """The value of each measure that has a few of them; missing ones are left out."""
    numbers: Mapping[str, float]
    """Likewise."""
    words: frozenset[str] | None
    """Those that the model knows. None in another language than it reads, as words and lengths
    would only say once more which that is, and where the text has been erased."""
    suggested: Priority
    probabilities: tuple[float, ...]
    decided: Priority | None

    @property
    def confidence(self) -> float:
        """The probability of what was suggested."""
        return self.probabilities[self.suggested]


def observe(assessed: Sequence[Assessed], model: Model) -> list[Observation]:
    """Return what is watched of assessed tickets; the model tells which words are known."""
    known = next(part.columns for part in model.space.vocabularies if part.part == _WORDS)
    return [_observation(one, known) for one in assessed]


def _observation(assessed: Assessed, known: Collection[str]) -> Observation:
    text = ticket_text(assessed.ticket)
    said = [word for word, _, _ in text.words if word[0].isalpha()]
    language = detect_language(text.clean.text) if said else ""
    is_read = language == SUPPORTED
    return Observation(
        received_at=assessed.ticket.received_at,
        values={**_form(assessed, language), **_outcome(assessed)},
        numbers={
            CONFIDENCE: assessed.probabilities[assessed.priority],
            **(_reading(said, known) if is_read else {}),
        },
        words=frozenset(word for word in said if word in known) if is_read else None,
        suggested=assessed.priority,
        probabilities=assessed.probabilities,
        decided=assessed.decided,
    )


def _reading(said: Sequence[str], known: Collection[str]) -> dict[str, float]:
    unknown = sum(word not in known for word in said)
    return {LENGTH: len(said), UNKNOWN: unknown / max(len(said), 1)}


def _form(assessed: Assessed, language: str) -> dict[str, str]:
    ticket = assessed.ticket
    said = (ticket.environment, ticket.channel, assessed.product_area, language)
    given = zip((*FORM, LANGUAGE), said, strict=True)
    return {name: value.lower() for name, value in given if value}


def _outcome(assessed: Assessed) -> dict[str, str]:
    facts = {FACT + name: value for name, value in assessed.facts.items()}
    return {**facts, PRIORITY: str(assessed.priority), ACTION: assessed.action}
