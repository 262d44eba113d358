"""Thresholds of a stored model: looked at, chosen anew, kept as another model, made current.

A model never changes, so that what it decided can be replayed: with other thresholds it is another
model of the same numbers. Under `thresholds` its description says what was asked, on which tickets
that was chosen, and what it reached there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from classifier import Model, Reader, Registry, Thresholds
from classifier.decision import NEVER
from classifier.progress import Progress
from tickets import Fault, InputFaults, Priority
from triage.desk import Desk
from triage.report.shares import Share
from triage.retraining.comparison import Comparison, compare
from triage.retraining.gate import objections
from triage.retraining.source import Source
from triage.settings import Settings
from triage.thresholds.precision import Acted, Figures, figures
from triage.thresholds.sample import OTHERS, Sample, load_sample, no_sample
from triage.thresholds.targets import Wish, fulfilled, tried

CHOSEN = "thresholds"
"""What a description calls the account of thresholds that were chosen after training."""


@dataclass(frozen=True)
class Inspection:
    """A stored model, and labelled tickets to judge its thresholds by."""

    registry: Registry
    model: Model
    sample: Sample
    """Without tickets where there are none and what is asked needs none."""

    @property
    def acted(self) -> Acted:
        """What the model's thresholds make of the tickets."""
        return self.sample.acted(self.model.thresholds)


@dataclass(frozen=True)
class Change:
    """Thresholds chosen anew, and what the gate says of them."""

    wish: Wish
    model: Model
    """The model with the new thresholds; it has no version yet."""
    acted: Acted
    """What the new thresholds make of the tickets."""
    tried: Figures | None
    """How targets fare on tickets that they were not chosen on."""
    comparison: Comparison | None
    """With the thresholds before, where floors change, and priorities with them."""

    @property
    def objections(self) -> tuple[str, ...]:
        """Why the gate refuses it."""
        return objections(self.comparison) if self.comparison else ()


@dataclass(frozen=True)
class Outcome:
    """What became of a change."""

    version: str
    """Of the model with the new thresholds."""
    is_current: bool
    is_new: bool
    """Whether it differs from the model that was looked at."""
    refused: tuple[str, ...] = ()
    """Why the gate kept it from becoming current."""


def inspect(
    version: str, reader: Reader, source: Source | None, wish: Wish, progress: Progress
) -> Inspection:
    """Load a model, by default a reader's current one, with tickets to judge it by.

    `InputFaults` where there are none, unless something is asked that needs none.
    """
    registry = Registry(Settings.from_environment().home)
    model = registry.load(version) if version else registry.load_current(reader)
    desk = Desk.of(model)
    try:
        sample = load_sample(desk, source, registry, progress)
    except InputFaults:
        if source or not wish or _needs_tickets(wish, model):
            raise
        sample = no_sample(desk)
    return Inspection(registry, model, sample)


def _needs_tickets(wish: Wish, model: Model) -> bool:
    drops_floors = wish.from_trained and min(model.thresholds.floors) < NEVER
    return bool(wish.precision or wish.recall) or drops_floors


def choose(inspection: Inspection, wish: Wish) -> Change:
    """Choose thresholds as asked and store nothing; `InputFaults` when a target has no tickets."""
    sample = inspection.sample
    base = _trained(inspection) if wish.from_trained else inspection.model
    chosen = fulfilled(wish, base.thresholds, sample)
    acted = sample.acted(chosen)
    _refuse_unfulfilled(wish, acted)
    account = _account(base, wish, chosen, sample)
    has_targets = bool(wish.precision or wish.recall)
    return Change(
        wish=wish,
        model=_changed(base, chosen, account),
        acted=acted,
        tried=figures(tried(wish, base.thresholds, sample)) if has_targets else None,
        comparison=_comparison(inspection, chosen),
    )


def _trained(inspection: Inspection) -> Model:
    """Return the model as training left it."""
    chosen = inspection.model.description.get(CHOSEN)
    return inspection.registry.load(chosen["of"]) if chosen else inspection.model


