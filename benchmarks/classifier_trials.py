"""What the classifier's benchmarks learn from, what they are judged by, and how they measure it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket, Model, Reader, cheapest, load_recipe
from classifier.embedder import Embedder
from classifier.encoder import Encoded, Encoder, load_encoder
from classifier.evaluation import agreement, calibration_error
from classifier.recipe import Recipe
from classifier.training import Material, Rules, train
from tickets import PRIORITIES, Reading
from triage.labelled.corpus import PRACTICE, SHIPPED, load_labelled
from triage.retraining.training import HELD_OUT, current_rules

DEVELOPMENT = "development"
SPLITS = (DEVELOPMENT, HELD_OUT)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Row = dict[str, Any]
"""One line of a table: its name, then its figures."""


@dataclass(frozen=True)
class Trial:
    """Tickets to learn from, and tickets of other writers to judge by."""

    learnt: Sequence[LabelledTicket]
    judged: Sequence[LabelledTicket]


@dataclass(frozen=True)
class Sources:
    """The shipped tickets, and those written to practise on; at most `sample` for each use."""

    shipped: Sequence[LabelledTicket]
    practice: Sequence[LabelledTicket]
    sample: int | None

    @classmethod
    def load(cls, rules: Rules, sample: int | None) -> Sources:
        """Read the corpus."""
        shipped, practice = (load_labelled(p, rules.schema)[0] for p in (SHIPPED, PRACTICE))
        return cls(shipped, practice, sample)

    def trials(self, split: str, *, with_practice: bool = True) -> list[Trial]:
        """Return one trial on the test split, or one for each writer of the development split.

        Nothing is learnt from the test split, nor is anything learnt or calibrated on the tickets
        judged: while one writer of the development split is judged, the other one calibrates.
        """
        free = [one for one in self.shipped if one.split != HELD_OUT]
        practice = self.practice if with_practice else []
        if split == HELD_OUT:
            judged = [one for one in self.shipped if one.split == HELD_OUT]
            return [self._trial([*free, *practice], judged)]
        return [
            self._trial([*(one for one in free if one.writer != writer), *practice], judged)
            for writer, judged in self.by_writer(DEVELOPMENT).items()
        ]

    def by_writer(self, split: str) -> dict[str, list[LabelledTicket]]:
        """Return the shipped tickets of a split by writer."""
        own = [one for one in self.shipped if one.split == split]
        writers = sorted({one.writer for one in own})
        return {w: self.thinned([one for one in own if one.writer == w]) for w in writers}

    def training(self) -> list[LabelledTicket]:
        """Return the training split of both."""
        both = (*self.shipped, *self.practice)
        return self.thinned([one for one in both if one.split == "train"])

    def _trial(self, learnt: Sequence[LabelledTicket], judged: Sequence[LabelledTicket]) -> Trial:
        return Trial(self.thinned(learnt), self.thinned(judged))

    def thinned(self, tickets: Sequence[LabelledTicket]) -> list[LabelledTicket]:
        """Return every so-manieth ticket, so that the sample is kept to."""
        return list(tickets[:: -(-len(tickets) // (self.sample or len(tickets)))])


@dataclass(frozen=True)
class RememberingEncoder(Encoder):
    """An encoder that encodes a text once, however many models learn from it."""

    memory: dict[str, Encoded] = field(default_factory=dict)

    @classmethod
    def load(cls) -> RememberingEncoder:
        """Load the shipped encoder."""
        one = load_encoder(threads=2)
        return cls(one.folder, one.about, one.network, one.tokenizer, one.threads)

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Yield each text's embedding and evidence scores."""
        new = list(dict.fromkeys(text for text in texts if text not in self.memory))
        self.memory.update(zip(new, super().encode(new), strict=True))
        return (self.memory[text] for text in texts)


@dataclass(frozen=True)
class Workbench:
    """What models are made with."""

    rules: Rules
    encoder: RememberingEncoder

    @classmethod
    def load(cls) -> Workbench:
        """Load the shipped rules and encoder."""
        return cls(current_rules(), RememberingEncoder.load())

    @cached_property
    def recipes(self) -> Mapping[Reader, Recipe]:
        """The shipped recipes."""
        return {reader: load_recipe(reader) for reader in Reader}

    def material(self, tickets: Sequence[LabelledTicket]) -> Material:
        """Observe tickets, as `triage train` does."""
        return Material.of(tickets, self.recipes[Reader.FULL], Embedder(self.encoder))

    def model(self, material: Material, reader: Reader) -> Model:
        """Train a reader, as `triage train` does."""
        encoder = self.encoder if reader is Reader.FULL else None
        return train(material, self.rules, self.recipes[reader], lambda done, total: None, encoder)


@dataclass(frozen=True)
class Views:
    """What a model makes of n tickets."""

    labels: Labels
    facts: Mapping[str, Floats]
    """Shape (n, values) each."""
    rules: Floats
    """Shape (n, 5): the rules' view of the facts."""
    direct: Floats
    pooled: Floats


def views(model: Model, rules: Rules, tickets: Sequence[LabelledTicket]) -> Views:
    """Let a model read tickets."""
    readings = model.read([labelled.ticket for labelled in tickets])
    return views_of(readings, model, rules, [int(labelled.priority) for labelled in tickets])


def views_of(
    readings: Sequence[Reading], model: Model, rules: Rules, labels: Sequence[int]
) -> Views:
    """Return both views of what was read, and their pool."""
    facts = {
        fact.name: np.array(
            [[one.facts[fact.name].probabilities[v] for v in fact.values] for one in readings]
        )
        for fact in rules.schema
    }
    ruled = rules.view(facts)
    direct = np.array([[one.direct_view[p] for p in PRIORITIES] for one in readings])
    return Views(np.array(labels), facts, ruled, direct, model.pool.combine(ruled, direct))


def joined(parts: Sequence[Views]) -> Views:
    """Put the tickets of several trials together."""
    return Views(
        labels=np.concatenate([part.labels for part in parts]),
        facts={name: np.vstack([p.facts[name] for p in parts]) for name in parts[0].facts},
        rules=np.vstack([part.rules for part in parts]),
        direct=np.vstack([part.direct for part in parts]),
        pooled=np.vstack([part.pooled for part in parts]),
    )


def measures(view: Floats, labels: Labels, costs: Floats) -> Row:
    """Return how good the suggestions of least cost are, and what the likeliest would reach."""
    suggested = cheapest(view, costs)
    compared, likeliest = agreement(labels, suggested), agreement(labels, view.argmax(axis=1))
    confidence = view[np.arange(len(labels)), suggested]
    urgent = compared["per_class"].get(str(PRIORITIES[0]), {})
    return {
        "macro_f1": compared["macro_f1"],
        "qwk": compared["qwk"],
        "accuracy": compared["accuracy"],
        "p0_recall": urgent.get("recall"),
        "p0_precision": urgent.get("precision"),
        "ece": calibration_error(confidence, suggested == labels),
        "macro_f1_likeliest": likeliest["macro_f1"],
        "qwk_likeliest": likeliest["qwk"],
    }


def without_facts(tickets: Sequence[LabelledTicket]) -> list[LabelledTicket]:
    """Return tickets that carry only their priority."""
    return [replace(labelled, facts={}, evidence={}) for labelled in tickets]


def say(message: str) -> None:
    """Tell whoever waits how far it is."""
    print(message, file=sys.stderr, flush=True)
