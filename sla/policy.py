"""The support policy: what a tier includes, how fast it is answered, and where else to look."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sla.business_hours import BusinessDays, BusinessHours
from sla.deadlines import ResponseClock, Target, response_clock
from sla.instants import OutsideHorizon, from_micros, to_micros
from sla.uptime import UptimeTerms
from tickets import PRIORITIES, Entitlement, Fault, Priority, Resource, Response
from tickets.faults import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sla.bulk import BulkDeadlines


@dataclass(frozen=True)
class Edition:
    """Which edition of the policy this is, and when it is in force."""

    title: str
    name: str
    effective_from: date
    effective_until: date | None
    """The last day, if there is one."""
    digest: str
    """A hash of all that the edition says, but for the dates of the holidays."""


@dataclass(frozen=True)
class Row:
    """One line of the policy's table: its words in the source, and how we read them."""

    id: str
    label: str
    cells: Mapping[str, str]
    """What each tier gets, in words or as ✓ and ✗."""
    source: str
    reading: str = ""


@dataclass(frozen=True)
class Benefits:
    """What each tier includes."""

    rows: tuple[Row, ...]
    """The policy's table, in the order of its source."""
    included: Mapping[str, frozenset[str]]
    """The ids of the rows that each tier includes."""
    channels: Mapping[str, str]
    """The id of the row that includes each channel."""

    def row(self, row_id: str) -> Row:
        """Return the row with this id."""
        return next(row for row in self.rows if row.id == row_id)


