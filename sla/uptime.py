"""Uptime of a calendar month: bad periods counted against what the policy promises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from sla.instants import MINUTE, from_micros, to_micros
from sla.status_page import Incident, StatusPage

Span = tuple[int, int]
"""Begin and end in microseconds UTC."""

PLACES = Decimal("0.0001")
"""Percent are written so, rounded down: a promise missed by a hair must not look kept."""


@dataclass(frozen=True)
class UptimeTerms:
    """How the policy counts unavailable time."""

    targets: Mapping[str, Decimal]
    """The promised uptime of each tier, in percent of the month."""
    period_minutes: int
    counts: str
    """`inside`, `touched` or `floor`: which periods an outage makes bad."""
    zone: tzinfo
    """The zone whose calendar months are measured."""
    components: frozenset[str]
    """The components that count; none named: all of them."""
    unavailable: frozenset[str]
    """The component statuses that count as unavailable."""
    unavailable_impacts: frozenset[str]
    """The impacts that count where an incident says nothing of components."""
    exclusions: Mapping[str, str]
    """The reasons for which unavailable time does not count, and their words."""


@dataclass(frozen=True)
class Month:
    """A calendar month of a time zone."""

    year: int
    number: int
    zone: tzinfo

    @property
    def span(self) -> Span:
        """The first instant of the month and the first one after it, in microseconds UTC."""
        after = (self.year + self.number // 12, self.number % 12 + 1)
        begin, end = (
            datetime(year, number, 1, tzinfo=self.zone)
            for year, number in ((self.year, self.number), after)
        )
        return to_micros(begin), to_micros(end)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


@dataclass(frozen=True)
class Outage:
    """A continuous time in which the service was unavailable, and the incidents behind it."""

    begins_at: datetime
    ends_at: datetime
    incidents: tuple[str, ...]


@dataclass(frozen=True)
class MonthlyUptime:
    """What a month's outages leave of the uptime that was promised."""

    month: str
    until: datetime
    """How far outages are known; the end of the month, once it is over."""
    periods: int
    bad_periods: int
    percent: Decimal
    target_percent: Decimal
    is_met: bool
    allowed_periods: int
    """How many periods may be bad in the whole month."""
    left_periods: int
    """Negative when more were bad than allowed."""
    unavailable: timedelta
    excluded: timedelta
    """Unavailable time that does not count: maintenance and other exclusions."""
    outages: tuple[Outage, ...]


def monthly_uptime(
    page: StatusPage,
    month: Month,
    terms: UptimeTerms,
    target: Decimal,
    *,
    as_of: datetime,
    excluded_incidents: frozenset[str] = frozenset(),
) -> MonthlyUptime:
    """Return the uptime of a month as known at an instant, against a target in percent.

    Exclusions shorten outages; the periods of the month stay what they are. An incident that is
    not resolved lasts until `as_of`.
    """
    begin, end = month.span
    known = (begin, max(begin, min(end, to_micros(as_of))))
    down = list(_unavailable(page.incidents, terms, known))
    held = [(span, incident) for span, incident in down if incident.id not in excluded_incidents]
    outages = _minus(_merged(span for span, _ in held), _merged(_maintenance(page, terms)))
    period = terms.period_minutes * MINUTE
    periods = (end - begin) // period
    bad = _COUNTING[terms.counts](outages, begin, period)
    uptime = 100 - Fraction(100 * bad, periods)
    allowed = int(periods * (100 - Fraction(target)) / 100)
    return MonthlyUptime(
        month=str(month),
        until=from_micros(known[1], terms.zone),
        periods=periods,
        bad_periods=bad,
        percent=_rounded_down(uptime),
        target_percent=target,
        is_met=uptime >= Fraction(target),
        allowed_periods=allowed,
        left_periods=allowed - bad,
        unavailable=_duration(outages),
        excluded=_duration(_merged(span for span, _ in down)) - _duration(outages),
        outages=tuple(_outage(span, held, terms.zone) for span in outages),
    )


def _unavailable(
    incidents: Iterable[Incident], terms: UptimeTerms, known: Span
) -> Iterator[tuple[Span, Incident]]:
    """Yield the unavailable times of incidents, as far as they lie in a known time."""
    for incident in incidents:
        for begins_at, ends_at in _down_times(incident, terms):
            end = known[1] if ends_at is None else to_micros(ends_at)
            begin, end = max(known[0], to_micros(begins_at)), min(known[1], end)
            if begin < end:
                yield (begin, end), incident


def _down_times(
    incident: Incident, terms: UptimeTerms
) -> Iterator[tuple[datetime, datetime | None]]:
    if incident.spans:
        for span in incident.spans:
            if span.status in terms.unavailable and _counts([span.component], terms):
                yield span.begins_at, span.ends_at
    elif incident.impact in terms.unavailable_impacts and _counts(incident.components, terms):
        yield incident.began_at, incident.resolved_at


def _counts(components: Collection[str], terms: UptimeTerms) -> bool:
    """Tell whether one of some components counts; where none is named, the whole service is."""
    return not components or not terms.components or not terms.components.isdisjoint(components)


def _maintenance(page: StatusPage, terms: UptimeTerms) -> Iterator[Span]:
    if "scheduled_maintenance" not in terms.exclusions:
        return
    for planned in page.maintenances:
        if _counts(planned.components, terms):
            yield to_micros(planned.begins_at), to_micros(planned.ends_at)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Join times that overlap or touch, in order."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _minus(spans: list[Span], others: list[Span]) -> list[Span]:
    """Take times out of others; both without overlaps and in order."""
    left: list[Span] = []
    for begin, end in spans:
        for other_begin, other_end in others:
            if begin < other_begin < end:
                left.append((begin, other_begin))
            if other_begin < end:
                begin = max(begin, other_end)
        if begin < end:
            left.append((begin, end))
    return left


def _inside(outages: list[Span], first: int, period: int) -> int:
    """Count the aligned periods that lie wholly in an outage."""
    return sum(
        max(0, (end - first) // period - -(-(begin - first) // period)) for begin, end in outages
    )


def _touched(outages: list[Span], first: int, period: int) -> int:
    """Count the aligned periods that have any outage in them."""
    touched = _merged(
        ((begin - first) // period, -(-(end - first) // period)) for begin, end in outages
    )
    return sum(end - begin for begin, end in touched)


def _floor(outages: list[Span], _: int, period: int) -> int:
    """Count the whole periods that fit into each outage, wherever it begins."""
    return sum((end - begin) // period for begin, end in outages)


_COUNTING = {"inside": _inside, "touched": _touched, "floor": _floor}


def _duration(spans: Iterable[Span]) -> timedelta:
    return timedelta(microseconds=sum(end - begin for begin, end in spans))


def _outage(span: Span, held: Iterable[tuple[Span, Incident]], zone: tzinfo) -> Outage:
    begin, end = span
    behind = (incident.id for (other, until), incident in held if other < end and begin < until)
    return Outage(from_micros(begin, zone), from_micros(end, zone), tuple(dict.fromkeys(behind)))


def _rounded_down(percent: Fraction) -> Decimal:
    exact = Decimal(percent.numerator) / Decimal(percent.denominator)
    return exact.quantize(PLACES, ROUND_FLOOR)
