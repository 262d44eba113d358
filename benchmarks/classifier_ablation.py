"""What each part of the classifier is worth: the same trials without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.classifier_trials import (
    Floats,
    Row,
    Sources,
    Views,
    Workbench,
    joined,
    measures,
    say,
    views,
)
from classifier import Reader
from classifier.training import Material

ALL_PARTS = ("words", "subwords", "cues", "form")
NARROWED = {
    "full, without cues and form": ("words", "subwords"),
    "full, without words and subwords": ("cues", "form"),
    "full, embedding alone": (),
}
"""The features that stay beside the embedding."""
WITHOUT_PRACTICE = ", without the practice tickets"


def ablation(sources: Sources, workbench: Workbench, split: str) -> list[Row]:
    """Return a row for each reader, view and missing part."""
    found: dict[str, list[Views]] = {}
    for with_practice in (True, False):
        trials = sources.trials(split, with_practice=with_practice)
        for number, trial in enumerate(trials, 1):
            material = workbench.material(trial.learnt)
            for name, reader, parts in _variants(with_practice):
                say(f"{name}, trial {number} of {len(trials)}")
                model = workbench.model(narrowed(material, parts), reader)
                read = views(model, workbench.rules, trial.judged)
                found.setdefault(name, []).append(read)
    costs = workbench.rules.costs
    return [
        {"name": f"{name}: {which}", **measures(view, read.labels, costs)}
        for name, read in ((name, joined(parts)) for name, parts in found.items())
        for which, view in _reported(name, read)
    ]


def _variants(with_practice: bool) -> Iterator[tuple[str, Reader, tuple[str, ...]]]:
    for reader in Reader:
        yield f"{reader}{'' if with_practice else WITHOUT_PRACTICE}", reader, ALL_PARTS
    if with_practice:
        yield from ((name, Reader.FULL, parts) for name, parts in NARROWED.items())


def _reported(name: str, read: Views) -> Iterator[tuple[str, Floats]]:
    if name in list(Reader):
        yield "direct view alone", read.direct
        yield "facts and rules alone", read.rules
    yield "pooled", read.pooled


def narrowed(material: Material, parts: tuple[str, ...]) -> Material:
    """Return what is left of the features when the other parts know no names."""
    kept = [one.part in parts for one in material.space.vocabularies]
    vocabularies = tuple(
        one if is_kept else replace(one, idf={})
        for one, is_kept in zip(material.space.vocabularies, kept, strict=True)
    )
    columns = np.repeat(kept, [len(one) for one in material.space.vocabularies])
    return replace(
        material,
        space=replace(material.space, vocabularies=vocabularies),
        features=material.features[:, np.flatnonzero(columns)],
    )
