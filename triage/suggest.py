"""From readings to suggestions: both views of the priority pooled, priced and explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from classifier import Model, cheapest
from rules import Diagram, Engine, Ruleset, Verdict, distributions
from tickets import PRIORITIES, Action, FactSchema, Priority, Reading, Reason, Suggestion

Floats = npt.NDArray[np.float64]


def suggest(
    readings: Sequence[Reading],
    model: Model,
    ruleset: Ruleset,
    diagram: Diagram,
    engine: Engine,
) -> list[Suggestion]:
    """Return a suggestion for each reading: the priority of least expected cost, and why."""
    if not readings:
        return []
    rules_view = distributions(diagram, fact_arrays(readings, ruleset.schema))
    direct_view = np.array([[reading.direct_view[p] for p in PRIORITIES] for reading in readings])
    pooled = model.pool.combine(rules_view, direct_view)
    suggested = cheapest(pooled, cost_array(ruleset))
    disagreement = np.abs(rules_view.argmax(axis=1) - direct_view.argmax(axis=1))
    return [
        _suggestion(
            reading,
            Priority(int(suggested[row])),
            pooled[row],
            Priority(int(direct_view[row].argmax())),
            int(disagreement[row]),
            model,
            engine,
        )
        for row, reading in enumerate(readings)
    ]


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


def cost_array(ruleset: Ruleset) -> Floats:
    """Return the cost matrix as an array (label, suggested)."""
    return np.array(
        [[ruleset.costs[label][suggested] for suggested in PRIORITIES] for label in PRIORITIES],
        dtype=float,
    )


def _suggestion(
    reading: Reading,
    priority: Priority,
    pooled: Floats,
    direct: Priority,
    disagreement: int,
    model: Model,
    engine: Engine,
) -> Suggestion:
    confidence = float(pooled[priority])
    likeliest = {name: fact.value for name, fact in reading.facts.items()}
    action = model.thresholds.action(priority, confidence, disagreement)
    return Suggestion(
        priority=priority,
        confidence=confidence,
        probabilities=dict(zip(PRIORITIES, pooled.tolist(), strict=True)),
        threshold=model.thresholds.auto[priority],
        action=action if reading.is_supported_language else Action.REVIEW,
        facts=reading.facts,
        reasons=tuple(_reasons(priority, engine.verdict(likeliest), direct)),
    )


def _reasons(priority: Priority, verdict: Verdict, direct: Priority) -> Iterator[Reason]:
    """Yield the rules of the likeliest facts, then what else moved the suggestion."""
    yield from verdict.reasons
    if verdict.priority != priority:
        because = (
            f"The likeliest facts make it {verdict.priority}; weighed with how sure each fact is,"
            f" with the whole text and with the cost of a mistake, {priority} is the safer choice."
        )
        yield Reason("remark", "facts-are-uncertain", because, priority)
    if direct != verdict.priority:
        because = f"Read as a whole, the text resembles tickets of priority {direct}."
        yield Reason("remark", "whole-text-differs", because, direct)