@dataclass(frozen=True)
class Help:
    """A resource of the policy, and the facts of a ticket for which it is named."""

    resource: Resource
    helps_when: tuple[Mapping[str, frozenset[str]], ...]
    """One of these holds when each of its facts has one of its values."""

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Tell whether the resource helps a ticket with these facts."""
        return any(
            all(facts.get(name) in values for name, values in condition.items())
            for condition in self.helps_when
        )


@dataclass(frozen=True)
class Policy:
    """One edition of the support policy, ready to answer for any ticket."""

    edition: Edition
    zone: tzinfo
    tiers: Mapping[str, str]
    """Each tier and its label; their order gives the integer codes of the bulk form."""
    calendars: Mapping[str, BusinessHours]
    calendar_of_tier: Mapping[str, str]
    business_days: BusinessDays
    targets: Mapping[str, Mapping[Priority, Target]]
    at_risk_share: float
    """The share of a target after whose use a response is at risk."""
    benefits: Benefits
    helps: tuple[Help, ...]
    uptime: UptimeTerms
    readings: Mapping[str, str]
    """How calendars, holidays and business days are understood."""
    warnings: tuple[Fault, ...] = field(default=(), compare=False)
    receipts: tuple[int, int] = field(init=False, repr=False, compare=False)
    """The first instant at which a ticket can be received, and the first one too late."""
    _clocks: _Clocks = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "receipts", self._receipts())
        clocks = {
            (tier, key): response_clock(target, self.hours(tier), self.business_days)
            for tier, targets in self.targets.items()
            for priority, target in targets.items()
            for key in (priority, priority.name)
        }
        object.__setattr__(self, "_clocks", _Clocks(clocks))

    def respond_by(self, *, tier: str, priority: Priority | str, received_at: datetime) -> datetime:
        """Return the deadline of the first response, in the policy's zone.

        `OutsideHorizon` beyond the dates that the policy knows; `ValueError` for an unknown tier
        or priority, and for a receipt time without UTC offset.
        """
        clock = self._clocks[tier, priority]
        return from_micros(clock.due(self.receipt(received_at)), self.zone)

    def respond_by_many(
        self,
        tier: str | NDArray[np.integer[Any]],
        priority: Priority | str | NDArray[np.integer[Any]],
        received_at_ns: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Return the deadlines of many tickets; nanoseconds since 1970 in UTC, in and out.

        Tier and priority are each one for all, or an array of the policy's integer codes: the
        place of the tier in `tiers`, the number of the priority. Raises as `respond_by` does.
        """
        return self.bulk.due(tier, priority, received_at_ns)

    def response(self, tier: str, priority: Priority | str, received_at: datetime) -> Response:
        """Return the deadline and what is said beside it; raises as `respond_by` does."""
        clock = self.clock(tier, priority)
        received = self.receipt(received_at)
        due = {other: self.clock(tier, other).due(received) for other in PRIORITIES}
        staffed = clock.staffed_due(received)
        return Response(
            due_at=from_micros(clock.due(received), self.zone),
            target=clock.target.words,
            clock=str(clock.target.clock),
            staffed_due_at=None if staffed is None else from_micros(staffed, self.zone),
            outside_availability=not clock.hours.is_open(received),
            if_priority={other: from_micros(at, self.zone) for other, at in due.items()},
        )

    def entitlement(self, tier: str | None, channel: str | None) -> Entitlement:
        """Tell whether a tier includes the channel by which a ticket came; if not, by which clause.

        The ticket is answered all the same. Nothing is said where tier or channel is not known.
        """
        if tier is None or channel is None:
            return Entitlement(channel_included=None)
        row = self.benefits.row(self.benefits.channels[channel])
        if row.id in self.benefits.included[tier]:
            return Entitlement(channel_included=True)
        note = f'{row.label} is not part of {self.tiers[tier]} (policy: "{row.source}")'
        return Entitlement(channel_included=False, note=note)

    def resource_for(self, priority: Priority | str, facts: Mapping[str, str]) -> Resource | None:
        """Return the resource that helps a ticket with this priority and these values of facts."""
        known = {**facts, "priority": str(priority)}
        return next((entry.resource for entry in self.helps if entry.fits(known)), None)

    def clock(self, tier: str, priority: Priority | str) -> ResponseClock:
        """Return the response clock of a tier and a priority; `ValueError` for unknown ones."""
        return self._clocks[tier, priority]

    def hours(self, tier: str) -> BusinessHours:
        """Return the tier's own hours of availability."""
        return self.calendars[self.calendar_of_tier[tier]]

    def receipt(self, received_at: datetime) -> int:
        """Return a receipt time in microseconds UTC; `OutsideHorizon` when it is not covered."""
        received = to_micros(received_at)
        first, last = self.receipts
        if first <= received < last:
            return received
        raise OutsideHorizon(f"{received_at.isoformat()} {self.not_covered}")

    @cached_property
    def version(self) -> str:
        """The edition's name and a hash of all that it says, the dates of holidays included."""
        dates = [
            [name, *sorted(day.isoformat() for day in hours.timetable.holidays)]
            for name, hours in sorted(self.calendars.items())
        ]
        digest = hashlib.sha256(f"{self.edition.digest} {dates}".encode())
        return f"{self.edition.name}+{digest.hexdigest()[:12]}"

    @property
    def horizon(self) -> tuple[int, int]:
        """The first instant that the calendars know, and the first one they no longer do."""
        return next(iter(self.calendars.values())).horizon

    @property
    def beyond(self) -> str:
        """What to say of a deadline after the horizon."""
        return next(iter(self.calendars.values())).timetable.beyond

    @property
    def not_covered(self) -> str:
        """What to say of a receipt time outside `receipts`."""
        first, last = (from_micros(at, self.zone).date() for at in _inclusive(self.receipts))
        return (
            f"lies outside the policy, which covers {first} to {last} "
            "(widen effective or holidays.years in the policy)"
        )

    @cached_property
    def bulk(self) -> BulkDeadlines:
        """The same deadlines for arrays."""
        from sla.bulk import BulkDeadlines  # NumPy is not needed for single tickets

        return BulkDeadlines(self)

    def _receipts(self) -> tuple[int, int]:
        first, last = self.horizon
        until = self.edition.effective_until
        if until is not None:
            last = min(last, self._midnight(until + timedelta(days=1)))
        return max(first, self._midnight(self.edition.effective_from)), last

    def _midnight(self, day: date) -> int:
        return to_micros(datetime.combine(day, time(), self.zone))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the tables for arrays behind: they are large, and quickly made again."""
        return {name: value for name, value in vars(self).items() if name != "bulk"}


class _Clocks(dict[tuple[str, Priority | str], ResponseClock]):
    """Every clock, under its tier and its priority or the priority's name, however written."""

    def __missing__(self, key: tuple[str, Priority | str]) -> ResponseClock:
        tier, priority = key
        tiers = dict.fromkeys(tier for tier, _ in self)
        if tier not in tiers:
            raise ValueError(f"unknown tier {tier!r} ({did_you_mean(str(tier), tiers)})")
        return self[tier, Priority.parse(str(priority))]


def _inclusive(bounds: tuple[int, int]) -> tuple[int, int]:
    return bounds[0], bounds[1] - 1
