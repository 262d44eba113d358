"""A first look at labelled tickets before a model learns from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from classifier import LabelledTicket
from classifier.fingerprints import fingerprints
from tickets import PRIORITIES
from triage.labelled.counts import FEWEST_TO_LEARN

MOST_NAMED = 3
"""Contradictions that are named; the rest are counted."""


def remarks(tickets: Sequence[LabelledTicket]) -> list[str]:
    """Return a line for each kind of thing that makes a file hard to learn from."""
    return [*_contradictions(tickets), *_too_rare(tickets)]


def _contradictions(tickets: Sequence[LabelledTicket]) -> Iterator[str]:
    same: dict[int, list[LabelledTicket]] = {}
    for one, labelled in zip(fingerprints(tickets).tolist(), tickets, strict=True):
        same.setdefault(one, []).append(labelled)
    torn = [alike for alike in same.values() if len({one.priority for one in alike}) > 1]
    if torn:
        named = "; ".join(map(_named, torn[:MOST_NAMED]))
        more = f"; {len(torn) - MOST_NAMED:,} more" if len(torn) > MOST_NAMED else ""
        texts = "text has" if len(torn) == 1 else "texts have"
        yield f"{len(torn):,} {texts} more than one label: {named}{more}"


def _named(alike: Sequence[LabelledTicket]) -> str:
    first = alike[0]
    other = next(one for one in alike if one.priority != first.priority)
    return f"{first.ticket.id} {first.priority}, {other.ticket.id} {other.priority}"


def _too_rare(tickets: Sequence[LabelledTicket]) -> Iterator[str]:
    counts = Counter(labelled.priority for labelled in tickets)
    rare = [f"{one} ({counts[one]})" for one in PRIORITIES if counts[one] < FEWEST_TO_LEARN]
    if rare:
        named = ", ".join(rare)
        yield f"priorities of fewer than {FEWEST_TO_LEARN} tickets are hardly learnt: {named}"
