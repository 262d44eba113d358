"""How the facts are read, where labels say what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sklearn.metrics import f1_score

from tickets import Fact
from triage.report.shares import Share
from triage.report.trial import Trial


@dataclass(frozen=True)
class ValueFigures:
    """One value of a fact."""

    value: str
    recall: Share
    """Of the tickets labelled so, those read so."""
    precision: Share
    """Of the tickets read so, those labelled so."""


@dataclass(frozen=True)
class FactFigures:
    """One fact, on the tickets whose labels say what it is."""

    fact: Fact
    right: Share
    macro_f1: float
    """The mean over the values that occur among the labels."""
    values: tuple[ValueFigures, ...]
    """Those that are labelled or read anywhere, in the order of the schema."""


def fact_figures(trial: Trial) -> list[FactFigures]:
    """Return the figures of each fact that any ticket is labelled with."""
    return list(_figures(trial))


def _figures(trial: Trial) -> Iterator[FactFigures]:
    for fact in trial.answers.desk.rooms.ruleset.schema:
        pairs = [
            (labelled.facts[fact.name], suggestion.facts[fact.name].value)
            for labelled, suggestion in zip(
                trial.data.tickets, trial.answers.suggestions, strict=True
            )
            if fact.name in labelled.facts
        ]
        if pairs:
            yield _of_fact(fact, *zip(*pairs, strict=True))


def _of_fact(fact: Fact, labelled: Sequence[str], read: Sequence[str]) -> FactFigures:
    right = sum(map(str.__eq__, labelled, read))
    occurring = sorted(set(labelled))
    macro_f1 = f1_score(labelled, read, labels=occurring, average="macro", zero_division=0.0)
    values = (_of_value(value, labelled, read) for value in fact.values)
    met = tuple(one for one in values if one.recall.total or one.precision.total)
    return FactFigures(fact, Share(right, len(labelled)), float(macro_f1), met)


def _of_value(value: str, labelled: Sequence[str], read: Sequence[str]) -> ValueFigures:
    both = sum(value == one == other for one, other in zip(labelled, read, strict=True))
    return ValueFigures(value, Share(both, labelled.count(value)), Share(both, read.count(value)))
