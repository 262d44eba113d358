"""The worker that empties the outbox: any number of them may run, in any number of processes."""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from tickets.store import Message, Store, StoreUnavailable
from triage.journal import LOG, note, warn
from triage.write_back.delivery import deliver
from triage.write_back.line import Line
from triage.write_back.outcome import (
    Delayed,
    GaveUp,
    Kept,
    Outcome,
    Postponed,
    RetryAt,
    Sent,
)
from triage.write_back.retry import later
from triage.write_back.targets import Targets

LEASE = timedelta(minutes=10)
"""Longer than the slowest delivery; a message of a worker that died is taken up again after it."""
IDLE_SECONDS = 2.0
AFTER_A_FAULT = timedelta(minutes=5)


@dataclass
class OutboxWorker:
    """Delivers messages one by one: what it has claimed when it is told to stop, it still does."""

    store: Store
    targets: Targets
    client: httpx.Client
    clock: Callable[[], datetime]
    name: str
    _lines: dict[str, Line] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop, waiting where there is nothing to do or no store."""
        while not stop.is_set():
            try:
                is_idle = self.deliver_next(self.clock()) is None
            except StoreUnavailable as error:
                warn("store unavailable", why=str(error), worker=self.name)
                is_idle = True
            except Exception as error:  # a fault of ours must not end the sending for good
                LOG.error("outbox failed", exc_info=error)
                is_idle = True
            if is_idle:
                stop.wait(IDLE_SECONDS)

    def deliver_due(self) -> Counter[str]:
        """Deliver once all that is due now; return how many messages had which outcome."""
        due_at = self.clock()
        outcomes = iter(lambda: self.deliver_next(due_at), None)
        return Counter(type(outcome).__name__ for outcome in outcomes)

    def deliver_next(self, due_at: datetime) -> Outcome | None:
        """Deliver the message that is due longest at an instant; None where none is."""
        lease = self.clock() - due_at + LEASE
        claimed = self.store.outbox.claim(self.name, 1, due_at, lease)
        if not claimed:
            return None
        outcome = self._delivered(claimed[0])
        self._record(claimed[0], outcome)
        return outcome

    def _delivered(self, message: Message) -> Outcome:
        target = self.targets.get(message.target)
        if target is None:
            return GaveUp(f"no target {message.target} in the targets file; add it again")
        line = self._lines.setdefault(message.target, Line(target, self.client))
        try:
            return deliver(message, line, self.clock())
        except Exception as error:  # whatever it is, the other messages go out
            # Not its message: that may quote a ticket.
            last = traceback.extract_tb(error.__traceback__)[-1]
            problem = (
                f"a fault of ours: {type(error).__name__}, {Path(last.filename).name}:{last.lineno}"
            )
            now = self.clock()
            return later(message, Delayed(problem, now + AFTER_A_FAULT), target.give_up_after, now)

    def _record(self, message: Message, outcome: Outcome) -> None:
        outbox = self.store.outbox
        fields = {"message": message.id, "target": message.target, "ticket": message.ticket_key}
        match outcome:
            case Sent(does):
                outbox.sent(message.id, self.clock())
                note("written back", does=does, **fields)
            case Kept(why):
                outbox.kept(message.id, why)
                note("kept", why=why, **fields)
            case Postponed(at, why, since):
                outbox.postpone(message.id, why, at, since)
                note("write-back waits", why=why, until=at.isoformat(), **fields)
            case RetryAt(at, problem, since):
                outbox.retry(message.id, problem, at, since)
                warn("write-back delayed", problem=problem, until=at.isoformat(), **fields)
            case GaveUp(problem):
                outbox.gave_up(message.id, problem)
                warn("write-back given up", problem=problem, **fields)
