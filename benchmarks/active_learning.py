"""Whether choosing what to label beats labelling at random.

    python -m benchmarks.active_learning [--draws 4] [--json]

The direct view of the light reader learns from 100 training tickets drawn at random, then from 50
more at a time up to 600, chosen by each way; it is judged on the held-out tickets. Its vocabulary
comes from all training texts and sees no labels. Figures are means over all stages after the first.
The full reader's encoder has learnt all the training tickets, so it would prove nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from classifier import Reader, cheapest, load_recipe
from classifier.choosing import Rows, most_worthwhile, spread, worth
from classifier.similarity import likeness_rows
from classifier.training import Material
from tickets import PRIORITIES
from triage.commands.printed import table_console
from triage.labelled.corpus import SHIPPED, load_labelled
from triage.retraining.comparison import Labels, labels_of
from triage.retraining.training import HELD_OUT, current_rules

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]

FIRST, MORE, LAST = 100, 50, 600
SMALLEST = 1e-6
"""Probability of a priority that no ticket has shown yet."""


@dataclass(frozen=True)
class Ground:
    """All tickets as the light reader sees them: first those to choose from, then the held-out."""

    rows: csr_matrix
    texts: Rows
    """As `likeness_rows` gives them."""
    labels: Labels
    pool: int
    costs: Floats
    regularisation: float

    def probabilities(self, learnt: Labels) -> Floats:
        """Return the direct view (n, 5) of all tickets, learnt from some."""
        head = LogisticRegression(C=self.regularisation, max_iter=300, tol=1e-3)
        head.fit(self.rows[learnt], self.labels[learnt])
        found = np.full((len(self.labels), len(PRIORITIES)), SMALLEST)
        found[:, head.classes_] = head.predict_proba(self.rows)
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def measured(self, probabilities: Floats) -> tuple[float, float]:
        """Return macro-F1 of the likeliest priority and cost of the cheapest, held out."""
        labels, judged = self.labels[self.pool :], probabilities[self.pool :]
        f1 = f1_score(labels, judged.argmax(axis=1), average="macro", zero_division=0.0)
        return float(f1), float(self.costs[labels, cheapest(judged, self.costs)].mean())


Way = Callable[[Ground, Floats, Labels, np.random.Generator], Labels]
"""Chooses tickets among the free ones by what is thought of them."""


def main() -> None:
    """Compare the ways to choose."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = list(_rows(_ground(), options.draws))
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        table_console().print(_table(rows))


def _ground() -> Ground:
    rules, recipe = current_rules(), load_recipe(Reader.LIGHT)
    corpus, _ = load_labelled(SHIPPED, rules.schema)
    pool = [labelled for labelled in corpus if labelled.split != HELD_OUT]
    tickets = [*pool, *(labelled for labelled in corpus if labelled.split == HELD_OUT)]
    material = Material.of(tickets, recipe)
    said = [text.casefold() for text in material.said]
    return Ground(
        material.features.tocsr(),
        likeness_rows(said),
        labels_of(tickets),
        len(pool),
        rules.costs,
        recipe.regularisation,
    )


def _random(ground: Ground, view: Floats, free: Labels, random: np.random.Generator) -> Labels:
    return random.permutation(free)[:MORE]


def _least_sure(ground: Ground, view: Floats, free: Labels, random: np.random.Generator) -> Labels:
    return free[np.argsort(view[free].max(axis=1), kind="stable")[:MORE]]


def _dearest(ground: Ground, view: Floats, free: Labels, random: np.random.Generator) -> Labels:
    costs = (view[free] @ ground.costs).min(axis=1)
    return free[np.argsort(-costs, kind="stable")[:MORE]]


def _worth(ground: Ground, view: Floats, free: Labels, random: np.random.Generator) -> Labels:
    return free[most_worthwhile(worth(view[free], ground.costs), MORE)[:MORE]]


def _shipped(ground: Ground, view: Floats, free: Labels, random: np.random.Generator) -> Labels:
    """Choose as `triage feedback next` does."""
    worths = worth(view[free], ground.costs)
    best = most_worthwhile(worths, MORE)
    return free[best[spread(worths[best], ground.texts[free[best]], MORE)]]


WAYS: dict[str, Way] = {
    "at random": _random,
    "least confident": _least_sure,
    "greatest expected cost": _dearest,
    "both multiplied": _worth,
    "both multiplied, spread (shipped)": _shipped,
}


def _rows(ground: Ground, draws: int) -> Iterator[Row]:
    for name, way in WAYS.items():
        stages = np.array([list(_stages(ground, way, draw)) for draw in range(draws)])
        f1, cost = stages[:, 1:].mean(axis=(0, 1))
        last_f1, last_cost = stages[:, -1].mean(axis=0)
        spread_f1, spread_cost = stages[:, 1:].mean(axis=1).std(axis=0)
        yield {
            "chosen": name,
            "macro_f1": float(f1),
            "between draws": float(spread_f1),
            "cost": float(cost),
            "between draws ": float(spread_cost),
            f"macro_f1 of {LAST}": float(last_f1),
            f"cost of {LAST}": float(last_cost),
        }


def _stages(ground: Ground, way: Way, draw: int) -> Iterator[tuple[float, float]]:
    random = np.random.default_rng(draw)
    learnt = random.permutation(ground.pool)[:FIRST]
    while True:
        view = ground.probabilities(learnt)
        yield ground.measured(view)
        if len(learnt) >= LAST:
            return
        free = np.setdiff1d(np.arange(ground.pool), learnt)
        learnt = np.concatenate([learnt, way(ground, view, free, random)])


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, justify="left" if name == "chosen" else "right")
    for row in rows:
        table.add_row(*(v if isinstance(v, str) else f"{v:.3f}" for v in row.values()))
    return table


if __name__ == "__main__":
    main()
