"""The dates on which nobody works: asked of the `holidays` library once, then frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

NEAR = timedelta(days=7)
"""A holiday is never kept further than this from its actual date."""


@dataclass(frozen=True)
class HolidayRules:
    """Which holidays a company keeps: a country's, plus and minus dates of its own."""

    country: str
    subdivision: str | None
    categories: tuple[str, ...]
    first_year: int
    last_year: int
    added: Mapping[date, str] = field(default_factory=dict)
    removed: frozenset[date] = frozenset()

    def actual(self) -> dict[date, str]:
        """Return one date for each holiday: the one it falls on."""
        return self._company(self._listed(observed=False))

    def observed(self) -> dict[date, str]:
        """Return one date for each holiday: the one it is kept on."""
        both = self._listed(observed=True)
        replaced = _replaced_dates(actual=set(self._listed(observed=False)), both=set(both))
        return self._company({day: name for day, name in both.items() if day not in replaced})

    def _listed(self, *, observed: bool) -> Mapping[date, str]:
        years = range(self.first_year - 1, self.last_year + 2)  # one year's can be kept in another
        return _listed(self.country, self.subdivision, self.categories, years, observed)

    def _company(self, listed: Mapping[date, str]) -> dict[date, str]:
        kept = {day: name for day, name in listed.items() if day not in self.removed}
        kept |= self.added
        return {day: kept[day] for day in sorted(kept) if self._covers(day)}

    def _covers(self, day: date) -> bool:
        return self.first_year <= day.year <= self.last_year


@lru_cache(maxsize=8)  # checking a policy file and reading it ask for the same
def _listed(
    country: str,
    subdivision: str | None,
    categories: tuple[str, ...],
    years: range,
    observed: bool,
) -> Mapping[date, str]:
    import holidays  # takes longer to import than all the rest of the room

    listed = holidays.country_holidays(
        country,
        subdiv=subdivision,
        years=years,
        observed=observed,
        expand=False,  # a look-up must never build further years silently
        categories=categories,
    )
    return MappingProxyType(dict(listed.items()))


def _replaced_dates(*, actual: set[date], both: set[date]) -> set[date]:
    """Return the weekend dates that a date nearby is kept for.

    Matched by nearness, because the wording of the names changes between versions of the library.
    """
    weekend = sorted(day for day in actual if day.weekday() >= 5)
    replaced: set[date] = set()
    for kept in sorted(both - actual):
        near = [day for day in weekend if abs(day - kept) <= NEAR and day not in replaced]
        if near:
            replaced.add(min(near, key=lambda day: abs(day - kept)))
    return replaced
