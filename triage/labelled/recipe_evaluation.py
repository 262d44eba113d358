"""The training recipe, measured on a labelled file: by cross-validation, or on its latest tickets.

It is the direct view alone, without our facts and rules, so that it can be measured on any desk's
labels.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket, Reader, Recipe, load_recipe
from classifier.cross_validation import (
    Observations,
    held_out_priorities,
    latest_fold,
    stratified_folds,
)
from classifier.embedder import Embedder
from classifier.evaluation import measures
from classifier.fitting import Fold
from classifier.progress import Progress, stretch
from tickets import PRIORITIES, Fault, InputFaults
from triage.labelled.evaluation import Groups, LabelledData, Report
from triage.labelled.file import LabelledFile, LabelledRow
from triage.progress import progress_bar
from triage.retraining.embedding import load_embedder

Labels = npt.NDArray[np.int64]

EVERYTHING = "everything"
"""The one group of tickets that are not grouped."""


FEWEST_PARTS, USUAL_PARTS = 2, 5
"""With fewer, none can be held out; so many are common practice."""


@dataclass(frozen=True)
class Plan:
    """How tickets are parted into those learnt from and those held out."""

    parts: int | None = None
    """Each part is held out once; a priority needs a ticket for each. None only by time."""
    by_time: bool = False
    """Learn from the earliest four fifths, measure on the rest."""

    def refuse_if_senseless(self) -> None:
        """Raise `InputFaults` when there are too few parts to hold one out."""
        if self.parts is not None and self.parts < FEWEST_PARTS:
            problem = f"{self.parts} is too few"
            raise InputFaults(Fault("--cross-validate", problem, "use 2 or more, such as 10"))

    def __str__(self) -> str:
        if self.by_time:
            return "learnt from the earliest 80 %, measured on the latest 20 %"
        return f"stratified {self.parts}-fold cross-validation"


def evaluate_recipe(data: LabelledData, plan: Plan, reader: Reader, home: Path) -> Report:
    """Return how the training recipe does on tickets of a labelled file that it has not seen.

    Each group is learnt and measured by itself. What is embedded is kept in `home`. `InputFaults`
    when the plan does not fit the file.
    """
    plan.refuse_if_senseless()
    file = data.read()
    rows = _usable(file, plan)
    recipe = load_recipe(reader)
    embedder = load_embedder(home) if reader is Reader.FULL else None
    groups = data.groups(rows)
    with progress_bar("measuring the recipe") as bar:
        material = _Material.of(rows, recipe, embedder, stretch(bar.reach, 0, 2))
        _say_what_is_known(material.seen)
        found = _measured(
            material,
            groups or {EVERYTHING: range(len(rows))},
            plan,
            recipe,
            stretch(bar.reach, 1, 2),
        )
    everything = _joined(found.values())
    if not len(everything.labels):
        raise InputFaults(_nothing_to_tell_apart(file, plan))
    return {
        "measured": f"training recipe, {reader} reader, direct view only",
        "split": f"{plan}, a model for each {data.group_by}" if groups else str(plan),
        **everything.report(),
        "groups": {name: found[name].report() for name in groups},
        "left_out": len(file.faults),
        "versions": {"encoder": embedder.encoder.version} if embedder else {},
    }


def _usable(file: LabelledFile, plan: Plan) -> Sequence[LabelledRow]:
    """Return the rows that a plan can part; `InputFaults` when there are too few."""
    if plan.parts is not None and plan.parts >= len(file.rows):
        raise InputFaults(_too_many_parts(plan.parts, len(file.rows)))
    if not plan.by_time:
        return file.rows
    dated = [row for row in file.rows if row.labelled.ticket.received_at is not None]
    if not dated:
        remedy = "name their column with --column received_at=THEIRS, or do without --time-ordered"
        raise InputFaults(Fault(file.name, "has no dates to order tickets by", remedy))
    if undated := len(file.rows) - len(dated):
        print(f"triage: left out {undated:,} rows without a date", file=sys.stderr)
    return dated


def _too_many_parts(parts: int, tickets: int) -> Fault:
    problem = f"{parts} is not below the {tickets:,} labelled tickets"
    if tickets <= FEWEST_PARTS:
        return Fault("--cross-validate", problem, "label more tickets")
    remedy = f"use fewer parts, such as {min(USUAL_PARTS, tickets - 1)}"
    return Fault("--cross-validate", problem, remedy)


def _say_what_is_known(seen: Observations) -> None:
    known = int((~seen.is_new).sum())
    if known:
        told = "tickets that the encoder was made with teach and are not measured"
        print(f"triage: {known:,} {told}", file=sys.stderr)


def _nothing_to_tell_apart(file: LabelledFile, plan: Plan) -> Fault:
    if plan.parts:
        problem = f"has no two priorities of {plan.parts} tickets"
        return Fault(file.name, problem, "use fewer parts, or label more tickets")
    return Fault(file.name, "has no two priorities to learn from", "label more tickets")


@dataclass(frozen=True)
class _Material:
    """n labelled tickets and what is seen of them."""

    tickets: Sequence[LabelledTicket]
    labels: Labels
    seen: Observations

    @classmethod
    def of(
        cls,
        rows: Sequence[LabelledRow],
        recipe: Recipe,
        embedder: Embedder | None,
        progress: Progress,
    ) -> _Material:
        tickets = [row.labelled for row in rows]
        labels = np.array([int(labelled.priority) for labelled in tickets])
        return cls(tickets, labels, Observations.of(tickets, recipe, embedder, progress))

    def those(self, numbers: Labels) -> _Material:
        """Return some of the tickets, by number."""
        tickets = [self.tickets[at] for at in numbers]
        return _Material(tickets, self.labels[numbers], self.seen.those(numbers))


@dataclass(frozen=True)
class _Measured:
    """What was suggested for the n tickets that were held out."""

    labels: Labels
    suggested: Labels
    excluded: Counter[int]
    """Tickets of the classes that were too small, by class."""

    def report(self) -> Report:
        """Return the metrics; without any ticket they are None."""
        excluded = {str(PRIORITIES[c]): count for c, count in sorted(self.excluded.items())}
        figures = measures(self.labels, self.suggested) if len(self.labels) else _NO_FIGURES
        return {**figures, "excluded": excluded}


_NO_FIGURES: Report = {
    "n": 0,
    **dict.fromkeys(("accuracy", "macro_f1", "qwk", "majority", "undertriage")),
    "per_class": {},
    "intervals": {},
}


def _measured(
    material: _Material, groups: Groups, plan: Plan, recipe: Recipe, progress: Progress
) -> dict[str, _Measured]:
    found = {}
    for number, (name, members) in enumerate(groups.items()):
        group = material.those(np.array(members))
        found[name] = _measured_group(group, plan, recipe, stretch(progress, number, len(groups)))
    return found


def _measured_group(
    material: _Material, plan: Plan, recipe: Recipe, progress: Progress
) -> _Measured:
    excluded = _too_small(material, plan)
    kept = material.those(np.flatnonzero(~np.isin(material.labels, list(excluded))))
    folds = _folds(kept, plan, recipe)
    if not folds:
        nothing = np.zeros(0, np.int64)
        return _Measured(nothing, nothing, Counter(material.labels.tolist()))
    suggested = held_out_priorities(kept.seen, kept.labels, folds, recipe, progress)
    return _Measured(
        np.concatenate([kept.labels[held_out] for _, held_out in folds]),
        np.concatenate(list(suggested)),
        excluded,
    )


def _too_small(material: _Material, plan: Plan) -> Counter[int]:
    """Count the tickets of each class that has too few for every part to hold one."""
    judged = Counter(material.labels[material.seen.is_new].tolist())
    counts = Counter(material.labels.tolist())
    return Counter({c: n for c, n in counts.items() if judged[c] < (plan.parts or 0)})


def _folds(material: _Material, plan: Plan, recipe: Recipe) -> list[Fold]:
    """Return the folds of a plan; none where there is nothing to tell apart or to measure."""
    labels, is_new, tickets = material.labels, material.seen.is_new, material.tickets
    if len(np.unique(labels)) < 2:
        return []
    if plan.parts and not plan.by_time:
        writers = [labelled.writer for labelled in tickets]
        return stratified_folds(labels, is_new, writers, plan.parts, recipe.seed)
    received = [at for labelled in tickets if (at := labelled.ticket.received_at)]
    learn, held_out = latest_fold(received, is_new)
    has_both = len(np.unique(labels[learn])) > 1 and len(held_out)
    return [(learn, held_out)] if has_both else []


def _joined(parts: Collection[_Measured]) -> _Measured:
    return _Measured(
        np.concatenate([one.labels for one in parts]),
        np.concatenate([one.suggested for one in parts]),
        sum((one.excluded for one in parts), Counter()),
    )
