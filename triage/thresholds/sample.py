"""The sample: labelled tickets that a model had not learnt from, to judge its thresholds by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket, Model, Pool, Registry, Thresholds, cheapest
from classifier.judged import Judged
from classifier.progress import Progress
from classifier.training import fit_to_judge
from rules import distributions
from tickets import PRIORITIES, Fault, InputFaults
from triage.desk import Desk
from triage.retraining.comparison import AT_ONCE, labels_of
from triage.retraining.held_out import unlearnt
from triage.retraining.source import Source
from triage.suggest import cost_array, direct_array, fact_arrays
from triage.thresholds.precision import Acted

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Claims = npt.NDArray[np.bool_]

OTHERS = "name labelled tickets with --data FILE"


@dataclass(frozen=True)
class Sample:
    """n labelled tickets with what a model that had not learnt from them makes of them."""

    name: str
    """Which tickets they are, in words that follow their number."""
    judged: Judged
    pooled: Floats
    """Shape (n, 5)."""
    costs: Floats

    @classmethod
    def of(cls, name: str, judged: Judged, pool: Pool, costs: Floats) -> Sample:
        """Pool both views of judged tickets."""
        return cls(name, judged, pool.combine(judged.rules_view, judged.direct_view), costs)

    @property
    def labels(self) -> Labels:
        """The priorities held true, 0 (P0) to 4, shape (n,)."""
        return self.judged.labels

    def those(self, claims: Claims) -> Sample:
        """Return the tickets for which a claim holds."""
        return replace(self, judged=self.judged.those(claims), pooled=self.pooled[claims])

    def acted(self, thresholds: Thresholds) -> Acted:
        """Return what thresholds make of the tickets, as they do when tickets come in."""
        suggested = thresholds.raised(cheapest(self.pooled, self.costs), self.pooled)
        confidence = self.pooled[np.arange(len(suggested)), suggested]
        reviewed = thresholds.must_review(suggested, confidence, self.judged.disagreement)
        is_open = ~reviewed & self.judged.is_supported
        is_auto = is_open & thresholds.is_sure(suggested, confidence)
        return Acted(self.labels, suggested, confidence, is_open, is_auto)

    def as_record(self) -> dict[str, Any]:
        """Return which tickets they are, and how many of each label."""
        counts = Counter(str(PRIORITIES[label]) for label in self.labels.tolist())
        labels = dict(sorted(counts.items()))
        return {"name": self.name, "tickets": len(self.labels), "labels": labels}


def load_sample(
    desk: Desk, source: Source | None, registry: Registry, progress: Progress
) -> Sample:
    """Read labelled tickets of a source with the model of a desk, which is stored.

    Without a source, they are those that training held out, else those that it calibrated on.
    `InputFaults` when there are none that the model had not learnt from.
    """
    model, ruleset = desk.rooms.model, desk.rooms.ruleset
    if source is None and not model.description.get("held_out", {}).get("tickets"):
        name = "that training calibrated on, each read by heads that had not learnt from it"
        judged = _calibrated_on(model, ruleset.version)
    else:
        known = source or Source.of(model.version, model.description)
        how = "that the model had not learnt from" if source else "that training held out"
        name = f"of {known.file} {how}"
        judged = judged_by(desk, _new_tickets(known, model, registry), progress)
    return Sample.of(name, judged, model.pool, cost_array(ruleset))


def no_sample(desk: Desk) -> Sample:
    """Return no tickets."""
    views = np.zeros((0, len(PRIORITIES)))
    nothing = Judged(np.zeros(0, np.int64), views, views, np.zeros(0, bool))
    return Sample.of("", nothing, desk.rooms.model.pool, cost_array(desk.rooms.ruleset))


def _calibrated_on(model: Model, rules: str) -> Judged:
    place, remedy = f"model {model.version}", f"train again, or {OTHERS}"
    if model.judged is None:
        problem = "comes from an older program and does not keep what it was calibrated on"
        raise InputFaults(Fault(place, problem, remedy))
    if model.description["rules"] != rules:
        problem = "was calibrated under other rules than those of now"
        raise InputFaults(Fault(place, problem, remedy))
    return model.judged


def _new_tickets(source: Source, model: Model, registry: Registry) -> list[LabelledTicket]:
    new = unlearnt(source.tickets(), registry.learnt(model.version))
    fit = fit_to_judge(new, model.encoder)
    if not fit:
        problem = f"holds no ticket that is new to model {model.version}"
        raise InputFaults(Fault(source.file, problem, OTHERS))
    return fit


def judged_by(desk: Desk, tickets: Sequence[LabelledTicket], progress: Progress) -> Judged:
    """Return what a desk makes of labelled tickets, at least one, that are new to its model."""
    rooms = desk.rooms
    rules_views, direct_views, is_supported = [], [], []
    for start in range(0, len(tickets), AT_ONCE):
        part = tickets[start : start + AT_ONCE]
        readings = rooms.model.read([labelled.ticket for labelled in part])
        facts = fact_arrays(readings, rooms.ruleset.schema)
        rules_views.append(distributions(rooms.diagram, facts))
        direct_views.append(direct_array(readings))
        is_supported += [reading.is_supported_language for reading in readings]
        progress(start + len(part), len(tickets))
    return Judged(
        labels=labels_of(tickets),
        rules_view=np.vstack(rules_views),
        direct_view=np.vstack(direct_views),
        is_supported=np.array(is_supported, bool),
    )
