"""What to label next, as a work list that is filled in and given to `triage train`.

It shows no suggestion, so that the labels are blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from classifier import Reader, Registry
from classifier.choosing import most_worthwhile, spread, worth
from classifier.features import ticket_text
from classifier.fingerprints import fingerprint
from classifier.similarity import likeness_rows
from rules import load_ruleset
from tickets import Fault, InputFaults
from tickets.store import Store
from triage.assessed import Assessed, assessed_now
from triage.desk import Desk
from triage.period import Period
from triage.settings import Settings
from triage.stored import outcomes
from triage.suggest import cost_array
from triage.ticket_file import TicketFile

COLUMNS = (
    *("rank", "worth", "id", "subject", "body", "tier", "channel", "environment", "received_at"),
    *("product_area", "priority"),
)


def next_of_file(file: TicketFile, reader: Reader, period: Period, count: int) -> list[Record]:
    """Return what to label next of a file; `InputFaults` when all of it is labelled."""
    desk = Desk.load(reader=reader)
    learnt = set(_registry().learnt(desk.rooms.model.version).tolist())
    assessed = [one for part in assessed_now(file, desk, period) for one in part]
    if not assessed:
        raise file.nothing_found()
    found = [
        one for one in assessed if one.decided is None and fingerprint(one.ticket) not in learnt
    ]
    return _chosen(found, count, file.path)


def next_of_store(store: Store, period: Period, count: int) -> list[Record]:
    """Return what to label next of the stored tickets; `InputFaults` when all are decided."""
    found = [
        Assessed.stored(one)
        for one in outcomes(store, period)
        if one.decided is None and one.stored.erased_at is None
    ]
    return _chosen(found, count, "database")


Record = dict[str, Any]


def _registry() -> Registry:
    return Registry(Settings.from_environment().home)


def _chosen(found: Sequence[Assessed], count: int, place: str) -> list[Record]:
    if not found:
        remedy = "all of this time are labelled, decided or learnt from"
        raise InputFaults(Fault(place, "has no ticket left to label", remedy))
    worths = worth(np.array([one.probabilities for one in found]), cost_array(load_ruleset()))
    best = most_worthwhile(worths, count)
    candidates = [found[at] for at in best]
    rows = likeness_rows([_said(one) for one in candidates])
    order = spread(worths[best], rows, count)
    return [
        _entry(rank, float(worths[best[at]]), candidates[at]) for rank, at in enumerate(order, 1)
    ]


def _said(assessed: Assessed) -> str:
    return ticket_text(assessed.ticket).clean.text.casefold()


def _entry(rank: int, worth: float, assessed: Assessed) -> Record:
    ticket = assessed.ticket
    return {
        "rank": rank,
        "worth": round(worth, 3),
        "id": ticket.id,
        "subject": ticket.subject,
        "body": ticket.body,
        "tier": ticket.tier,
        "channel": ticket.channel,
        "environment": ticket.environment,
        "received_at": ticket.received_at.isoformat() if ticket.received_at else None,
        "product_area": assessed.product_area or None,
        "priority": None,
    }
