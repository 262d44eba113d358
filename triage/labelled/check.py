"""A labelled file looked through before anyone learns from it or is measured by it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from classifier import Reader, load_recipe
from classifier.leaks import FOLDS, Leak, joint_leak, leaks, telling_words
from classifier.similarity import NEAR_COPY, Likeness, families, nearest_earlier
from classifier.suspicion import suspicious_labels
from classifier.training import held_out_view
from rules import load_ruleset
from tickets import PRIORITIES, Priority
from triage.labelled.counts import counts, misquoted, missing, too_rare, unusable
from triage.labelled.file import LabelledFile, LabelledRow, groups, read_labelled_file
from triage.progress import progress_bar

Report = dict[str, Any]
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FEWEST_TICKETS = 50
"""With fewer, what a model makes of fields or texts it has not seen proves nothing."""
LENGTH = "length of the text"


def check_file(
    path: str, columns: Mapping[str, str], label_names: Mapping[str, Priority]
) -> Report:
    """Return all that is worth knowing of a labelled file; `InputFaults` if it cannot be used."""
    return check(read_labelled_file(path, load_ruleset().schema, columns, label_names))


def check(file: LabelledFile) -> Report:
    """Return all that is worth knowing of labelled tickets that have been read."""
    copies = exact_copies(file.rows)
    likenesses = _likenesses(file, copies)
    near = [likeness for likeness in likenesses if likeness.similarity >= NEAR_COPY]
    together = _together(file, copies, near)
    counted = counts(file)
    report: Report = {
        "file": file.name,
        "tickets": len(file.rows),
        "unusable": unusable(file),
        "counts": counted,
        "missing": missing(file),
        "exact_copies": _conflicts_first(_group(file.rows, copy) for copy in copies),
        "near_copies": _conflicts_first(_pair(file.rows, likeness) for likeness in near),
        "highest_similarity": max((one.similarity for one in likenesses), default=0.0),
        "misquoted": list(misquoted(file)),
        "too_rare": list(too_rare(counted)),
        "telling_words": _telling_words(file),
        "not_checked": _too_little(file, together),
    }
    if not report["not_checked"]:
        report["leaks"] = _leaks(file, together)
        report["suspicious_labels"] = _suspicious_labels(file, together)
    return report


def view_held_out(file: LabelledFile) -> Floats | None:
    """Return the probabilities (n, 5) of n tickets by models that had not learnt from them.

    None where there are too few tickets to hold some out.
    """
    copies = exact_copies(file.rows)
    near = [one for one in _likenesses(file, copies) if one.similarity >= NEAR_COPY]
    together = _together(file, copies, near)
    return None if _too_little(file, together) else _view(file, together)


def exact_copies(rows: Sequence[LabelledRow]) -> list[list[int]]:
    """Return the positions of tickets that say the same but for case and blanks."""
    same: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        same.setdefault(_flat(row.text), []).append(position)
    return [positions for positions in same.values() if len(positions) > 1]


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _likenesses(file: LabelledFile, copies: Sequence[Sequence[int]]) -> list[Likeness]:
    """Compare tickets by what their customers say, exact copies once."""
    again = {position for copy in copies for position in copy[1:]}
    kept = [position for position in range(len(file.rows)) if position not in again]
    texts = [_flat(file.said[position]) for position in kept]
    labels = [int(file.rows[position].labelled.priority) for position in kept]
    return [
        Likeness(kept[found.later], kept[found.earlier], found.similarity)
        for found in nearest_earlier(texts, labels)
    ]


def _together(
    file: LabelledFile, copies: Sequence[Sequence[int]], near: Sequence[Likeness]
) -> Numbers:
    return groups(file, families(len(file.rows), [*_links(copies), *near]))


def _links(copies: Sequence[Sequence[int]]) -> Iterator[Likeness]:
    for first, *others in copies:
        for other in others:
            yield Likeness(other, first, 1.0)


def _group(rows: Sequence[LabelledRow], positions: Sequence[int]) -> Report:
    tickets = [
        {**rows[at].place(), "priority": str(rows[at].labelled.priority)} for at in positions
    ]
    differ = len({ticket["priority"] for ticket in tickets}) > 1
    return {"labels_differ": differ, "similarity": 1.0, "tickets": tickets}


def _pair(rows: Sequence[LabelledRow], likeness: Likeness) -> Report:
    pair = _group(rows, (likeness.earlier, likeness.later))
    return {**pair, "similarity": round(likeness.similarity, 3)}


def _conflicts_first(found: Iterator[Report]) -> list[Report]:
    return sorted(found, key=lambda one: (not one["labels_differ"], -one["similarity"]))


def _too_little(file: LabelledFile, together: Numbers) -> str:
    """Tell why fields and labels cannot be tried out on tickets held out; empty when they can."""
    if len(file.rows) < FEWEST_TICKETS:
        return f"leaks and labels: fewer than {FEWEST_TICKETS} usable tickets"
    if len(set(together.tolist())) < FOLDS:
        return f"leaks and labels: fewer than {FOLDS} tickets that are not copies of each other"
    if len({labelled.priority for labelled in file.tickets}) < 2:
        return "leaks and labels: all tickets have the same label"
    return ""


def _labels(file: LabelledFile) -> Numbers:
    return np.array([int(labelled.priority) for labelled in file.tickets])


def _telling_words(file: LabelledFile) -> list[Report]:
    found = telling_words([row.text for row in file.rows], _labels(file))
    return [
        {
            "word": word.word,
            "priority": str(PRIORITIES[word.label]),
            "tickets": word.tickets,
            "share": round(word.share, 3),
        }
        for word in found
    ]


def form_fields(file: LabelledFile) -> dict[str, list[Any]]:
    """Return what is known of each ticket beside its words, for each column that says anything."""
    lengths: list[Any] = [len(row.text) for row in file.rows]
    fields = {LENGTH: lengths} | {name: file.cells(name) for name in file.form_fields}
    return {name: values for name, values in fields.items() if len(set(map(str, values))) > 1}


def _leaks(file: LabelledFile, together: Numbers) -> Report:
    fields = form_fields(file)
    labels = _labels(file)
    found = {}
    with progress_bar("trying what fields tell", len(fields) + 1) as bar:
        for name, leak in leaks(fields, labels, together):
            found[name] = _figures(leak)
            bar.advance(1)
        joint = _figures(joint_leak(fields, labels, together)) if fields else None
        bar.advance(1)
    by_score = sorted(found.items(), key=lambda item: -item[1]["macro_f1"])
    return {"fields": dict(by_score), "together": joint}


def _figures(leak: Leak) -> Report:
    return {
        "macro_f1": round(leak.macro_f1, 3),
        "chance": round(leak.chance, 3),
        "gives_away": leak.gives_away,
    }


def _suspicious_labels(file: LabelledFile, together: Numbers) -> list[Report]:
    return [
        {
            **file.rows[doubt.index].place(),
            "priority": str(PRIORITIES[doubt.label]),
            "probability": round(doubt.probability_of_label, 3),
            "likelier": str(PRIORITIES[doubt.likelier]),
            "probability_of_likelier": round(doubt.probability, 3),
        }
        for doubt in suspicious_labels(_labels(file), _view(file, together))
    ]


def _view(file: LabelledFile, together: Numbers) -> Floats:
    folds = list(GroupKFold(FOLDS).split(together, groups=together))
    with progress_bar("reading tickets held out") as bar:
        return held_out_view(file.tickets, folds, load_recipe(Reader.LIGHT), bar.reach)
