"""A desk's history as the desk itself tells it: the tickets made or changed in a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tickets import Priority, TicketFault
from triage.arrived import arrival_of, ticket_of
from triage.asked_desk import AskedDesk, Asking
from triage.backfill import Past, Report, past_priority
from triage.course import Course
from triage.integrations import Customers
from triage.integrations.desk_ticket import DeskTicket
from triage.integrations.histories import HISTORIES
from triage.integrations.own_marks import is_own_tag
from triage.period import Period


@dataclass(frozen=True)
class Page:
    """Some tickets of a history, in the desk's order."""

    pasts: tuple[Past, ...]
    reached: datetime | None
    """The change up to which the history is told with them, as far as the desk says."""


@dataclass(frozen=True)
class DeskHistory:
    """The history of one desk in a period, for the store."""

    desk: AskedDesk
    period: Period
    customers: Customers
    label_names: Mapping[str, Priority]
    """What the desk's priorities stand for, where they are to count as people's decisions."""
    report: Report
    clock: Callable[[], datetime]

    def pages(self, asking: Asking) -> Iterator[Page]:
        """Yield the history page by page; `InputFaults` when the desk cannot tell it."""
        tell = HISTORIES[self.desk.endpoint.source]
        try:
            all_told = tell(asking.read, self.period.since, self.desk.endpoint)
            for number, told in enumerate(all_told, start=1):
                yield self._page(told, number)
                if any(ticket.at and ticket.at >= self.period.until for ticket in told):
                    return  # they come in the order of changes
        except (KeyError, TypeError):
            problem = f"the answer is not as {self.desk.target.kind} documents it"
            raise asking.fault(problem, "is the url that of the desk?") from None

    def _page(self, told: list[DeskTicket], number: int) -> Page:
        found: dict[str, Past] = {}
        reached = None
        for place, ticket in enumerate(told, start=1):
            if not self._is_in_period(ticket):
                continue
            try:
                past = self._past(ticket)
            except TicketFault as fault:
                self.report.fail(f"ticket {place} of page {number}", fault)
            else:
                found[ticket.arrived.external_id] = past  # told twice, the later holds
            reached = ticket.at or reached
        return Page(tuple(found.values()), reached)

    def _is_in_period(self, ticket: DeskTicket) -> bool:
        since = self.period.since.replace(microsecond=0)  # some desks count seconds
        return ticket.at is None or since <= ticket.at < self.period.until

    def _past(self, ticket: DeskTicket) -> Past:
        arrived = ticket.arrived
        if "id" in arrived.missing:
            problem = "is missing or too long: the ticket could not be known again"
            raise TicketFault("id", "", problem, "look whether the desk shows it")
        as_of = arrived.as_of or self.clock()
        return Past(
            ticket_of(arrived, self.customers, as_of),
            replace(arrival_of(arrived, self.desk.endpoint), changed_at=as_of),
            self._priority(ticket),
            Course(as_of, ticket.stage, ticket.stage_at or as_of, ticket.replied_at),
            is_deleted=ticket.is_deleted,
        )

    def _priority(self, ticket: DeskTicket) -> Priority | None:
        """Return the priority of a person; one beside a label of ours may be our own doing."""
        if not self.label_names or any(map(is_own_tag, ticket.arrived.labels)):
            return None
        cells = {"priority": ticket.arrived.desk_priority}
        return past_priority(cells, self.label_names, self.report)
