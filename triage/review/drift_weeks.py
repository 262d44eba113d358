"""Drift as the desk shows it: decided tickets by week, beside the training window.

It sees values and probabilities that were stored with the suggestions, and no text; `triage drift`
reads the texts as well and sees more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier import Registry
from triage.desk import Desk
from triage.drift.advice import advice
from triage.drift.findings import Verdict
from triage.drift.observation import ACTION, CONFIDENCE, FACT, PRIORITY, PRODUCT_AREA, Observation
from triage.drift.reference import Reference, kept_reference
from triage.drift.weeks import ALL, Week, weeks_of
from triage.review.judged import Judged, Lately
from triage.suggest import cost_array


@dataclass(frozen=True)
class DriftWeek:
    """A week, what has changed in it, and what to do."""

    week: Week
    drifted: tuple[str, ...]
    """The measures that have, the gravest first."""
    advice: tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """The weeks, the latest first."""

    weeks: tuple[DriftWeek, ...]
    reference: Reference | None
    """None where the training window was not counted yet: then only overrides are watched."""
    left_out: int
    """Decisions on suggestions that other models or rules made."""


def drift_of(lately: Lately, desk: Desk, home: Path | None) -> Drift:
    """Compare the decisions on suggestions of a desk's model with its training window."""
    made_by = (desk.rooms.model.version, desk.rooms.ruleset.version)
    ours = [one for one in lately.judged if (one.model, one.rules) == made_by]
    folder = Registry(home).folder / desk.rooms.model.version if home else None
    kept = kept_reference(folder, desk) if folder else None
    reference = kept or _nothing(desk)
    weeks = _weeks(ours, reference, desk)
    return Drift(
        weeks=tuple(_with_advice(week, reference) for week in reversed(weeks)),
        reference=kept,
        left_out=len(lately.judged) - len(ours),
    )


def _weeks(judged: Sequence[Judged], reference: Reference, desk: Desk) -> list[Week]:
    if not judged:
        return []
    found = weeks_of(
        [_observation(one) for one in judged], reference, cost_array(desk.rooms.ruleset)
    )
    return [week for week in found if week.name != ALL]


def _observation(one: Judged) -> Observation:
    facts = {FACT + name: value for name, value in one.facts}
    area = {PRODUCT_AREA: one.product_area.lower()} if one.product_area else {}
    return Observation(
        received_at=one.at,
        values={**facts, **area, PRIORITY: str(one.suggested), ACTION: one.action},
        numbers={CONFIDENCE: one.confidence},
        words=None,
        suggested=one.suggested,
        probabilities=one.probabilities,
        decided=one.decided if one.by_person else None,
    )


def _nothing(desk: Desk) -> Reference:
    return Reference("nothing", 0, desk.rooms.ruleset.version, (), {}, 0, 0.0, None)


def _with_advice(week: Week, reference: Reference) -> DriftWeek:
    drifted = [
        finding.measure
        for finding in week.findings
        if finding.verdict in (Verdict.WATCH, Verdict.ACT)
    ]
    return DriftWeek(week, tuple(drifted), tuple(advice(week, reference)))