def _refuse_unfulfilled(wish: Wish, acted: Acted) -> None:
    faults = []
    reached = figures(acted).classes
    for priority, target in wish.recall.items():
        recall = reached[priority].recall
        if not recall.total:
            problem = f"none of the {len(acted.labels)} tickets is labelled {priority}"
            faults.append(Fault("--min-recall", problem, OTHERS))
        elif recall.part < target * recall.total - 1e-9:
            problem = f"no floor brings {priority} to {target:g}: {_rest(acted, priority)}"
            faults.append(Fault("--min-recall", problem, "ask for less"))
    for priority in wish.precision:
        if not reached[priority].coverage.total:
            problem = f"none of the {len(acted.labels)} tickets is suggested as {priority}"
            faults.append(Fault("--target-precision", problem, f"--never-auto {priority}"))
    if faults:
        raise InputFaults(*faults)


def _rest(acted: Acted, priority: Priority) -> str:
    """Return what becomes of a priority's tickets that no floor brings in."""
    own = acted.suggested[acted.labels == priority]
    above = int((own < priority).sum())
    return f"{above} of its {len(own)} tickets are suggested as more urgent, or all but ruled out"


def _comparison(inspection: Inspection, chosen: Thresholds) -> Comparison | None:
    if chosen.floors == inspection.model.thresholds.floors:
        return None
    sample, before = inspection.sample, inspection.acted
    after = sample.acted(chosen)
    return compare(sample.labels, after.suggested, before.suggested, sample.costs)


def _changed(base: Model, chosen: Thresholds, account: Mapping[str, Any]) -> Model:
    """Return a model with other thresholds; as it was where there is nothing to account for."""
    if not account:
        return base
    description = {**base.description, CHOSEN: account}
    if chosen.floors != base.thresholds.floors:
        description.pop("metrics", None)  # they are of other suggestions
    return replace(base, thresholds=chosen, description=description, version="")


def _account(base: Model, wish: Wish, chosen: Thresholds, sample: Sample) -> dict[str, Any]:
    """Return what was asked so far and how it was reached; nothing as long as nothing was."""
    before = base.description.get(CHOSEN, {})
    reached = figures(sample.acted(chosen))
    asked = {"auto": _auto_account(wish, reached), "floors": _floor_account(wish, reached)}
    if not any(asked.values()):
        return dict(before)
    for account in (*asked["auto"].values(), *asked["floors"].values()):
        account["chosen_on"] = sample.as_record()
    kept = {kind: {**before.get(kind, {}), **new} for kind, new in asked.items()}
    return {
        "of": before.get("of", base.version),
        **{kind: dict(sorted(accounts.items())) for kind, accounts in kept.items()},
    }


def _auto_account(wish: Wish, reached: Figures) -> dict[str, dict[str, Any]]:
    never = {str(priority): {"never_auto": True} for priority in wish.never_auto}
    review = {str(priority): {"always_review": True} for priority in wish.always_review}
    precise = {
        str(priority): {
            "target_precision": target,
            "precision": share_record(reached.classes[priority].precision),
            "coverage": share_record(reached.classes[priority].coverage),
        }
        for priority, target in wish.precision.items()
    }
    return {**never, **review, **precise}


def _floor_account(wish: Wish, reached: Figures) -> dict[str, dict[str, Any]]:
    return {
        str(priority): {
            "target_recall": target,
            "recall": share_record(reached.classes[priority].recall),
            "precision": share_record(reached.classes[priority].precision_of_all),
            "accuracy": share_record(reached.accuracy),
        }
        for priority, target in wish.recall.items()
    }


def share_record(share: Share) -> dict[str, Any]:
    """Return a share for machines."""
    bounds = (share.low, share.high) if share.total else (None, None)
    return {
        "count": share.part,
        "of": share.total,
        "share": share.value,
        "low": bounds[0],
        "high": bounds[1],
    }


def settle(inspection: Inspection, change: Change) -> Outcome:
    """Store a change; it becomes current if the model that it is of was so, and the gate agrees."""
    registry, before, model = inspection.registry, inspection.model, change.model
    if not model.version:
        model = registry.add(model, registry.learnt(before.version), datetime.now(UTC))
    was_current = registry.current_version(before.reader) == before.version
    if model.version == before.version:
        return Outcome(model.version, was_current, is_new=False)
    if not was_current or change.objections:
        refused = change.objections if was_current else ()
        return Outcome(model.version, is_current=False, is_new=True, refused=refused)
    comparison = change.comparison.as_record() if change.comparison else None
    why = f"thresholds: {change.wish}"
    registry.promote(model, before.version, datetime.now(UTC), why, comparison=comparison)
    return Outcome(model.version, is_current=True, is_new=True)
