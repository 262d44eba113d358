"""The training window as drift sees it: how the tickets were that a model was judged by.

It is counted from the tickets that were held out when the model was trained, as the model assesses
them; of those that it learnt from it would be too sure. It holds counts and no text, and stands
beside the model in the registry, outside of what the model's version is a hash of. Models of our
own corpus get theirs when it is first asked for; models of a user's tickets when they are trained,
as the file may be gone later.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from classifier import LabelledTicket, Model, Registry
from classifier.estimation import estimated_accuracy, estimated_cost
from classifier.progress import Progress
from rules import load_ruleset
from tickets import Fault, InputFaults, Suggestion
from triage.assessed import Assessed
from triage.desk import Desk
from triage.drift.histogram import Histogram
from triage.drift.observation import FORM, NUMBERS, Observation, observe
from triage.labelled.corpus import load_corpus
from triage.retraining.comparison import Labels, labels_of, suggestions
from triage.retraining.held_out import unlearnt
from triage.retraining.source import Source
from triage.retraining.training import HELD_OUT
from triage.suggest import cost_array

MOST_TICKETS = 2_000
"""The latest so many suffice: every bin of a number then holds hundreds."""

_FORMAT = 1
_NAME = "reference.json"


@dataclass(frozen=True)
class Rightness:
    """How right suggestions were by labels, and by how much their own probabilities were off."""

    accuracy: float
    accuracy_gap: float
    """Accuracy less what was estimated."""
    cost: float
    cost_gap: float


@dataclass(frozen=True)
class Reference:
    """How tickets were, counted."""

    made_of: str
    tickets: int
    rules: str
    """The version of the rules that had their say."""
    histograms: tuple[Histogram, ...]
    words: Mapping[str, int]
    """In how many tickets each word stands."""
    with_words: int
    """Of how many tickets words were looked at."""
    estimated_accuracy: float
    rightness: Rightness | None
    """None where the tickets have no labels."""

    @property
    def accuracy_gap(self) -> float:
        """By how much the estimated accuracy was off; 0 where nobody knows."""
        return self.rightness.accuracy_gap if self.rightness else 0.0

    @property
    def cost_gap(self) -> float:
        """By how much the estimated cost was off; 0 where nobody knows."""
        return self.rightness.cost_gap if self.rightness else 0.0

    def as_record(self) -> dict[str, object]:
        """Return what a report says of it."""
        rightness = asdict(self.rightness) if self.rightness else None
        return {
            "made_of": self.made_of,
            "tickets": self.tickets,
            "estimated_accuracy": self.estimated_accuracy,
            "labels": rightness,
        }


def reference_of(
    observed: Sequence[Observation], labels: Labels | None, desk: Desk, made_of: str
) -> Reference:
    """Count observations, at least one; labels (0, P0, to 4) tell how right suggestions were."""
    measures = dict.fromkeys([*FORM, *(name for one in observed for name in one.values)])
    by_value = [Histogram.of_values(name, observed) for name in measures]
    by_number = [Histogram.of_numbers(name, observed) for name in NUMBERS]
    return Reference(
        made_of=made_of,
        tickets=len(observed),
        rules=desk.rooms.ruleset.version,
        histograms=(*by_value, *by_number),
        words=dict(sorted(counted_words(observed).items())),
        with_words=sum(one.words is not None for one in observed),
        estimated_accuracy=float(np.mean([one.confidence for one in observed])),
        rightness=None if labels is None else _rightness(observed, labels, desk),
    )


def counted_words(observed: Sequence[Observation]) -> Counter[str]:
    """Return in how many tickets each word stands."""
    return Counter(word for one in observed for word in one.words or ())


def _rightness(observed: Sequence[Observation], labels: Labels, desk: Desk) -> Rightness:
    suggested = np.array([int(one.suggested) for one in observed])
    probabilities = np.array([one.probabilities for one in observed])
    costs = cost_array(desk.rooms.ruleset)
    accuracy, cost = float((suggested == labels).mean()), float(costs[labels, suggested].mean())
    return Rightness(
        accuracy=accuracy,
        accuracy_gap=accuracy - estimated_accuracy(probabilities, suggested, 0.0).value,
        cost=cost,
        cost_gap=cost - estimated_cost(probabilities, suggested, costs, 0.0).value,
    )


def load_reference(desk: Desk, registry: Registry, progress: Progress) -> Reference:
    """Return the reference of a stored model, and make and keep it where there is none yet.

    `InputFaults` when its held-out tickets are not to be had.
    """
    folder = registry.folder / desk.rooms.model.version
    kept = kept_reference(folder, desk)
    if kept is not None:
        return kept
    tickets = latest_of(_held_out(desk.rooms.model, registry))
    made = held_out_reference(
        desk, tickets, list(suggestions(desk, tickets, progress)), _source(desk.rooms.model)
    )
    keep_reference(made, folder)
    return made


def held_out_reference(
    desk: Desk,
    tickets: Sequence[LabelledTicket],
    suggested: Sequence[Suggestion],
    source: str,
) -> Reference:
    """Count the tickets that were held out of a source, at least one, with a desk's suggestions."""
    assessed = [
        Assessed.of(labelled.ticket, suggestion, labelled.product_area)
        for labelled, suggestion in zip(tickets, suggested, strict=True)
    ]
    observed = observe(assessed, desk.rooms.model)
    return reference_of(observed, labels_of(tickets), desk, f"held out of {source}")


def latest_of(tickets: Sequence[LabelledTicket]) -> list[LabelledTicket]:
    """Return at most `MOST_TICKETS` tickets: the latest, where all are dated."""
    received = [labelled.ticket.received_at for labelled in tickets]
    dated = [at for at in received if at is not None]
    numbers = range(len(tickets))
    order = sorted(numbers, key=dated.__getitem__) if len(dated) == len(tickets) else numbers
    return [tickets[at] for at in list(order)[-MOST_TICKETS:]]


def _source(model: Model) -> str:
    source = model.description.get("source")
    return str(source["file"]) if source else "our corpus"


def _held_out(model: Model, registry: Registry) -> list[LabelledTicket]:
    if "source" not in model.description:
        corpus = load_corpus(load_ruleset().schema)
        return [labelled for labelled in corpus if labelled.split == HELD_OUT]
    tickets = Source.of(model.version, model.description).tickets()
    new = unlearnt(tickets, registry.learnt(model.version))
    if not new:
        remedy = "name tickets of a usual time with --reference FILE"
        problem = "held no tickets out, so there is no training window to compare with"
        raise InputFaults(Fault(f"model {model.version}", problem, remedy))
    return new


def keep_reference(reference: Reference, folder: Path) -> None:
    """Write a reference beside a model, whole or not at all.

    Where it cannot be written it is not kept: it is then made anew whenever it is asked for.
    """
    record = {"format": _FORMAT, **asdict(reference)}
    incoming = folder / f".{_NAME}"
    with suppress(OSError):
        incoming.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
        incoming.replace(folder / _NAME)


def kept_reference(folder: Path, desk: Desk) -> Reference | None:
    """Return the reference beside a model; None without a sound one made under these rules."""
    try:
        record = json.loads((folder / _NAME).read_text("utf-8"))
        if record.pop("format") != _FORMAT or record["rules"] != desk.rooms.ruleset.version:
            return None
        histograms = tuple(
            Histogram(one["measure"], one["counts"], tuple(one["edges"]))
            for one in record["histograms"]
        )
        rightness = record["rightness"] and Rightness(**record["rightness"])
        return Reference(**{**record, "histograms": histograms, "rightness": rightness})
    except (OSError, AttributeError, KeyError, TypeError, ValueError):
        return None
