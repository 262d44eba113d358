"""Many suggestions accepted at once, and taken back at once.

What was accepted together has the same agent and the same instant; by them it is found again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tickets import Priority
from tickets.store import (
    Claim,
    Conflict,
    Decision,
    DecisionKind,
    NotFound,
    QueueItem,
    QueueState,
    Store,
)
from triage.blindness import is_hidden
from triage.decisions import Decisions
from triage.review.forms import Form
from triage.review.seen import Seen
from triage.review.view import View, queue_page

MOST = 500
"""Tickets at once: what an agent can still be answerable for."""
PICK, ALL = "pick", "all"
"""Fields of the form: a ticket that was selected, and whether all of the view are meant."""
_INSTANT = timedelta(microseconds=1)
DECIDED = "are not to be decided any more"
BLIND = "are blind: each is decided by itself"
CLAIMED = "are being looked at by somebody else"
CHANGED = "have changed since the page was shown"


@dataclass(frozen=True)
class Chosen:
    """A ticket that is going to be accepted."""

    pick: Seen
    key: str
    subject: str
    priority: Priority
    confidence: float


@dataclass(frozen=True)
class Choice:
    """What accepting would do."""

    tickets: tuple[Chosen, ...]
    left_out: Mapping[str, int]
    """Why some are not accepted, and how many."""
    is_cut: bool
    """Whether there are more than can be accepted at once."""

    @property
    def by_priority(self) -> Mapping[Priority, int]:
        """How many get which priority."""
        return dict(sorted(Counter(ticket.priority for ticket in self.tickets).items()))


def choose(store: Store, view: View, form: Form, user: str, now: datetime) -> Choice:
    """Return what a form selects of a view: some of its tickets, or all that are to be decided."""
    is_all = bool(form.text(ALL))
    asked = replace(view.but(), state=QueueState.PENDING) if is_all else view
    page = queue_page(store, asked, MOST)
    picks = {Seen.parse(text) for text in form.all(PICK)}
    items = [item for item in page.items if is_all or _pick(item) in picks]
    claims = store.claims.of([item.ticket_key for item in items], now)
    obstacles = [_obstacle(item, claims.get(item.ticket_key), user) for item in items]
    left_out = Counter(filter(None, obstacles))
    if not is_all:
        left_out[CHANGED] += len(picks) - len(items)
    return Choice(
        tickets=tuple(_chosen(item) for item, why in zip(items, obstacles, strict=True) if not why),
        left_out=+left_out,
        is_cut=is_all and page.next_cursor is not None,
    )


def _pick(item: QueueItem) -> Seen:
    return Seen(item.suggestion.id, item.version)


def _obstacle(item: QueueItem, claim: Claim | None, user: str) -> str:
    """Return why a ticket cannot be accepted along with others; empty where it can."""
    if item.state is not QueueState.PENDING:
        return DECIDED
    if is_hidden(item.suggestion, item.standing):
        return BLIND
    return CLAIMED if claim is not None and claim.user != user else ""


def _chosen(item: QueueItem) -> Chosen:
    suggestion = item.suggestion
    return Chosen(
        _pick(item), item.ticket_key, item.subject, suggestion.priority, suggestion.confidence
    )


def accept(decisions: Decisions, picks: Sequence[Seen], agent: str, now: datetime) -> int:
    """Accept suggestions as one act; return how many were still as the agent saw them."""
    accepted = 0
    for pick in picks:
        with suppress(Conflict, NotFound):
            if not decisions.subject(pick.suggestion_id).suggestion.is_blind:
                decision = Decision(DecisionKind.ACCEPT, agent)
                decisions.decide(pick.suggestion_id, decision, pick.version, now)
                accepted += 1
    return accepted


def accepted_at(store: Store, instant: datetime, agent: str) -> list[str]:
    """Return the decisions that an agent made as one act."""
    return [
        record["id"]
        for record in store.decisions.export(instant, instant + _INSTANT)
        if record["actor"] == agent and record["kind"] == DecisionKind.ACCEPT
    ]


def take_back(decisions: Decisions, ids: Sequence[str], agent: str, now: datetime) -> int:
    """Undo decisions; return how many still stood."""
    undone = 0
    for decision_id in ids:
        with suppress(Conflict):
            decisions.undo(decision_id, agent, now)
            undone += 1
    return undone
