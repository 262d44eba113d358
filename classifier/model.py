"""A trained model: reads facts and a direct view from tickets; kept in a folder of plain arrays.

Nothing in a model folder is executed on loading: numbers stand in `arrays.npz` (loaded without
pickle), words and settings in JSON, and `manifest.json` holds the SHA-256 of both.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier.cues import CueFinder
from classifier.decision import Thresholds
from classifier.evidence import WordWeights
from classifier.features import (
    Cues,
    FeatureSpace,
    Form,
    Part,
    Subwords,
    TicketText,
    Vocabulary,
    Words,
    ticket_text,
)
from classifier.heads import Floats, Head, Heads
from classifier.language import SUPPORTED, detect_language
from classifier.lexicon import load_lexicon
from classifier.pooling import Pool
from tickets import PRIORITIES, FactReading, Fault, InputFaults, Reading, Ticket

FORMAT = 1
"""Raised whenever an older program could not read what a newer one wrote."""
DIRECT = "priority"
"""The name of the head that reads the priority directly."""

_MANIFEST, _ARRAYS, _WORDS = "manifest.json", "arrays.npz", "words.json"


@dataclass(frozen=True)
class Model:
    """Everything learnt: how to read a ticket, how to pool two views, when to be sure."""

    space: FeatureSpace
    heads: Heads
    pool: Pool
    thresholds: Thresholds
    shown_values: Mapping[str, tuple[str, ...]]
    """For each fact, the values that words can show; others (`unstated`) have no evidence."""
    description: Mapping[str, Any]
    """Where it comes from: data, counts, metrics, versions."""
    version: str = ""

    def read(self, tickets: Sequence[Ticket]) -> list[Reading]:
        """Return what each ticket says: facts with their evidence, and a direct view."""
        return [self._read_one(ticket_text(ticket)) for ticket in tickets]

    def _read_one(self, ticket: TicketText) -> Reading:
        observed = self.space.observe(ticket)
        contributions = self.heads.contributions(observed)
        scores = self.heads.intercepts + contributions.sum(axis=0)
        probabilities = self.heads.probabilities(scores[None, :])
        weights = WordWeights(ticket, observed, contributions)
        language = detect_language(ticket.clean.text)
        return Reading(
            facts={
                head.name: self._fact(head, probabilities[head.name][0], weights, ticket)
                for head in self.heads.heads
                if head.name != DIRECT
            },
            direct_view=dict(zip(PRIORITIES, probabilities[DIRECT][0].tolist(), strict=True)),
            language=language,
            is_supported_language=language == SUPPORTED,
        )

    def _fact(
        self, head: Head, probabilities: Floats, weights: WordWeights, ticket: TicketText
    ) -> FactReading:
        best = int(probabilities.argmax())
        run = None
        if head.classes[best] in self.shown_values[head.name]:
            run = weights.strongest(self.heads.slices[head.name], best)
        return FactReading(
            probabilities=dict(zip(head.classes, probabilities.tolist(), strict=True)),
            evidence=ticket.clean.spans(*run) if run else (),
        )

    def save(self, folder: Path) -> Model:
        """Write the model into a new folder; return it with its version, a hash of all it holds."""
        folder.mkdir(parents=True)
        np.savez(folder / _ARRAYS, weights=self.heads.weights, intercepts=self.heads.intercepts)
        (folder / _WORDS).write_text(json.dumps(self._words(), ensure_ascii=False), "utf-8")
        hashes = {name: _sha256(folder / name) for name in (_ARRAYS, _WORDS)}
        settings = {
            "format": FORMAT,
            "heads": [dataclasses.asdict(head) for head in self.heads.heads],
            "pool": dataclasses.asdict(self.pool),
            "thresholds": dataclasses.asdict(self.thresholds),
            "shown_values": {name: list(values) for name, values in self.shown_values.items()},
            "description": dict(self.description),
            "sha256": hashes,
        }
        text = json.dumps(settings, indent=1, ensure_ascii=False)
        (folder / _MANIFEST).write_text(text, "utf-8")
        return dataclasses.replace(self, version=_version(text))

    def _words(self) -> dict[str, Any]:
        return {
            vocabulary.part: {"weight": vocabulary.weight, "idf": dict(vocabulary.idf)}
            for vocabulary in self.space.vocabularies
        }


def load_model(folder: Path) -> Model:
    """Load a model; `InputFaults` when the folder is damaged, foreign or of a newer format."""
    try:
        text = (folder / _MANIFEST).read_text("utf-8")
        settings = json.loads(text)
        if settings["format"] != FORMAT:
            raise _unusable(folder, f"has format {settings['format']}, this program reads {FORMAT}")
        for name, expected in settings["sha256"].items():
            if _sha256(folder / name) != expected:
                raise _unusable(folder, f"{name} does not match the hash in its manifest")
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            weights, intercepts = arrays["weights"], arrays["intercepts"]
        words = json.loads((folder / _WORDS).read_text("utf-8"))
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, InputFaults):
            raise
        raise _unusable(folder, f"cannot be read: {error}") from None
    heads = tuple(
        Head(head["name"], tuple(head["classes"]), head["temperature"])
        for head in settings["heads"]
    )
    parts = shipped_parts()
    return Model(
        space=FeatureSpace(parts, tuple(Vocabulary(p.name, **words[p.name]) for p in parts)),
        heads=Heads(heads, weights, intercepts),
        pool=Pool(**{**settings["pool"], "offsets": tuple(settings["pool"]["offsets"])}),
        thresholds=Thresholds(
            **{**settings["thresholds"], "auto": tuple(settings["thresholds"]["auto"])}
        ),
        shown_values={name: tuple(values) for name, values in settings["shown_values"].items()},
        description=settings["description"],
        version=_version(text),
    )


def shipped_parts() -> tuple[Part, ...]:
    """Return the parts of the light reader, in the order in which models store them."""
    return (Words(), Subwords(), Cues(CueFinder(load_lexicon())), Form())


def _unusable(folder: Path, problem: str) -> InputFaults:
    return InputFaults(Fault(str(folder), f"model {problem}", "train again, or roll back"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(manifest: str) -> str:
    return hashlib.sha256(manifest.encode("utf-8")).hexdigest()[:12]
