"""How often a ticket's labelled facts, put through the rules, give its labelled priority."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from classifier.kappa import Agreement, agreement
from rules import Engine, Verdict
from tickets import PRIORITIES, Priority
from triage.labelled.file import LabelledRow

Report = dict[str, Any]


@dataclass(frozen=True)
class _Ruled:
    row: LabelledRow
    verdict: Verdict

    @property
    def split(self) -> str:
        return self.row.labelled.split or "no split"


def ruled_labels(rows: Sequence[LabelledRow], engine: Engine) -> Report:
    """Return the agreement of labels with facts → rules for each split, and each disagreement.

    Labels count as they are now and as they were before any review. Tickets that lack a fact are
    left out.
    """
    names = engine.ruleset.schema.names
    ruled = [
        _Ruled(row, engine.verdict(row.labelled.facts))
        for row in rows
        if all(name in row.labelled.facts for name in names)
    ]
    splits = dict.fromkeys(one.split for one in ruled)
    by_split = {split: [one for one in ruled if one.split == split] for split in splits}
    return {
        "splits": {
            split: _against([one.row.labelled.priority for one in own], own)
            for split, own in by_split.items()
        },
        "splits_before_review": {
            split: _against([one.row.first_priority for one in own], own)
            for split, own in by_split.items()
        },
        "disagreements": list(_disagreements(ruled)),
    }


def _against(labels: Sequence[Priority], ruled: Sequence[_Ruled]) -> Report:
    return asdict(priority_agreement(labels, [one.verdict.priority for one in ruled]))


def priority_agreement(first: Sequence[Priority], second: Sequence[Priority]) -> Agreement:
    """Compare two priorities of each of some tickets."""
    return agreement(
        [str(p) for p in first], [str(p) for p in second], [str(p) for p in PRIORITIES]
    )


def _disagreements(ruled: Sequence[_Ruled]) -> Iterator[Report]:
    for one in ruled:
        labelled = one.row.labelled
        if labelled.priority != one.verdict.priority:
            yield {
                "id": labelled.ticket.id,
                "split": labelled.split,
                "labelled": str(labelled.priority),
                "by_rules": str(one.verdict.priority),
                "rules": [reason.id for reason in one.verdict.reasons],
                "facts": dict(labelled.facts),
            }
