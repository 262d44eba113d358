"""How good the classifier is, part by part, and beside others.

    python -m benchmarks.classifier ablation          what each part of it is worth
    python -m benchmarks.classifier learning-curve    how many tickets it needs
    python -m benchmarks.classifier peers             beside other classifiers: quality and speed
    python -m benchmarks.classifier priority-only     what tickets without facts add
    python -m benchmarks.classifier evidence          whether the words shown are the right ones
    python -m benchmarks.classifier suggestions       by class, fact, writer, difficulty, language

Choices are made on the development split, the default: its writers are judged by models that have
not learnt from them. `--split test` is for reporting. Figures are of the suggestion of least cost;
`likeliest` is what the likeliest priority would reach. `--sample 400` shows that a part works; its
figures mean nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from rich.table import Table

from benchmarks.classifier_ablation import ablation
from benchmarks.classifier_draws import learning_curve, priority_only
from benchmarks.classifier_evidence import evidence
from benchmarks.classifier_peers import Effort, peers
from benchmarks.classifier_suggestions import suggestions
from benchmarks.classifier_trials import DEVELOPMENT, SPLITS, Row, Sources, Workbench
from triage.commands.printed import table_console

PARTS = ("ablation", "learning-curve", "peers", "priority-only", "evidence", "suggestions")
TEXTCAT_EPOCHS = 5


def main() -> None:
    """Run one part and print its table, or JSON."""
    options = _options()
    rows = _rows(options)
    if options.json:
        split = getattr(options, "split", DEVELOPMENT)
        print(json.dumps({"part": options.part, "split": split, "rows": rows}, indent=1))
    else:
        table_console().print(table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="part", required=True)
    for name in PARTS:
        part = parts.add_parser(name)
        part.add_argument("--sample", type=int, help="tickets used, for each purpose")
        part.add_argument("--json", action="store_true")
        if name != "priority-only":  # it is for choosing, so it never reads the test split
            part.add_argument("--split", choices=SPLITS, default=DEVELOPMENT)
        if name == "peers":
            part.add_argument("--textcat-epochs", type=int, default=TEXTCAT_EPOCHS)
            part.add_argument("--base", help="a folder that holds all-MiniLM-L6-v2")
    return parser.parse_args()


def _rows(options: argparse.Namespace) -> list[Row]:
    workbench = Workbench.load()
    sources = Sources.load(workbench.rules, options.sample)
    match options.part:
        case "ablation":
            return ablation(sources, workbench, options.split)
        case "learning-curve":
            return learning_curve(sources, workbench, options.split)
        case "peers":
            effort = Effort(options.textcat_epochs, options.base)
            return peers(sources, workbench, options.split, effort)
        case "priority-only":
            return priority_only(sources, workbench)
        case "evidence":
            return evidence(sources, workbench, options.split)
        case _:
            return suggestions(sources, workbench, options.split)


def table(rows: Sequence[Row]) -> Table:
    """Return rows as a table, a column for each figure that some row has."""
    columns = list(dict.fromkeys(key for row in rows for key in row if key != "name"))
    shown = Table(box=None, pad_edge=False)
    shown.add_column("", no_wrap=True)
    for column in columns:
        shown.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        shown.add_row(row["name"], *(_written(row.get(column)) for column in columns))
    return shown


def _written(figure: float | tuple[float, float] | None) -> str:
    if figure is None:
        return "-"
    if isinstance(figure, tuple):
        return "–".join(map(_written, figure))
    if isinstance(figure, int) or abs(figure) >= 10:
        return f"{figure:,.0f}"
    return f"{figure:.3f}"


if __name__ == "__main__":
    main()
