"""Kin: tickets that must stay on one side of a split, as whoever knows one knows the other.

Kin say the same or nearly the same, or have the same group: a customer, a thread, a form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from classifier.features import ticket_text
from classifier.labelled import LabelledTicket
from classifier.progress import Progress
from classifier.similarity import near_families

Kin = npt.NDArray[np.int64]
"""A number for each ticket; kin have the same."""

_NUMBER = re.compile(r"\d+")


def kin_of(tickets: Sequence[LabelledTicket], progress: Progress) -> Kin:
    """Return for each of n tickets the number of its kin, shape (n,)."""
    texts = [_likened(ticket_text(labelled.ticket).clean.text) for labelled in tickets]
    return joined(near_families(texts, progress), [labelled.group for labelled in tickets])


def _likened(text: str) -> str:
    """Return a text without what tells apart tickets that a program or a form wrote."""
    return " ".join(_NUMBER.sub("0", text.casefold()).split())


def joined(kin: Kin, names: Sequence[str]) -> Kin:
    """Return kin that those of one name have become too; an empty name joins nobody.

    Families are numbered in the order of their names, those without one last.
    """
    known = sorted({name for name in names if name})
    numbers = {name: number for number, name in enumerate(known)}
    families, of_ticket = np.unique(kin, return_inverse=True)
    links = np.array(
        [(numbers[name], at) for name, at in zip(names, of_ticket, strict=True) if name], np.int64
    ).reshape(-1, 2)
    size = len(known) + len(families)
    graph = coo_matrix((np.ones(len(links)), (links[:, 0], links[:, 1] + len(known))), (size, size))
    found = connected_components(graph, directed=False)[1]
    return np.asarray(found[of_ticket + len(known)], np.int64)
