"""Drift: tickets by week beside the training window, and how right suggestions probably are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from classifier.estimation import (
    Estimate,
    estimated_accuracy,
    estimated_cost,
    missed_most_urgent,
)
from classifier.heads import Floats
from triage.drift.findings import Finding, Verdict, findings_of
from triage.drift.observation import Observation
from triage.drift.reference import Reference

FEWEST = 20
"""Tickets below which nothing can be told of a week."""
UNDATED, ALL = "undated", "all"


@dataclass(frozen=True)
class Decided:
    """What people made of the suggestions that they decided on."""

    tickets: int
    overridden: int
    expected: float
    """Overrides that the confidence of these suggestions lets one expect."""


@dataclass(frozen=True)
class Week:
    """The tickets of one week beside the reference."""

    name: str
    """As ISO 8601 names it, `2026-W28`; `undated` and `all` are no weeks."""
    starts: date | None
    """Its Monday, in UTC."""
    tickets: int
    verdict: Verdict
    findings: tuple[Finding, ...]
    """The gravest first; none for too few tickets."""
    accuracy: Estimate
    cost: Estimate
    missed_p0: float
    """Tickets that are probably P0 and suggested as something else."""
    decided: Decided | None

    def finding(self, measure: str) -> Finding | None:
        """Return what was found of a measure, if it could be compared."""
        return next((one for one in self.findings if one.measure == measure), None)

    def as_record(self) -> dict[str, Any]:
        """Return the week for machines."""
        return {**asdict(self), "starts": self.starts and self.starts.isoformat()}


def weeks_of(observed: Sequence[Observation], reference: Reference, costs: Floats) -> list[Week]:
    """Return each week that has tickets, oldest first; after several, all of them together."""
    dated = sorted(observed, key=lambda one: _monday(one.received_at) or date.max)
    weeks: dict[str, list[Observation]] = {}
    for one in dated:
        weeks.setdefault(_name(one.received_at), []).append(one)
    found = [_week(name, own, reference, costs) for name, own in weeks.items()]
    return [*found, _week(ALL, dated, reference, costs)] if len(found) > 1 else found


def _monday(received_at: datetime | None) -> date | None:
    if received_at is None:
        return None
    day = received_at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _name(received_at: datetime | None) -> str:
    if received_at is None:
        return UNDATED
    year, week, _ = received_at.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def _week(name: str, observed: Sequence[Observation], reference: Reference, costs: Floats) -> Week:
    findings = findings_of(observed, reference) if len(observed) >= FEWEST else []
    findings.sort(key=lambda finding: (-finding.verdict.rank, finding.p_value))
    suggested = np.array([int(one.suggested) for one in observed])
    probabilities = np.array([one.probabilities for one in observed])
    return Week(
        name=name,
        starts=None if name == ALL else _monday(observed[0].received_at),
        tickets=len(observed),
        verdict=findings[0].verdict if findings else Verdict.TOO_FEW,
        findings=tuple(findings),
        accuracy=estimated_accuracy(probabilities, suggested, reference.accuracy_gap),
        cost=estimated_cost(probabilities, suggested, costs, reference.cost_gap),
        missed_p0=missed_most_urgent(probabilities, suggested),
        decided=_decided(observed),
    )


def _decided(observed: Sequence[Observation]) -> Decided | None:
    """Tell what was decided; None where nothing was."""
    made = [one for one in observed if one.decided is not None]
    overridden = sum(one.decided != one.suggested for one in made)
    expected = sum(1 - one.confidence for one in made)
    return Decided(len(made), overridden, expected) if made else None
