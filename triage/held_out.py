"""Which labelled tickets a model learns from, and which are kept to judge it by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket
from classifier.fingerprints import Fingerprints, fingerprints
from triage.training import HELD_OUT

Claims = npt.NDArray[np.bool_]

SHARE = 5
"""Of files without splits, one ticket in this many is held out."""
FEWEST = 30
"""With fewer held out nothing can be said, so then all of them are learnt from."""


@dataclass(frozen=True)
class Parts:
    """Labelled tickets, parted."""

    learnt: Sequence[LabelledTicket]
    held_out: Sequence[LabelledTicket]
    """None of them says the same as one that is learnt from."""
    how: str
    """How they were parted, for the record."""


def part(tickets: Sequence[LabelledTicket]) -> Parts:
    """Part tickets: by their splits; without splits, the latest fifth is held out.

    Where a ticket has no receipt time, the fifth is taken by fingerprint: at random, but the same
    tickets whenever they come again.
    """
    prints = fingerprints(tickets)
    if any(labelled.split for labelled in tickets):
        is_held = np.array([labelled.split == HELD_OUT for labelled in tickets], bool)
        return _parts(tickets, prints, is_held, f"split {HELD_OUT}")
    count = len(tickets) // SHARE
    if count < FEWEST:
        return Parts(tickets, (), f"fewer than {FEWEST * SHARE} tickets: none held out")
    received = [labelled.ticket.received_at for labelled in tickets]
    stamps = np.array([at.timestamp() if at else np.nan for at in received])
    is_dated = not np.isnan(stamps).any()
    order = np.lexsort((prints, stamps)) if is_dated else np.argsort(prints, kind="stable")
    is_held = np.zeros(len(tickets), bool)
    is_held[order[-count:]] = True
    return _parts(tickets, prints, is_held, "the latest fifth" if is_dated else "a random fifth")


def _parts(
    tickets: Sequence[LabelledTicket], prints: Fingerprints, is_held: Claims, how: str
) -> Parts:
    learnt = those(tickets, ~is_held)
    return Parts(learnt, unlearnt(those(tickets, is_held), prints[~is_held]), how)


def unlearnt(tickets: Sequence[LabelledTicket], learnt: Fingerprints) -> list[LabelledTicket]:
    """Return the tickets that are not among those learnt from."""
    return those(tickets, are_new(tickets, learnt))


def are_new(tickets: Sequence[LabelledTicket], learnt: Fingerprints) -> Claims:
    """Tell for each of n tickets whether it is not among those learnt from, shape (n,)."""
    return ~np.isin(fingerprints(tickets), learnt)


def those(tickets: Sequence[LabelledTicket], claims: Claims) -> list[LabelledTicket]:
    """Return the tickets for which a claim holds."""
    return [labelled for labelled, holds in zip(tickets, claims, strict=True) if holds]
