"""Evidence: the words of a ticket that speak most for a value that was read from it.

The light reader's scores are sums over features, so what each word adds to them is known exactly:
evidence is the run of words that adds most to the score of the value read, measured against the
other values. The encoder was taught which words people quote for a fact, and looks there for its
answer: evidence is the run of words that it looks at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from classifier.encoder import Encoded
from classifier.features import Feature, Observed, TicketText

Floats = npt.NDArray[np.float64]

LONGEST_EVIDENCE = 12
"""Words; longer quotes tell less."""
QUOTED_FROM = 0.5
"""How likely a word must be to belong to a quote, to lengthen one; on the development writers .3 to
.5 overlap most with what people quoted."""


class Evidence(Protocol):
    """What is known of how much each word of a text shows."""

    def strongest(self, fact: str, chosen: int) -> tuple[int, int] | None:
        """Return the characters of the run of words that shows most that a fact has a value.

        The value is given by its number. None when no word shows it.
        """
        ...


class LookedAt:
    """How likely the encoder finds it of each word of a text that it is quoted for a fact."""

    def __init__(self, ticket: TicketText, encoded: Encoded, questions: Sequence[str]) -> None:
        self._questions = questions
        self._text, self._words = ticket.clean.text, ticket.words
        self._lines = _line_numbers(ticket)
        self._scores = self._by_word(encoded)

    def _by_word(self, encoded: Encoded) -> Floats:
        """Give each word the greatest score of its tokens, shape (words, questions)."""
        scores = np.zeros((len(self._words), encoded.evidence.shape[1]))
        if not self._words:
            return scores
        starts = np.array([start for _, start, _ in self._words])
        ends = np.array([end for _, _, end in self._words])
        at = np.searchsorted(starts, encoded.starts, side="right") - 1
        inside = (at >= 0) & (encoded.starts < ends[at])
        np.maximum.at(scores, at[inside], encoded.evidence[inside])
        return scores

    def strongest(self, fact: str, _: int) -> tuple[int, int] | None:
        """Return the run of words most likely quoted for a fact, whatever value was read."""
        if not self._words:
            return None
        scores = self._scores[:, self._questions.index(fact)]
        # A faint quote is better than none: the best word is always worth a run of its own.
        run = _heaviest_run(scores - min(QUOTED_FROM, float(scores.max()) / 2), self._lines)
        return None if run is None else _characters(self._text, self._words[slice(*run)])


class WordWeights:
    """What each word of a text adds to each class's score."""

    def __init__(
        self,
        ticket: TicketText,
        observed: Observed,
        contributions: Floats,
        columns: Mapping[str, slice],
    ) -> None:
        self._columns = columns
        self._text, self._words = ticket.clean.text, ticket.words
        self._lines = _line_numbers(ticket)
        self._added = self._by_word(observed, contributions)

    def _by_word(self, observed: Observed, contributions: Floats) -> Floats:
        """Share each feature's contribution among the words that it covers, shape (words, k)."""
        added = np.zeros((len(self._words), contributions.shape[1]))
        starts = np.array([start for _, start, _ in self._words])
        first = np.searchsorted(starts, observed.starts, side="right") - 1
        last = np.searchsorted(starts, observed.ends, side="left")
        placed = (observed.ends > observed.starts) & (first >= 0) & (last > first)
        first, last, contributions = first[placed], last[placed], contributions[placed]
        share = contributions / (last - first)[:, None]
        for offset in range(int((last - first).max(initial=0))):
            covers = first + offset < last
            np.add.at(added, first[covers] + offset, share[covers])
        return added

    def strongest(self, fact: str, chosen: int) -> tuple[int, int] | None:
        """Return the run of words that speaks most for a value of a fact; None when none does."""
        if not self._words:
            return None
        scores = self._added[:, self._columns[fact]]
        others = np.delete(scores, chosen, axis=1).mean(axis=1)
        gain = scores[:, chosen] - others
        # Each word pays its share of an even spread, so that runs end where words stop telling.
        run = _heaviest_run(gain - max(gain.mean(), 0), self._lines)
        if run is None:
            return None
        return _characters(self._text, self._words[slice(*run)])


def _line_numbers(ticket: TicketText) -> npt.NDArray[np.int64]:
    """Return for each word which sentence or line it stands in."""
    text = ticket.clean.text
    return np.cumsum([0, *(_breaks(text, *pair) for pair in pairwise(ticket.words))])


def _characters(text: str, words: Sequence[Feature]) -> tuple[int, int]:
    """Return the characters of a run of words, whole where a word continues, as in `9am`."""
    start, end = words[0][1], words[-1][2]
    while start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def _breaks(text: str, before: Feature, after: Feature) -> bool:
    between = text[before[2] : after[1]]
    return "\n" in between or before[0] in "?!" or ". " in between


def _heaviest_run(gains: Floats, lines: npt.NDArray[np.int64]) -> tuple[int, int] | None:
    """Return the run [start, end) of words of one sentence with the greatest positive sum."""
    best, best_run = 0.0, None
    total, start = 0.0, 0
    for at, gain in enumerate(gains):
        is_new = total <= 0 or lines[at] != lines[start] or at - start >= LONGEST_EVIDENCE
        if is_new:
            total, start = 0.0, at
        total += float(gain)
        if total > best:
            best, best_run = total, (start, at + 1)
    return best_run
