"""Labels to read again, as a work list: those that a model doubts, and what it reads instead.

A model can only doubt what it did not learn. The current model judges tickets that are new to it,
and small models made from the file itself judge tickets that were held out from them. On labels
spoilt on purpose the current model is right far more often; but it judges by the policy that it was
taught, so where the small ones agree with more labels of the file, they judge alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier import LabelledTicket, Model, Reader, Registry
from classifier.rows import are_new
from classifier.suspicion import Suspicion, suspicious_labels
from tickets import PRIORITIES, Fault, InputFaults, Span, Suggestion
from triage.commands.printed import quoted
from triage.desk import Desk
from triage.labelled.check import view_held_out
from triage.labelled.file import LabelledFile, LabelledRow
from triage.retraining.comparison import Labels, labels_of
from triage.retraining.held_out import are_new as are_unlearnt
from triage.settings import Settings

Floats = npt.NDArray[np.float64]
Claims = npt.NDArray[np.bool_]

CURRENT, HELD_OUT = "current model", "models of this file"
COLUMNS = (
    *("row", "id", "priority", "probability", "likelier", "probability_of_likelier", "judged_by"),
    *("suggested", "confidence", "because", "facts"),
)


def review_list(file: LabelledFile, reader: Reader) -> list[dict[str, Any]]:
    """Return the suspicious labels of a file, the most doubtful first.

    Beside each stands what the reader's current model makes of the ticket. `InputFaults` where
    nobody can judge: too few tickets to hold some out, and none that is new to the model.
    """
    desk = Desk.load(reader=reader)
    tickets = [labelled.ticket for labelled in file.tickets]
    suggestions = desk.suggest_many(tickets)
    is_by_current, probabilities = _judged(file, desk.rooms.model, suggestions)
    return [
        _entry(
            file.rows[doubt.index],
            doubt,
            CURRENT if is_by_current[doubt.index] else HELD_OUT,
            suggestions[doubt.index],
        )
        for doubt in suspicious_labels(labels_of(file.tickets), probabilities)
    ]


def _judged(
    file: LabelledFile, model: Model, suggestions: Sequence[Suggestion]
) -> tuple[Claims, Floats]:
    """Tell of each ticket whether the current model judges it, and what its judge says, (n, 5)."""
    current = np.array([[one.probabilities[p] for p in PRIORITIES] for one in suggestions])
    is_new, labels = _new_to(model, file.tickets), labels_of(file.tickets)
    held_out = view_held_out(file)
    if held_out is None:
        if not is_new.all():
            problem = "holds too few tickets to judge those that the current model has learnt"
            raise InputFaults(Fault(file.name, problem, "give more labelled tickets"))
        return is_new, current
    if _agreement(held_out, labels, is_new) > _agreement(current, labels, is_new):
        return np.zeros_like(is_new), held_out
    return is_new, np.where(is_new[:, None], current, held_out)


def _new_to(model: Model, tickets: Sequence[LabelledTicket]) -> Claims:
    learnt = Registry(Settings.from_environment().home).learnt(model.version)
    return are_unlearnt(tickets, learnt) & are_new(tickets, model.encoder)


def _agreement(probabilities: Floats, labels: Labels, of: Claims) -> float:
    return float((probabilities.argmax(axis=1) == labels)[of].mean()) if of.any() else 0.0


def _entry(
    row: LabelledRow, doubt: Suspicion, judge: str, suggestion: Suggestion
) -> dict[str, Any]:
    return {
        **row.place(),
        "priority": str(PRIORITIES[doubt.label]),
        "probability": round(doubt.probability_of_label, 3),
        "likelier": str(PRIORITIES[doubt.likelier]),
        "probability_of_likelier": round(doubt.probability, 3),
        "judged_by": judge,
        "suggested": str(suggestion.priority),
        "confidence": round(suggestion.confidence, 3),
        "because": suggestion.reasons[0].because,
        "facts": _facts(row.labelled, suggestion),
    }


def _facts(labelled: LabelledTicket, suggestion: Suggestion) -> str:
    """Return the facts read with the words that show them, and where the label says otherwise."""
    return "; ".join(
        _fact(name, reading.value, reading.evidence, labelled)
        for name, reading in suggestion.facts.items()
    )


def _fact(name: str, value: str, evidence: Sequence[Span], labelled: LabelledTicket) -> str:
    quotes = "".join(f' "{quoted(labelled.ticket, span)}"' for span in evidence)
    known = labelled.facts.get(name, value)
    otherwise = f" (labelled {known})" if known != value else ""
    return f"{name} {value}{otherwise}{quotes}"
