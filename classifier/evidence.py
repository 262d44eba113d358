"""Evidence: the words of a ticket that speak most for a value that was read from it.

A linear score is a sum over features, so what each word adds to it is known exactly. Evidence is
the run of words that adds most to the score of the value read, measured against the other values.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from classifier.features import Feature, Observed, TicketText

Floats = npt.NDArray[np.float64]

LONGEST_EVIDENCE = 12
"""Words; longer quotes tell less."""


class WordWeights:
    """What each word of a text adds to each class's score."""

    def __init__(self, ticket: TicketText, observed: Observed, contributions: Floats) -> None:
        self._words = ticket.words
        text = ticket.clean.text
        self._lines = np.cumsum([0, *(_breaks(text, *pair) for pair in pairwise(self._words))])
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

    def strongest(self, columns: slice, chosen: int) -> tuple[int, int] | None:
        """Return the characters of the run of words that speaks most for class `chosen` of a head.

        None when no word speaks for it.
        """
        if not self._words:
            return None
        scores = self._added[:, columns]
        others = np.delete(scores, chosen, axis=1).mean(axis=1)
        gain = scores[:, chosen] - others
        # Each word pays its share of an even spread, so that runs end where words stop telling.
        run = _heaviest_run(gain - max(gain.mean(), 0), self._lines)
        if run is None:
            return None
        return self._words[run[0]][1], self._words[run[1] - 1][2]


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
