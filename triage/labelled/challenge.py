"""How suggestions behave on challenge suites: a report, not a pass or a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from classifier import Reader
from tickets import Priority
from triage.commands.printed import table_console
from triage.desk import Desk
from triage.labelled.suites import SHIPPED, Pair, Suite, load_suites

Report = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What was suggested for the two tickets of a pair."""

    pair: Pair
    a: Priority
    b: Priority

    @property
    def is_right(self) -> bool:
        """Tell whether both tickets got the priority of their label."""
        return self.a == self.pair.a.priority and self.b == self.pair.b.priority

    @property
    def change_is_right(self) -> bool:
        """Tell whether the suggestion flipped where it should, and only there."""
        return (self.a != self.b) == self.pair.flips

    def as_record(self) -> Report:
        """Return the pair with both labels and both suggestions."""
        return {
            "id": self.pair.id,
            "change": self.pair.change,
            "flips": self.pair.flips,
            "labels": [str(self.pair.a.priority), str(self.pair.b.priority)],
            "suggested": [str(self.a), str(self.b)],
        }


def run_suites(path: str, reader: Reader) -> Report:
    """Return how a reader's current model does on suites (a folder or file), by default ours."""
    suites = load_suites(path or SHIPPED)
    return challenge_desk(suites, Desk.load(reader=reader))


def challenge_desk(suites: Sequence[Suite], desk: Desk) -> Report:
    """Return how a desk does on suites, on each and on all, with every pair that it gets wrong."""
    outcomes = {suite.name: _outcomes(suite, desk) for suite in suites}
    every = [outcome for found in outcomes.values() for outcome in found]
    return {
        **_shares(every),
        "suites": {name: _shares(found) for name, found in outcomes.items()},
        "wrong": [
            {"suite": name, **outcome.as_record()}
            for name, found in outcomes.items()
            for outcome in found
            if not outcome.is_right
        ],
        "versions": {"model": desk.rooms.model.version, "rules": desk.rooms.ruleset.version},
    }


def _outcomes(suite: Suite, desk: Desk) -> list[Outcome]:
    tickets = [side.ticket for pair in suite.pairs for side in (pair.a, pair.b)]
    suggested = [suggestion.priority for suggestion in desk.suggest_many(tickets)]
    sides = zip(suite.pairs, suggested[::2], suggested[1::2], strict=True)
    return [Outcome(pair, a, b) for pair, a, b in sides]


def _shares(outcomes: Sequence[Outcome]) -> Report:
    flips = [outcome for outcome in outcomes if outcome.pair.flips]
    holds = [outcome for outcome in outcomes if not outcome.pair.flips]
    return {
        "pairs": len(outcomes),
        "both_right": _share([outcome.is_right for outcome in outcomes]),
        "change_right": _share([outcome.change_is_right for outcome in outcomes]),
        "flips": {"pairs": len(flips), "right": _share([one.change_is_right for one in flips])},
        "holds": {"pairs": len(holds), "right": _share([one.change_is_right for one in holds])},
    }


def _share(claims: Sequence[bool]) -> float | None:
    return round(sum(claims) / len(claims), 4) if claims else None


def print_challenge(report: Mapping[str, Any]) -> None:
    """Print a line for each suite and one for all."""
    table = Table(box=None, pad_edge=False)
    table.add_column("suite")
    for heading in ("pairs", "both right", "change right", "of flips", "of holds"):
        table.add_column(heading, justify="right")
    for name, shares in {**report["suites"], "all": report}.items():
        figures = (
            shares["both_right"],
            shares["change_right"],
            shares["flips"]["right"],
            shares["holds"]["right"],
        )
        table.add_row(name, str(shares["pairs"]), *map(_written, figures))
    console = table_console()
    console.print(table)
    console.print("both right: both tickets got the priority of their label")
    console.print("change right: the suggestion flipped where it should, held where it should")


def _written(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"
