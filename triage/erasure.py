"""Which stored tickets a person wants erased, and their erasure, which the audit tells of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from tickets import Fault, InputFaults
from tickets.store import Store
from triage.period import named_instant


@dataclass(frozen=True)
class Choice:
    """Exactly one of the three is given."""

    source: str = ""
    external_id: str = ""
    requester: str = ""
    before: datetime | None = None

    @classmethod
    def of(cls, ticket: str, requester: str, before: str) -> Choice:
        """Return what options ask for; `InputFaults` unless that is one thing, rightly written."""
        given = [option for option in (ticket, requester, before) if option.strip()]
        if len(given) != 1:
            problem = "names nothing" if not given else "names several things"
            remedy = "give one of --ticket, --requester and --before"
            raise InputFaults(Fault("triage data erase", problem, remedy))
        if before:
            return cls(before=named_instant("--before", before))
        if requester:
            return cls(requester=requester.strip())
        source, slash, external_id = ticket.strip().partition("/")
        if not slash or not source or not external_id:
            problem = f'"{ticket}" is not of the form SOURCE/ID'
            raise InputFaults(Fault("--ticket", problem, "write api/T-17 or zendesk:support/4711"))
        return cls(source=source, external_id=external_id)

    def __str__(self) -> str:
        if self.before:
            return f"all tickets stored before {self.before.isoformat()}"
        return f"all tickets of {self.requester}" if self.requester else self._ticket

    @property
    def _ticket(self) -> str:
        return f"ticket {self.source}/{self.external_id}"

    @property
    def for_audit(self) -> str:
        """The choice without a name, since the audit is never erased."""
        if not self.requester:
            return str(self)
        digest = hashlib.sha256(self.requester.lower().encode()).hexdigest()
        return f"all tickets of a requester (sha256 {digest[:16]})"


def erase_chosen(store: Store, choice: Choice) -> int:
    """Erase the tickets that were chosen and return how many; `InputFaults` for an unknown one."""
    now = datetime.now(UTC)
    if choice.before:
        count = store.personal_data.erase_before(choice.before, now)
    elif choice.requester:
        count = store.personal_data.erase_requester(choice.requester, now)
    else:
        found = store.tickets.find(choice.source, choice.external_id)
        if found is None:
            remedy = "its source and id stand in GET /v1/suggestions"
            raise InputFaults(Fault("--ticket", f"there is no {choice}", remedy))
        count = int(store.personal_data.erase_ticket(found.key, now))
    store.audit.note("command line", "tickets erased", choice.for_audit, {"tickets": count}, now)
    return count
