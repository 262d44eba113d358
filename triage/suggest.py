"""From readings to suggestions: both views of the priority pooled, priced and explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifier import Model, Thresholds, cheapest
from rules import Diagram, Engine, Ruleset, Verdict, VerdictTable, distributions
from tickets import PRIORITIES, Action, Change, FactSchema, Priority, Reading, Reason, Suggestion
from triage.nearest_change import nearest_changes

Floats = npt.NDArray[np.float64]


def suggest(
    readings: Sequence[Reading],
    model: Model,
    engine: Engine,
    diagram: Diagram,
    table: VerdictTable,
) -> list[Suggestion]:
    """Return a suggestion for each reading: the priority of least expected cost, and why."""
    if not readings:
        return []
    ruleset = engine.ruleset
    facts = fact_arrays(readings, ruleset.schema)
    rules_view = distributions(diagram, facts)
    direct_view = direct_array(readings)
    pooled = model.pool.combine(rules_view, direct_view)
    safest = cheapest(pooled, cost_array(ruleset))
    suggested = model.thresholds.raised(safest, pooled)
    weighed = map(
        _Weighed,
        map(Priority, suggested.tolist()),
        map(Priority, safest.tolist()),
        pooled,
        map(Priority, rules_view.argmax(axis=1).tolist()),
        map(Priority, direct_view.argmax(axis=1).tolist()),
        nearest_changes(ruleset.schema, table, facts, suggested),
    )
    return [
        _suggestion(reading, what, model, engine)
        for reading, what in zip(readings, weighed, strict=True)
    ]


@dataclass(frozen=True)
class _Weighed:
    """What came of the two views of one ticket."""

    suggested: Priority
    safest: Priority
    """The priority of least expected cost, before floors."""
    pooled: Floats
    """Probabilities of the priorities, shape (5,)."""
    by_rules: Priority
    """The likeliest priority by the rules, over all that the facts may be."""
    direct: Priority
    """The likeliest priority by the text as a whole."""
    change: Change | None


def fact_arrays(readings: Sequence[Reading], schema: FactSchema) -> dict[str, Floats]:
    """Return for each fact its probabilities, one row a reading, columns as the schema's values."""
    return {
        fact.name: np.array(
            [
                [reading.facts[fact.name].probabilities[value] for value in fact.values]
                for reading in readings
            ]
        )
        for fact in schema
    }


def direct_array(readings: Sequence[Reading]) -> Floats:
    """Return the direct views of n readings, shape (n, 5)."""
    return np.array([[reading.direct_view[p] for p in PRIORITIES] for reading in readings])


def cost_array(ruleset: Ruleset) -> Floats:
    """Return the cost matrix as an array (label, suggested)."""
    return np.array(
        [[ruleset.costs[label][suggested] for suggested in PRIORITIES] for label in PRIORITIES],
        dtype=float,
    )


def _suggestion(reading: Reading, weighed: _Weighed, model: Model, engine: Engine) -> Suggestion:
    priority = weighed.suggested
    confidence = float(weighed.pooled[priority])
    likeliest = {name: fact.value for name, fact in reading.facts.items()}
    disagreement = abs(weighed.by_rules - weighed.direct)
    action = model.thresholds.action(priority, confidence, disagreement)
    return Suggestion(
        priority=priority,
        confidence=confidence,
        probabilities=dict(zip(PRIORITIES, weighed.pooled.tolist(), strict=True)),
        threshold=model.thresholds.auto[priority],
        action=action if reading.is_supported_language else Action.REVIEW,
        facts=reading.facts,
        reasons=tuple(_reasons(weighed, engine.verdict(likeliest), model.thresholds)),
        nearest_change=weighed.change,
    )


def _reasons(weighed: _Weighed, verdict: Verdict, thresholds: Thresholds) -> Iterator[Reason]:
    """Yield the rules of the likeliest facts, then what else moved the suggestion."""
    yield from verdict.reasons
    if verdict.priority != weighed.safest:
        because = (
            f"The likeliest facts make it {verdict.priority}; weighed with how sure each fact is,"
            f" with the whole text and with the cost of a mistake, {weighed.safest} is the safer"
            " choice."
        )
        yield Reason("remark", "facts-are-uncertain", because, weighed.safest)
    if weighed.suggested != weighed.safest:
        yield Reason("remark", "recall-floor", _floor(weighed, thresholds), weighed.suggested)
    if {weighed.direct} != {verdict.priority, weighed.by_rules}:
        yield Reason("remark", "whole-text-differs", _whole_text(weighed), weighed.direct)


def _floor(weighed: _Weighed, thresholds: Thresholds) -> str:
    name, floor = str(weighed.suggested), thresholds.floors[weighed.suggested]
    return (
        f"By the cost of a mistake alone it would be {weighed.safest}; so that few {name} are"
        f" missed, it is {name} from a probability of {floor:g} on, and here that is"
        f" {weighed.pooled[weighed.suggested]:.4f}."
    )


def _whole_text(weighed: _Weighed) -> str:
    words = f"Read as a whole, the text resembles tickets of priority {weighed.direct}"
    if weighed.direct == weighed.by_rules:
        return f"{words}."
    return f"{words}; its facts, weighed with how sure each is, speak for {weighed.by_rules}."
