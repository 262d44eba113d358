"""Fingerprints of tickets: what a model has learnt from, without keeping a word of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifier.features import ticket_text
from classifier.labelled import LabelledTicket
from tickets import Ticket

Fingerprints = npt.NDArray[np.uint64]


def fingerprints(tickets: Sequence[LabelledTicket]) -> Fingerprints:
    """Return a number for each of n tickets, shape (n,); the same for the same clean text.

    Case and blanks do not count, nor do markup, quoted mail and signatures.
    """
    return np.array([fingerprint(labelled.ticket) for labelled in tickets], np.uint64)


def fingerprint(ticket: Ticket) -> int:
    """Return the number of one ticket."""
    said = " ".join(ticket_text(ticket).clean.text.casefold().split())
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")
