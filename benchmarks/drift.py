"""Whether drift is found where there is some, and not where there is none.

    python -m benchmarks.drift [--reader light] [--weeks 200] [--json]

Half of the held-out tickets, drawn anew for every week, is the reference; weeks are made of the
other half, so no ticket is on both sides. `alarms` is the share of weeks with any verdict but
steady. The estimated accuracy of a week is compared with the true one. Tickets in French beyond the
few held out come from the practice tickets, which the model has learnt from.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.table import Table

from classifier import LabelledTicket, Reader
from triage.assessed import Assessed
from triage.commands.options import READERS
from triage.commands.printed import table_console
from triage.desk import Desk
from triage.drift.findings import Verdict
from triage.drift.observation import FORM, Observation, observe
from triage.drift.reference import reference_of
from triage.drift.weeks import Week, weeks_of
from triage.labelled.corpus import load_corpus
from triage.retraining.comparison import labels_of
from triage.retraining.training import HELD_OUT, current_rules
from triage.suggest import cost_array

SEED = 20261122
SIZES = (50, 100, 200)
FRENCH = 40
"""Tickets of a week that is all in French."""
FEW_FRENCH = (10, 20)
"""Tickets in French of a week of a hundred."""
OF_WRITER = 100

Row = dict[str, Any]


def main() -> None:
    """Simulate weeks without drift, then weeks with some, and print what was found."""
    options = _options()
    desk = Desk.load(reader=Reader(options.reader))
    corpus = load_corpus(current_rules().schema)
    held_out = _seen(desk, [one for one in corpus if one.split == HELD_OUT])
    french = _seen(desk, [one for one in corpus if one.language == "fr"])
    bench = Bench(desk, held_out, french, np.random.default_rng(SEED))
    rows = [*bench.without_drift(options.weeks), *bench.with_drift(options.weeks // 10)]
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        table_console().print(_table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reader", choices=READERS, default=READERS[0])
    parser.add_argument("--weeks", type=int, default=200, help="without drift, of each size")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@dataclass(frozen=True)
class Seen:
    """A labelled ticket with what drift sees of it."""

    labelled: LabelledTicket
    observed: Observation


def _seen(desk: Desk, tickets: Sequence[LabelledTicket]) -> list[Seen]:
    suggestions = desk.suggest_many([labelled.ticket for labelled in tickets])
    assessed = [
        # All are of one week here, whenever they were received.
        Assessed.of(replace(one.ticket, received_at=None), suggestion, one.product_area)
        for one, suggestion in zip(tickets, suggestions, strict=True)
    ]
    observed = observe(assessed, desk.rooms.model)
    return [Seen(*pair) for pair in zip(tickets, observed, strict=True)]


@dataclass(frozen=True)
class Bench:
    """Tickets to make weeks of, and a desk that judges them."""

    desk: Desk
    held_out: Sequence[Seen]
    french: Sequence[Seen]
    random: np.random.Generator

    def without_drift(self, weeks: int) -> Iterator[Row]:
        """Yield what is found in weeks that differ from the reference by chance alone."""
        half = len(self.held_out) // 2
        for size in SIZES:
            drawn = [self._drawn(self.held_out, half + size) for _ in range(weeks)]
            yield self._row("nothing", [(both[half:], both[:half]) for both in drawn])

    def with_drift(self, weeks: int) -> Iterator[Row]:
        """Yield what is found in weeks that differ from the reference on purpose."""
        everything = self.held_out
        yield self._row(
            "only French",
            [_untold(self._drawn(self.french, FRENCH), everything) for _ in range(weeks)],
        )
        for few in FEW_FRENCH:
            drawn = [_untold(*self._with_french(few)) for _ in range(weeks)]
            yield self._row(f"{few} % French", drawn)
        areas = sorted({seen.labelled.product_area for seen in everything})
        yield self._row("one product area", [self._apart("product_area", one) for one in areas])
        yield self._row(
            "the same, forms not told",
            [_untold(*self._apart("product_area", one)) for one in areas],
        )
        for writer in sorted({seen.labelled.writer for seen in everything}):
            yield self._row(
                f"writer {writer} alone",
                [self._apart("writer", writer, OF_WRITER) for _ in range(weeks)],
            )
        for difficulty in ("hard", "easy"):
            yield self._row(f"only {difficulty} ones", [self._apart("difficulty", difficulty)])

    def _drawn(self, among: Sequence[Seen], count: int) -> list[Seen]:
        return [among[at] for at in self.random.permutation(len(among))[:count]]

    def _with_french(self, few: int) -> tuple[list[Seen], list[Seen]]:
        half = len(self.held_out) // 2
        both = self._drawn(self.held_out, half + 100 - few)
        return both[half:] + self._drawn(self.french, few), both[:half]

    def _apart(self, field: str, value: str, count: int | None = None) -> _Week:
        """Return tickets with a value for the week, and those without it for the reference."""
        week = [seen for seen in self.held_out if getattr(seen.labelled, field) == value]
        others = [seen for seen in self.held_out if getattr(seen.labelled, field) != value]
        return self._drawn(week, count or len(week)), others

    def _row(self, name: str, weeks: Sequence[_Week]) -> Row:
        judged = [self._judged(*week) for week in weeks]
        verdicts = Counter(week.verdict for week in judged)
        found = Counter(
            finding.measure
            for week in judged
            for finding in week.findings
            if finding.verdict in (Verdict.ACT, Verdict.WATCH)
        )
        right = np.array([np.mean([_is_right(seen) for seen in week]) for week, _ in weeks])
        low, high = (
            np.array([getattr(w.accuracy, end) for w in judged]) for end in ("low", "high")
        )
        return {
            "drift": name,
            "weeks": len(weeks),
            "tickets": round(float(np.mean([len(week) for week, _ in weeks]))),
            "act": verdicts[Verdict.ACT] / len(weeks),
            "watch": verdicts[Verdict.WATCH] / len(weeks),
            "estimated": float(np.mean([week.accuracy.value for week in judged])),
            "true": float(right.mean()),
            "covered": float(((low <= right) & (right <= high)).mean()),
            "found by": ", ".join(name for name, _ in found.most_common(3)),
        }

    def _judged(self, week: Sequence[Seen], others: Sequence[Seen]) -> Week:
        labels = labels_of([seen.labelled for seen in others])
        reference = reference_of([seen.observed for seen in others], labels, self.desk, "")
        costs = cost_array(self.desk.rooms.ruleset)
        return weeks_of([seen.observed for seen in week], reference, costs)[0]


_Week = tuple[Sequence[Seen], Sequence[Seen]]
"""The tickets of a week, and those of its reference."""


def _untold(week: Sequence[Seen], others: Sequence[Seen]) -> _Week:
    """Leave out what forms say: practice tickets come without, and words should tell as well."""

    def untold(seen: Seen) -> Seen:
        values = {name: v for name, v in seen.observed.values.items() if name not in FORM}
        return replace(seen, observed=replace(seen.observed, values=values))

    return [untold(seen) for seen in week], [untold(seen) for seen in others]


def _is_right(seen: Seen) -> bool:
    return seen.labelled.priority == seen.observed.suggested


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, justify="left" if name in ("drift", "found by") else "right")
    for row in rows:
        cells = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values())
        table.add_row(*cells)
    return table


if __name__ == "__main__":
    main()
