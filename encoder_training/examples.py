"""What the network learns from: cleaned texts, right answers, and the characters that show them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from classifier import LabelledTicket
from classifier.text import clean

UNKNOWN = -100
"""In place of an answer that nobody has given; cross-entropy passes over it."""
Quote = tuple[str, int, int]
"""The question that a quote answers, and where the quote starts and ends in the text."""


@dataclass(frozen=True)
class Example:
    """One ticket: its text as the encoder reads it, its answers and the words that show them."""

    text: str
    answers: Mapping[str, int]
    """The number of the right answer of each question, or `UNKNOWN`."""
    quotes: tuple[Quote, ...]
    is_quoted: bool = True
    """Whether somebody has marked the words that show its answers."""


def example(
    labelled: LabelledTicket, questions: Mapping[str, Sequence[str]], *, subject: bool = True
) -> Example:
    """Return the example of a labelled ticket, with or without its subject."""
    ticket = labelled.ticket
    text = clean(ticket.subject if subject else "", ticket.body).text
    right = {**labelled.facts, "priority": str(labelled.priority)}
    quotes = tuple(
        (question, match.start(), match.end())
        for question, said in labelled.evidence.items()
        for words in said
        if (match := _find(words, text))
    )
    answers = {
        name: list(values).index(right[name]) if name in right else UNKNOWN
        for name, values in questions.items()
    }
    return Example(text, answers, quotes, bool(labelled.evidence))


_LIKE_A_QUOTE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})


def _find(words: str, text: str) -> re.Match[str] | None:
    """Find a quote, however its white space was broken."""
    pattern = r"\s+".join(map(re.escape, words.translate(_LIKE_A_QUOTE).split()))
    return re.search(pattern, text, re.IGNORECASE) if pattern else None


def mistyped(example: Example, rate: float, chance: random.Random) -> Example:
    """Return the example with some letters swapped with their neighbour, doubled or replaced.

    No character is added or taken away, so quotes keep their places.
    """
    letters = list(example.text)
    for at in range(1, len(letters) - 2):
        if letters[at].isalpha() and letters[at + 1].isalpha() and chance.random() < rate:
            if chance.random() < 0.6:
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            else:
                letters[at] = chance.choice("aeinorst")
    return replace(example, text="".join(letters))
