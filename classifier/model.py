"""A trained model: reads facts and a direct view from tickets; kept in a folder of plain arrays.

Nothing in a model folder is executed on loading: numbers stand in `arrays.npz` (loaded without
pickle), words and settings in JSON, and `manifest.json` holds the SHA-256 of both.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.cues import CueFinder
from classifier.decision import Thresholds
from classifier.encoder import Encoded, Encoder, load_encoder, shipped_version
from classifier.evidence import Evidence, LookedAt, WordWeights
from classifier.features import (
    Cues,
    FeatureSpace,
    Form,
    Observed,
    Part,
    Subwords,
    TicketText,
    Vocabulary,
    Words,
    ticket_text,
)
from classifier.heads import Floats, Head, Heads
from classifier.judged import Judged
from classifier.kept_encoders import KeptEncoders
from classifier.language import SUPPORTED, detect_language
from classifier.lexicon import load_lexicon
from classifier.pooling import Pool
from classifier.reader import Reader
from tickets import PRIORITIES, FactReading, Fault, InputFaults, Reading, Ticket

FORMAT = 3
"""Raised whenever an older program could not read what a newer one wrote."""
READABLE = (2, FORMAT)
"""Models of format 2 have neither floors nor judged tickets."""
DIRECT = "priority"
"""The name of the head that reads the priority directly."""

NO_EMBEDDING = np.zeros(0, np.float32)

_MANIFEST, _ARRAYS, _WORDS = "manifest.json", "arrays.npz", "words.json"
_HEAD_ARRAYS = ("weights", "embedding_weights", "intercepts")
_OF_JUDGED = "judged_"


@dataclass(frozen=True)
class Model:
    """Everything learnt: how to read a ticket, how to pool two views, when to be sure."""

    encoder: Encoder | None
    """What the full reader embeds texts with; the light reader does without."""
    space: FeatureSpace
    heads: Heads
    pool: Pool
    thresholds: Thresholds
    shown_values: Mapping[str, tuple[str, ...]]
    """For each fact, the values that words can show; others (`unstated`) have no evidence."""
    description: Mapping[str, Any]
    """Where it comes from: data, counts, metrics, versions."""
    judged: Judged | None = None
    """The tickets that it was calibrated on, as numbers; None in models of an older program."""
    version: str = ""

    @property
    def reader(self) -> Reader:
        """Which of the two readers this is."""
        return Reader.LIGHT if self.encoder is None else Reader.FULL

    def read(self, tickets: Sequence[Ticket]) -> list[Reading]:
        """Return what each ticket says: facts with their evidence, and a direct view."""
        texts = [ticket_text(ticket) for ticket in tickets]
        if self.encoder is None:
            return [self._reading(text, None) for text in texts]
        encoded = self.encoder.encode([text.clean.text for text in texts])
        return [self._reading(*pair) for pair in zip(texts, encoded, strict=True)]

    def _reading(self, ticket: TicketText, encoded: Encoded | None) -> Reading:
        observed = self.space.observe(ticket)
        contributions = self.heads.contributions(observed)
        embedding = NO_EMBEDDING if encoded is None else encoded.embedding
        scores = self.heads.scores(contributions, embedding)
        probabilities = self.heads.probabilities(scores[None, :])
        language = detect_language(ticket.clean.text)
        evidence = self._evidence(ticket, observed, contributions, encoded)
        return Reading(
            facts={
                head.name: self._fact(head, probabilities[head.name][0], evidence, ticket)
                for head in self.heads.heads
                if head.name != DIRECT
            },
            direct_view=dict(zip(PRIORITIES, probabilities[DIRECT][0].tolist(), strict=True)),
            language=language,
            is_supported_language=language == SUPPORTED,
        )

    def _evidence(
        self,
        ticket: TicketText,
        observed: Observed,
        contributions: Floats,
        encoded: Encoded | None,
    ) -> Evidence:
        if self.encoder is None or encoded is None:
            return WordWeights(ticket, observed, contributions, self.heads.slices)
        return LookedAt(ticket, encoded, self.encoder.questions)

    def _fact(
        self, head: Head, probabilities: Floats, evidence: Evidence, ticket: TicketText
    ) -> FactReading:
        best = int(probabilities.argmax())
        run = None
        if head.classes[best] in self.shown_values[head.name]:
            run = evidence.strongest(head.name, best)
        return FactReading(
            probabilities=dict(zip(head.classes, probabilities.tolist(), strict=True)),
            evidence=ticket.clean.spans(*run) if run else (),
        )

    def save(self, folder: Path) -> Model:
        """Write the model into a new folder; return it with its version, a hash of all it holds."""
        folder.mkdir(parents=True)
        np.savez(folder / _ARRAYS, **self._arrays())
        (folder / _WORDS).write_text(json.dumps(self._words(), ensure_ascii=False), "utf-8")
        hashes = {name: _sha256(folder / name) for name in (_ARRAYS, _WORDS)}
        settings = {
            "format": FORMAT,
            "encoder": None if self.encoder is None else self.encoder.version,
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

    def _arrays(self) -> dict[str, Any]:
        judged = {} if self.judged is None else vars(self.judged)
        return {
            **{name: getattr(self.heads, name) for name in _HEAD_ARRAYS},
            **{f"{_OF_JUDGED}{name}": array for name, array in judged.items()},
        }

    def _words(self) -> dict[str, Any]:
        return {
            vocabulary.part: {"weight": vocabulary.weight, "idf": dict(vocabulary.idf)}
            for vocabulary in self.space.vocabularies
        }


def load_model(folder: Path, encoders: KeptEncoders | None = None) -> Model:
    """Load a model; `InputFaults` when the folder is damaged, foreign or of a newer format.

    `encoders` are those it may have been trained on, besides the shipped one.
    """
    try:
        text = (folder / _MANIFEST).read_text("utf-8")
        settings = json.loads(text)
        if settings["format"] not in READABLE:
            raise _unusable(folder, f"has format {settings['format']}, this program reads {FORMAT}")
        for name, expected in settings["sha256"].items():
            if _sha256(folder / name) != expected:
                raise _unusable(folder, f"{name} does not match the hash in its manifest")
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            stored = {name: arrays[name] for name in _HEAD_ARRAYS}
            judged = _judged(arrays)
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
        encoder=_encoder(folder, settings["encoder"], encoders),
        space=FeatureSpace(parts, tuple(Vocabulary(p.name, **words[p.name]) for p in parts)),
        heads=Heads(heads, **stored),
        pool=Pool(**{**settings["pool"], "offsets": tuple(settings["pool"]["offsets"])}),
        thresholds=Thresholds.from_record(settings["thresholds"]),
        shown_values={name: tuple(values) for name, values in settings["shown_values"].items()},
        description=settings["description"],
        judged=judged,
        version=_version(text),
    )


def _judged(arrays: Mapping[str, npt.NDArray[Any]]) -> Judged | None:
    names = [field.name for field in dataclasses.fields(Judged)]
    if not all(f"{_OF_JUDGED}{name}" in arrays for name in names):
        return None
    return Judged(**{name: arrays[f"{_OF_JUDGED}{name}"] for name in names})


def _encoder(folder: Path, version: str | None, encoders: KeptEncoders | None) -> Encoder | None:
    """Load the encoder that a model was trained on; `InputFaults` when it is not there."""
    if version is None:
        return None
    threads = os.cpu_count() or 1
    if encoders:
        return encoders.load(version, threads)
    if version != shipped_version():
        problem = f"was trained on encoder {version}, this program has {shipped_version()}"
        raise _unusable(folder, problem)
    return load_encoder(threads=threads)


def shipped_parts() -> tuple[Part, ...]:
    """Return the parts that every reader looks at, in the order in which models store them."""
    return (Words(), Subwords(), Cues(CueFinder(load_lexicon())), Form())


def _unusable(folder: Path, problem: str) -> InputFaults:
    return InputFaults(Fault(str(folder), f"model {problem}", "train again, or roll back"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(manifest: str) -> str:
    return hashlib.sha256(manifest.encode("utf-8")).hexdigest()[:12]
