"""Incidents that the provider's status page tells of: beside a ticket, they explain much.

They never change a priority; whoever reads the ticket sees that others are affected too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sla.status_page import Incident, StatusPage, parse_status_page
from tickets import InputFaults
from triage.journal import warn
from triage.status_source import status_documents

LATE = timedelta(hours=6)
"""By which the beginning of an incident on the page may lie after the first tickets of it."""


@dataclass(frozen=True)
class Told:
    """What the page said when it was last asked."""

    page: StatusPage
    at: datetime
    is_current: bool
    """False when it did not answer since."""


class KnownIncidents:
    """The page as it was last read; asked in the background, so that no reader waits for it."""

    def __init__(self, source: str = "") -> None:
        self._source = source
        self._told: Told | None = None

    @property
    def told(self) -> Told | None:
        """What is known; None before the page has answered for the first time."""
        return self._told

    def refresh(self, now: datetime) -> None:
        """Ask the page, if there is one; while it is silent, what it said before stays, as old."""
        if not self._source:
            return
        try:
            page = parse_status_page(status_documents([self._source]))
        except InputFaults:
            warn("status page silent")
            if self._told is not None:
                self._told = Told(self._told.page, self._told.at, is_current=False)
        else:
            self._told = Told(page, now, is_current=True)

    def about(self, received_at: datetime) -> tuple[Incident, ...]:
        """Return the incidents that may be behind a ticket, oldest first.

        Pages are updated late, so one that is said to have begun soon after the ticket counts too.
        """
        if self._told is None:
            return ()
        return tuple(
            incident
            for incident in self._told.page.incidents
            if incident.is_active_at(received_at)
            or received_at <= incident.began_at <= received_at + LATE
        )
