"""Stored tickets with what was suggested for them and what stands decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tickets import Fault, InputFaults, Priority
from tickets.store import (
    DecisionRow,
    Store,
    StoredTicket,
    StoreUnavailable,
    SuggestionRow,
    open_store,
)
from tickets.ticket import EARLIEST
from triage.intake import AUTOMATIC
from triage.period import Period
from triage.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """A ticket, the suggestion that was decided on, or the newest one, and the decision."""

    stored: StoredTicket
    suggestion: SuggestionRow
    decision: DecisionRow | None
    """The one that stands; None while nobody has settled anything."""

    @property
    def decided(self) -> Priority | None:
        """The priority that a person settled on; a suggestion that acted by itself is no person."""
        if self.decision is None or self.decision.actor == AUTOMATIC:
            return None
        return self.decision.priority


@contextmanager
def opened_store(database_url: str) -> Iterator[Store]:
    """Open the store of the settings, or the one given; `InputFaults` while it does not answer."""
    store = open_store(Settings.from_environment(database_url=database_url).database_url)
    try:
        yield store
    except StoreUnavailable as error:
        raise InputFaults(Fault("database", str(error))) from None
    finally:
        store.close()


def outcomes(store: Store, period: Period) -> Iterator[Outcome]:
    """Yield the assessed tickets received in a period, in the order in which they were stored."""
    for stored in store.tickets.stored_since(EARLIEST):
        if period.holds(stored.received_at):
            decision_id = stored.standing_decision_id
            decision = store.decisions.load(decision_id) if decision_id else None
            shown = decision.suggestion_id if decision else stored.suggestion_id
            suggestion = store.suggestions.load(shown) if shown else None
            if suggestion is not None:
                yield Outcome(stored, suggestion, decision)
