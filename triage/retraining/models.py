"""Retraining: labelled tickets become stored models, which become current where they may."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from classifier import LabelledTicket, Model, Reader, Registry
from classifier.kinship import kin_of
from classifier.progress import Progress, shares, stretch
from rules import load_ruleset
from tickets import InputFaults
from triage.desk import Desk
from triage.drift.reference import held_out_reference, keep_reference, latest_of
from triage.retraining.comparison import (
    Comparison,
    labels_of,
    measures,
    suggested_priorities,
    suggestions,
)
from triage.retraining.embedding import cache_beside, embedder_in, load_embedder
from triage.retraining.fine_tuning import fine_tuned
from triage.retraining.gate import NO_CURRENT, Exam, judge_answers, objections, usable
from triage.retraining.held_out import Parts, part
from triage.retraining.source import Source
from triage.retraining.training import train_readers
from triage.suggest import cost_array

_COMPARING, _TRAINING, _JUDGING = 1, 10, (3, 2)
"""About how long it takes to compare tickets, to train, and to judge each reader."""
_FINE_TUNING = 300
"""About how long it takes, beside those, to fine-tune an encoder."""


@dataclass(frozen=True)
class Outcome:
    """What became of a reader that was trained."""

    model: Model
    is_current: bool
    why: tuple[str, ...]
    """Why it became current, or why it did not."""
    comparison: Comparison | None = None
    """The figures beside those of the model that was current, where the gate saw them."""


def train_models(
    tickets: Sequence[LabelledTicket],
    home: Path,
    progress: Progress,
    *,
    source: Source | None = None,
    background: Sequence[LabelledTicket] = (),
    promote: bool = True,
    seed: int | None = None,
    finetune: bool = False,
) -> dict[Reader, Outcome]:
    """Train both readers on the tickets that are not held out, and store them.

    Tickets without a source are our own corpus. All of the `background` is learnt from, and nothing
    is judged by it. A model becomes current when its reader has none that can be used, when it and
    the current one were both trained on our corpus, and when it passes the gate; never without
    `promote`. With `finetune` the full reader has an encoder of its own, fine-tuned first.
    """
    registry = Registry(home)
    registry.prepare()
    lengths = (_COMPARING, _FINE_TUNING if finetune else 0, _TRAINING, *_JUDGING)
    comparing, tuning, training, *judging = shares(progress, lengths)
    # Our corpus has no copies, and splits of its own.
    kin = kin_of([*background, *tickets], comparing) if source else None
    parts = part(tickets, kin, background)
    is_judged = bool(source and parts.held_out)
    if finetune:
        embedder = embedder_in(home, fine_tuned(parts, len(background), home, tuning))
    else:
        embedder = load_embedder(home)
    trained = train_readers(parts.learnt, parts.kin, embedder, training, seed)
    outcomes = {}
    for (reader, model), rest in zip(trained.items(), judging, strict=True):
        exam = _exam(model, parts, registry, stretch(rest, 0, 3)) if is_judged else None
        described = _described(model, parts, source, exam)
        stored = registry.add(described, parts.fingerprints, datetime.now(UTC))
        if source and exam:
            _keep_reference(stored, parts, source, registry, stretch(rest, 1, 3))
        if promote:
            outcomes[reader] = _placed(stored, exam, registry, stretch(rest, 2, 3))
        else:
            outcomes[reader] = Outcome(stored, False, ("it was to be stored only",))
    return outcomes


def _exam(model: Model, parts: Parts, registry: Registry, progress: Progress) -> Exam:
    cache = cache_beside(registry)
    answers = suggested_priorities(Desk.of(model), parts.held_out, progress, cache)
    return Exam(parts.held_out, answers)


def _keep_reference(
    stored: Model, parts: Parts, source: Source, registry: Registry, progress: Progress
) -> None:
    """Keep how the latest of the tickets were: the file may be gone later."""
    desk, latest = Desk.of(stored), latest_of(parts.held_out)
    seen = list(suggestions(desk, latest, progress))
    reference = held_out_reference(desk, latest, seen, source.file)
    keep_reference(reference, registry.folder / stored.version)


def _described(model: Model, parts: Parts, source: Source | None, exam: Exam | None) -> Model:
    """Return a model with what is known of its tickets, if they are not our own corpus."""
    if source is None:
        return model
    description = {
        **model.description,
        "source": source.as_record(),
        "held_out": {
            "tickets": len(parts.held_out),
            "how": parts.how,
            "dropped": parts.dropped,
        },
    }
    if exam:
        costs = cost_array(load_ruleset())
        description["metrics"] = measures(labels_of(exam.tickets), exam.answers, costs)
    return dataclasses.replace(model, description=description)


@dataclass(frozen=True)
class _Decision:
    is_for: bool
    why: tuple[str, ...]
    comparison: Comparison | None = None


def _placed(stored: Model, exam: Exam | None, registry: Registry, progress: Progress) -> Outcome:
    """Make a stored model current if it may become so, and tell why."""
    version = registry.current_version(stored.reader)
    if version == stored.version:
        return Outcome(stored, True, ("it was current already",))
    decision = _decision(stored, usable(registry, version), exam, registry, progress)
    outcome = Outcome(stored, decision.is_for, decision.why, decision.comparison)
    if not decision.is_for:
        return outcome
    record = decision.comparison.as_record() if decision.comparison else None
    why = ", ".join(decision.why)
    try:
        registry.promote(stored, version, datetime.now(UTC), why, comparison=record)
    except InputFaults as faults:  # another process was quicker
        return dataclasses.replace(outcome, is_current=False, why=(str(faults),))
    return outcome


def _decision(
    stored: Model, current: Model | None, exam: Exam | None, registry: Registry, progress: Progress
) -> _Decision:
    if current is None:
        return _Decision(True, (NO_CURRENT,))
    if "source" not in stored.description:
        if "source" not in current.description:
            return _Decision(True, ("like the one before, it was trained on our corpus",))
        return _Decision(False, ("the current model was trained on tickets of your own",))
    if exam is None:
        return _Decision(False, (stored.description["held_out"]["how"],))
    try:
        comparison = judge_answers(exam, current, registry, progress)
    except InputFaults as faults:
        return _Decision(False, (str(faults),))
    refused = objections(comparison)
    return _Decision(not refused, refused or ("it passed the gate",), comparison)
