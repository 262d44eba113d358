"""Agreement between two labellings, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from triage.commands.printed import table_console

MOST_SHOWN = 15
"""Disagreements and pairs of values; `--json` has all."""

Report = Mapping[str, Any]


def print_agreement(report: Report) -> None:
    """Print agreement per label, where the two differ, and labels against facts and rules."""
    console = table_console()
    console.print(f"{report['tickets']:,} tickets labelled twice; 95 % intervals in brackets")
    console.print(_labels(report))
    for line in _differences(report["disagreements"]):
        console.print(Text(line))
    if report["second_facts_then_rules"]:
        console.print("\nthe second reader's facts put through the rules")
        console.print(_second_by_rules(report["second_facts_then_rules"]))
    ruled = report["facts_then_rules"]
    console.print("\nfacts put through the rules against the labelled priority")
    console.print(_splits(ruled["splits"]))
    if ruled["splits_before_review"] != ruled["splits"]:
        console.print("\nthe same, against the labels before review")
        console.print(_splits(ruled["splits_before_review"]))
    for line in _ruled_differences(ruled["disagreements"]):
        console.print(Text(line))


def _second_by_rules(found: Report) -> Table:
    table = _table("priority of")
    for reader, figures in found.items():
        table.add_row(f"{reader} reader", *_figures(figures))
    return table


def _table(heading: str) -> Table:
    table = Table(heading, box=None, pad_edge=False)
    for name in ("tickets", "same", "", "kappa", "", "weighted", ""):
        table.add_column(name, justify="right")
    return table


def _labels(report: Report) -> Table:
    table = _table("label")
    for name, found in {"priority": report["priority"], **report["facts"]}.items():
        table.add_row(name, *_figures(found))
    return table


def _splits(splits: Report) -> Table:
    table = _table("split")
    for name, found in splits.items():
        table.add_row(name, *_figures(found))
    return table


def _figures(found: Report) -> Iterator[str]:
    yield f"{found['tickets']:,}"
    for name in ("raw", "kappa", "weighted_kappa"):
        estimate = found.get(name)
        yield f"{estimate['value']:.3f}" if estimate else "-"
        yield f"({estimate['low']:.3f}–{estimate['high']:.3f})" if estimate else ""


def _differences(disagreements: Iterable[Report]) -> Iterator[str]:
    found = list(disagreements)
    if not found:
        return
    yield "\nwhere the two differ (first, second), the commonest first"
    pairs = Counter((one["label"], one["first"], one["second"]) for one in found)
    for (label, first, second), tickets in pairs.most_common(MOST_SHOWN):
        ids = [one["id"] for one in found if _kind(one) == (label, first, second)]
        yield f"  {label:<18} {first}, {second}: {tickets}  {_some(ids)}"
    if len(pairs) > MOST_SHOWN:
        yield f"  … and {len(pairs) - MOST_SHOWN} more pairs of values; --json lists every ticket"


def _kind(one: Report) -> tuple[str, str, str]:
    return one["label"], one["first"], one["second"]


def _ruled_differences(disagreements: Iterable[Report]) -> Iterator[str]:
    found = list(disagreements)
    if not found:
        return
    yield "\nwhere they differ (labelled, by rules, the deciding rule), the commonest first"
    kinds: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        kinds.setdefault((one["labelled"], one["by_rules"], one["rules"][0]), []).append(one["id"])
    ordered = sorted(kinds.items(), key=lambda item: -len(item[1]))
    for (labelled, by_rules, rule), ids in ordered[:MOST_SHOWN]:
        yield f"  {labelled}, {by_rules} by {rule}: {len(ids)}  {_some(ids)}"
    if len(ordered) > MOST_SHOWN:
        yield f"  … and {len(ordered) - MOST_SHOWN} more kinds; --json lists every ticket"


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
