"""Uptime of a calendar month: bad periods counted against what the policy promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal


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
    """The impacts that count where an incident names no component."""
    exclusions: Mapping[str, str]
    """The reasons for which unavailable time does not count."""
