"""Shadow mode: what a candidate would have suggested, beside what was shown and what was decided.

Decisions on suggestions that were shown lean towards them, so they favour the model that was shown;
those on blind tickets do not. Suggestions that acted by themselves were decided by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rules import load_ruleset
from tickets import PRIORITIES, Fault, InputFaults, Priority
from tickets.store import ShadowPair, Store
from triage.intake import AUTOMATIC
from triage.retraining.comparison import Comparison, compare
from triage.suggest import cost_array

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """One ticket as two models see it."""

    ticket: str
    shown: Priority
    candidate: Priority
    decided: Priority | None
    """By a person."""
    is_blind: bool


@dataclass(frozen=True)
class ClassFigures:
    """The tickets that people gave one priority, and how many each model did."""

    tickets: int
    shown_right: int
    candidate_right: int


@dataclass(frozen=True)
class Verdicts:
    """Who was right, where people decided."""

    tickets: int
    both_right: int
    only_shown_right: int
    only_candidate_right: int
    neither_right: int
    by_class: dict[str, ClassFigures]
    p0_missed_by_shown: tuple[str, ...]
    """Tickets decided as P0 and suggested as something else."""
    p0_missed_by_candidate: tuple[str, ...]
    comparison: Comparison
    """Macro-F1, P0 recall and cost of both, with intervals."""

    def as_record(self) -> dict[str, Any]:
        """Return all figures."""
        return {**asdict(self), "comparison": self.comparison.as_record()}


@dataclass(frozen=True)
class ShadowReport:
    """A candidate beside what was shown."""

    version: str
    tickets: int
    agreement: float
    """Share of tickets with the same suggestion."""
    table: tuple[tuple[int, ...], ...]
    """Tickets by what was shown (row, P0 first) and what the candidate says (column)."""
    decided: Verdicts | None
    """None where nothing is decided."""
    blind: Verdicts | None
    """Of them, where the person had seen no suggestion."""
    left_out: int = field(default=0)
    """Tickets whose shown suggestion came from the candidate itself."""

    def as_record(self) -> dict[str, Any]:
        """Return the report for machines."""
        return {
            "version": self.version,
            "tickets": self.tickets,
            "agreement": self.agreement,
            "table": [list(row) for row in self.table],
            "decided": self.decided and self.decided.as_record(),
            "blind": self.blind and self.blind.as_record(),
            "left_out": self.left_out,
        }


def shadow_report(store: Store, version: str) -> ShadowReport:
    """Compare a candidate's shadow suggestions with those shown; `InputFaults` without any."""
    found = list(store.shadow.pairs(version))
    others = [pair for pair in found if pair.shown_version not in (None, version)]
    if not others:
        problem = f"holds no shadow suggestion of model {version} beside another model's"
        remedy = "name a version of `triage models` that has run in the shadow"
        raise InputFaults(Fault("database", problem, remedy))
    pairs = [
        _pair(store, pair, pair.shown_priority)
        for pair in others
        if pair.shown_priority is not None
    ]
    costs = cost_array(load_ruleset())
    return compare_pairs(version, pairs, costs, left_out=len(found) - len(others))


def _pair(store: Store, pair: ShadowPair, shown: Priority) -> Pair:
    return Pair(
        ticket=_named(store, pair),
        shown=shown,
        candidate=pair.priority,
        decided=None if pair.decided_by == AUTOMATIC else pair.decided_priority,
        is_blind=bool(pair.is_blind),
    )


def _named(store: Store, pair: ShadowPair) -> str:
    """Return the id of a ticket that a report may name, a P0; of others, the key suffices."""
    stored = store.tickets.load(pair.ticket_key) if pair.decided_priority == PRIORITIES[0] else None
    return stored.ticket.id if stored else pair.ticket_key


def compare_pairs(
    version: str, pairs: Sequence[Pair], costs: Floats, *, left_out: int = 0
) -> ShadowReport:
    """Compare both suggestions of each pair, at least one; `costs` is (label, suggested)."""
    table = np.zeros((len(PRIORITIES), len(PRIORITIES)), int)
    np.add.at(table, ([pair.shown for pair in pairs], [pair.candidate for pair in pairs]), 1)
    decided = [pair for pair in pairs if pair.decided is not None]
    return ShadowReport(
        version=version,
        tickets=len(pairs),
        agreement=float(np.trace(table) / len(pairs)),
        table=tuple(tuple(row) for row in table.tolist()),
        decided=_verdicts(decided, costs),
        blind=_verdicts([pair for pair in decided if pair.is_blind], costs),
        left_out=left_out,
    )


def _verdicts(pairs: Sequence[Pair], costs: Floats) -> Verdicts | None:
    if not pairs:
        return None
    right = [(pair.shown == pair.decided, pair.candidate == pair.decided) for pair in pairs]
    return Verdicts(
        tickets=len(pairs),
        both_right=right.count((True, True)),
        only_shown_right=right.count((True, False)),
        only_candidate_right=right.count((False, True)),
        neither_right=right.count((False, False)),
        by_class={
            str(p): _class_figures(pair for pair in pairs if pair.decided == p) for p in PRIORITIES
        },
        p0_missed_by_shown=_missed(pairs, [pair.shown for pair in pairs]),
        p0_missed_by_candidate=_missed(pairs, [pair.candidate for pair in pairs]),
        comparison=compare(
            np.array([pair.decided for pair in pairs], np.int64),
            np.array([pair.candidate for pair in pairs], np.int64),
            np.array([pair.shown for pair in pairs], np.int64),
            costs,
        ),
    )


def _class_figures(pairs: Iterable[Pair]) -> ClassFigures:
    own = list(pairs)
    return ClassFigures(
        tickets=len(own),
        shown_right=sum(pair.shown == pair.decided for pair in own),
        candidate_right=sum(pair.candidate == pair.decided for pair in own),
    )


def _missed(pairs: Sequence[Pair], suggested: Sequence[Priority]) -> tuple[str, ...]:
    first = PRIORITIES[0]
    return tuple(
        pair.ticket
        for pair, said in zip(pairs, suggested, strict=True)
        if pair.decided == first != said
    )
