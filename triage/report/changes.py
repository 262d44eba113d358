"""What is another than with the current model: suggestions won and lost, and how both were made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier import Model
from classifier.decision import NEVER
from tickets import PRIORITIES, Priority
from triage.commands.registry_printed import window
from triage.report.trial import Answers, Claims, Trial

MOST_SHOWN = 15
"""Tickets that are listed one by one."""


@dataclass(frozen=True)
class ClassChanges:
    """Tickets of one label, and how many of them are suggested otherwise now."""

    label: Priority
    tickets: int
    won: int
    """Wrong by the current model, right now."""
    lost: int
    """Right by the current model, wrong now."""
    other: int
    """Wrong by both, in another way."""

    @property
    def changed(self) -> int:
        """All that are suggested otherwise."""
        return self.won + self.lost + self.other


@dataclass(frozen=True)
class Changed:
    """A ticket that is suggested otherwise."""

    id: str
    label: Priority
    before: Priority
    after: Priority
    cost: float
    """What is paid now beyond what was paid before."""


@dataclass(frozen=True)
class Setting:
    """Something that shapes a model, of this one and of the current one."""

    name: str
    here: str
    there: str

    @property
    def is_same(self) -> bool:
        """Whether both have it alike."""
        return self.here == self.there


@dataclass(frozen=True)
class Changes:
    """All that is another than with the current model."""

    by_class: tuple[ClassChanges, ...]
    won: tuple[Changed, ...]
    """What was costliest before first."""
    lost: tuple[Changed, ...]
    """What is costliest now first."""
    settings: tuple[Setting, ...]

    @property
    def changed(self) -> int:
        """Tickets that are suggested otherwise."""
        return sum(one.changed for one in self.by_class)


def changes(trial: Trial) -> Changes | None:
    """Return what is another than with the current model; None where there is none beside."""
    if trial.current is None:
        return None
    was_right = trial.labels == trial.current.suggested
    differs = trial.answers.suggested != trial.current.suggested
    won, lost = trial.is_right & ~was_right, was_right & ~trial.is_right
    return Changes(
        tuple(_by_class(trial, differs, won, lost)),
        tuple(sorted(_those(trial, trial.current, won), key=lambda one: (one.cost, one.id))),
        tuple(sorted(_those(trial, trial.current, lost), key=lambda one: (-one.cost, one.id))),
        tuple(_settings(trial.answers.model, trial.current.model)),
    )


def _by_class(trial: Trial, differs: Claims, won: Claims, lost: Claims) -> Iterator[ClassChanges]:
    for label in PRIORITIES:
        own = trial.labels == label
        won_here, lost_here = int((own & won).sum()), int((own & lost).sum())
        other = int((own & differs).sum()) - won_here - lost_here
        yield ClassChanges(label, int(own.sum()), won_here, lost_here, other)


def _those(trial: Trial, current: Answers, claims: Claims) -> Iterator[Changed]:
    for at in np.flatnonzero(claims).tolist():
        label = trial.data.tickets[at].priority
        before, after = current.suggestions[at].priority, trial.answers.suggestions[at].priority
        cost = trial.costs[label, after] - trial.costs[label, before]
        yield Changed(trial.data.tickets[at].ticket.id, label, before, after, float(cost))


def _settings(here: Model, there: Model) -> Iterator[Setting]:
    sides = settings(here), settings(there)
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        yield Setting(name, sides[0].get(name, "–"), sides[1].get(name, "–"))


def settings(model: Model) -> dict[str, str]:
    """Return what shapes a model, in words."""
    about, thresholds, pool = model.description, model.thresholds, model.pool
    return {
        "learnt from": f"{about['tickets']:,} tickets, {about['with_facts']:,} with facts",
        "dates": received(about),
        "data digest": about["data"],
        "calibrated on": f"{about['judged_on']:,} tickets held out in turn",
        "encoder": "none" if model.encoder is None else model.encoder.version,
        "rules at training": about["rules"],
        "pool exponents": f"rules {pool.rules_exponent:.3f}, text {pool.direct_exponent:.3f}",
        "applied unseen from": _of_each(thresholds.auto),
        "nothing less urgent from": _of_each(thresholds.floors),
        "always reviewed": _named(thresholds.always_review),
        "reviewed below": f"{thresholds.review_below:.2f}",
        "reviewed at": f"{thresholds.review_disagreement} classes between both views",
        **about["libraries"],
    }


def received(description: Mapping[str, Any]) -> str:
    """Return between which days the tickets were received that a model learnt from, in words."""
    days = window(description)
    return "undated" if days == "-" else f"received {days}"


def _of_each(thresholds: tuple[float, ...]) -> str:
    named = zip(PRIORITIES, thresholds, strict=True)
    return ", ".join(f"{p} {t:.2f}" for p, t in named if t < NEVER) or "none"


def _named(claims: tuple[bool, ...]) -> str:
    return ", ".join(str(p) for p, holds in zip(PRIORITIES, claims, strict=True) if holds) or "none"
