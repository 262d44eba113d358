"""What a model has learnt from, counted again from where it came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier import LabelledTicket, Model, Registry
from classifier.fingerprints import fingerprints
from rules import load_ruleset
from tickets import InputFaults
from triage.labelled.corpus import load_corpus
from triage.report.slices import language
from triage.retraining.held_out import those
from triage.retraining.source import Source


@dataclass(frozen=True)
class TrainingData:
    """Tickets by what they have in common, the commonest first; or why they cannot be counted."""

    languages: Mapping[str, int]
    writers: Mapping[str, int]
    not_counted: str = ""


def training_data(model: Model, registry: Registry) -> TrainingData:
    """Count what a stored model has learnt from."""
    try:
        tickets = _all(model)
    except InputFaults as faults:
        file = model.description["source"]["file"]  # our corpus can always be read
        return TrainingData({}, {}, faults.faults[0].problem.replace(file, Path(file).name))
    learnt = those(tickets, np.isin(fingerprints(tickets), registry.learnt(model.version)))
    return TrainingData(
        _counted(learnt, language), _counted(learnt, lambda labelled: labelled.writer)
    )


def _all(model: Model) -> list[LabelledTicket]:
    if "source" in model.description:
        return Source.of(model.version, model.description).tickets()
    return load_corpus(load_ruleset().schema)


def _counted(
    tickets: Iterable[LabelledTicket], of: Callable[[LabelledTicket], str]
) -> dict[str, int]:
    return dict(Counter(value for labelled in tickets if (value := of(labelled))).most_common())
