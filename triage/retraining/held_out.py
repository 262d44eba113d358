"""Which labelled tickets a model learns from, and which are kept to judge it by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket
from classifier.fingerprints import Fingerprints, fingerprints
from classifier.kinship import Kin
from triage.retraining.training import HELD_OUT

Claims = npt.NDArray[np.bool_]

SHARE = 5
"""Of files without splits, one ticket in this many is held out."""
MOST_SHARE = 2
"""At most one in this many is, where a fifth leaves fewer than `FEWEST`."""
FEWEST = 30
"""With fewer held out nothing can be said."""
FEWEST_TO_PART = 100
"""Of fewer tickets all are learnt from: what is held out would be missed too much."""
_NO_SPLIT = f"no ticket has the split {HELD_OUT}: none held out"


@dataclass(frozen=True)
class Parts:
    """Labelled tickets, parted."""

    learnt: Sequence[LabelledTicket]
    kin: Kin
    """Of those that are learnt from."""
    held_out: Sequence[LabelledTicket]
    """None of them is kin of one that is learnt from."""
    dropped: int
    """How many were to be held out, and are kin of one that is learnt from."""
    fingerprints: Fingerprints
    """Of those that are learnt from, and of those dropped: nothing can be judged by them."""
    how: str
    """How they were parted, for the record."""


def part(
    tickets: Sequence[LabelledTicket],
    kin: Kin | None = None,
    background: Sequence[LabelledTicket] = (),
) -> Parts:
    """Part tickets: by their splits; without splits, the latest fifth is held out.

    Where too few of those are left to judge by, more of the latest are. Where a ticket has no
    receipt time, and where nearly all of the latest are kin of earlier ones, whole families are: at
    random, but the same whenever they come again. All of the `background` is learnt from. `kin` are
    of background and tickets; by default, exact copies.
    """
    everything = [*background, *tickets]
    prints = fingerprints(everything)
    kin = np.unique(prints, return_inverse=True)[1] if kin is None else kin
    own = len(background)
    for way in _ways(tickets, prints[own:], kin[own:]):
        how, is_held = way.how, np.concatenate([np.zeros(own, bool), way.is_held])
        is_apart = is_held & ~np.isin(kin, kin[~is_held])
        if is_apart.sum() >= FEWEST:
            break
    return Parts(
        learnt=those(everything, ~is_held),
        kin=kin[~is_held],
        held_out=those(everything, is_apart),
        dropped=int((is_held & ~is_apart).sum()),
        fingerprints=prints[~is_apart],
        how=how,
    )


@dataclass(frozen=True)
class _Way:
    """Which of n tickets to hold out, shape (n,), and how they were chosen."""

    is_held: Claims
    how: str


def _ways(tickets: Sequence[LabelledTicket], prints: Fingerprints, kin: Kin) -> Iterator[_Way]:
    """Yield ways to part tickets, the best first; the next is for where too few are left."""
    splits = np.array([labelled.split for labelled in tickets])
    if (splits != "").any():
        is_held = splits == HELD_OUT
        yield _Way(is_held, f"the split {HELD_OUT}" if is_held.any() else _NO_SPLIT)
        return
    if len(tickets) < FEWEST_TO_PART:
        nothing = np.zeros(len(tickets), bool)
        yield _Way(nothing, f"fewer than {FEWEST_TO_PART} tickets: none held out")
        return
    fifth = len(tickets) // SHARE
    fewest = max(fifth, FEWEST)
    received = [labelled.ticket.received_at for labelled in tickets]
    stamps = np.array([at.timestamp() if at else np.nan for at in received])
    if not np.isnan(stamps).any():
        order = np.lexsort((prints, stamps))
        for count in range(fewest, len(tickets) // MOST_SHARE + 1, fewest // 6):
            latest = np.isin(np.arange(len(tickets)), order[-count:])
            yield _Way(latest, f"the latest {'fifth' if count == fifth else count}")
    share = "fifth" if fewest == fifth else fewest
    yield _Way(_whole_families(prints, kin, fewest), f"a random {share}")


def _whole_families(prints: Fingerprints, kin: Kin, count: int) -> Claims:
    """Return whole families that hold at most `count` of n tickets together, shape (n,)."""
    families, of_ticket, sizes = np.unique(kin, return_inverse=True, return_counts=True)
    greatest = np.zeros(len(families), np.uint64)
    np.maximum.at(greatest, of_ticket, prints)
    chosen, room = [], count
    for family in np.argsort(greatest)[::-1]:
        if sizes[family] <= room:
            chosen.append(family)
            room -= sizes[family]
    return np.isin(of_ticket, chosen)


def unlearnt(tickets: Sequence[LabelledTicket], learnt: Fingerprints) -> list[LabelledTicket]:
    """Return the tickets that are not among those learnt from."""
    return those(tickets, are_new(tickets, learnt))


def are_new(tickets: Sequence[LabelledTicket], learnt: Fingerprints) -> Claims:
    """Tell for each of n tickets whether it is not among those learnt from, shape (n,)."""
    return ~np.isin(fingerprints(tickets), learnt)


def those(tickets: Sequence[LabelledTicket], claims: Claims) -> list[LabelledTicket]:
    """Return the tickets for which a claim holds."""
    return [labelled for labelled, holds in zip(tickets, claims, strict=True) if holds]
