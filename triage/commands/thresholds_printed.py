"""Thresholds, what they make of tickets, and changes of them, as people and machines read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from classifier import Model, Thresholds
from classifier.decision import NEVER
from tickets import PRIORITIES, Priority
from triage.commands.printed import table_console
from triage.report.shares import Share
from triage.thresholds.choice import CHOSEN, Change, Inspection, Outcome, share_record
from triage.thresholds.precision import Acted, ClassFigures, Figures, curve, figures
from triage.thresholds.targets import fewest_for, surely, surest


def inspection_record(inspection: Inspection) -> dict[str, Any]:
    """Return for machines what a model's thresholds are, and how they fare."""
    model, acted = inspection.model, inspection.acted
    found = _figures_record(figures(acted), model.thresholds)
    for priority in PRIORITIES:
        points = curve(acted, priority)
        found["per_class"][str(priority)]["curve"] = [
            {
                "threshold": point.threshold,
                "coverage": share_record(point.coverage),
                "precision": share_record(point.precision),
            }
            for point in points
        ]
    return {
        "model": model.version,
        "reader": str(model.reader),
        "data": inspection.sample.as_record(),
        **found,
    }


def _figures_record(found: Figures, thresholds: Thresholds | None) -> dict[str, Any]:
    of_classes = {
        str(priority): {
            **(_settings_record(thresholds, priority) if thresholds else {}),
            **{name: share_record(share) for name, share in vars(of_class).items()},
        }
        for priority, of_class in zip(PRIORITIES, found.classes, strict=True)
    }
    return {"accuracy": share_record(found.accuracy), "per_class": of_classes}


def _settings_record(thresholds: Thresholds, priority: Priority) -> dict[str, Any]:
    floor = thresholds.floors[priority]
    return {
        "threshold": thresholds.auto[priority],
        "always_review": thresholds.always_review[priority],
        "floor": floor if floor < NEVER else None,
    }


def change_record(
    inspection: Inspection, change: Change | None, outcome: Outcome | None
) -> dict[str, Any] | None:
    """Return for machines what was asked, what it gives, and what became of it."""
    if change is None:
        return None
    return {
        "asked": str(change.wish),
        **_figures_record(figures(change.acted), change.model.thresholds),
        "not_reached": [str(priority) for priority, _ in _not_reached(change)],
        "tried": _figures_record(change.tried, None) if change.tried else None,
        "gate": change.comparison.as_record() if change.comparison else None,
        "objections": list(change.objections),
        "model": outcome.version if outcome else None,
        "current": outcome.is_current if outcome else None,
    }


def _not_reached(change: Change) -> Iterator[tuple[Priority, float]]:
    """Yield the target precisions that are certain from no threshold."""
    for priority, target in change.wish.precision.items():
        if change.model.thresholds.auto[priority] == NEVER:
            yield priority, target


def print_all(inspection: Inspection, change: Change | None, outcome: Outcome | None) -> None:
    """Print how a model's thresholds fare and, where asked, how others would."""
    model, sample = inspection.model, inspection.sample
    print(f"model {model.version} ({model.reader} reader)")
    print(f"{len(sample.labels):,} labelled tickets {sample.name}".rstrip())
    before = figures(inspection.acted)
    if change is None:
        print(f"accuracy {_share(before.accuracy)}")
        table_console().print(_class_table(model.thresholds, before))
        table_console().print(_curve_table(inspection.acted))
        return
    after = figures(change.acted)
    table_console().print(_class_table(model.thresholds, before, title="before"))
    table_console().print(_class_table(change.model.thresholds, after, title="after"))
    for line in _lines(change, before, after):
        print(line)
    print(_became(inspection, outcome))


def _class_table(thresholds: Thresholds, found: Figures, title: str = "priority") -> Table:
    table = Table(title, box=None, pad_edge=False)
    for heading in ("auto from", "suggested", "auto", "coverage", "precision", "95 % interval"):
        table.add_column(heading, justify="right")
    for heading in ("recall", "95 % interval", "floor"):
        table.add_column(heading, justify="right")
    for priority, of_class in zip(PRIORITIES, found.classes, strict=True):
        floor = thresholds.floors[priority]
        coverage = of_class.coverage
        table.add_row(
            str(priority),
            _threshold(thresholds, priority),
            f"{coverage.total:,}",
            f"{coverage.part:,}",
            _value(coverage),
            *(_value(of_class.precision), _interval(of_class.precision)),
            *(_value(of_class.recall), _interval(of_class.recall)),
            f"{floor:.4f}" if floor < NEVER else "-",
        )
    return table


def threshold_lines(model: Model) -> Iterator[str]:
    """Yield a model's thresholds and floors, and by which targets they were chosen."""
    thresholds = model.thresholds
    chosen = model.description.get(CHOSEN, {"auto": {}, "floors": {}})
    auto = (
        f"{p} {_threshold(thresholds, p)}{_target(chosen['auto'], p, 'precision')}"
        for p in PRIORITIES
    )
    yield f"auto from    {', '.join(auto)}"
    floors = [
        f"{p} {thresholds.floors[p]:.4f}{_target(chosen['floors'], p, 'recall')}"
        for p in PRIORITIES
        if thresholds.floors[p] < NEVER
    ]
    if floors:
        yield f"floors       {', '.join(floors)}"
    if "of" in chosen:
        yield f"the same as  {chosen['of']} but for these"
    yield (
        f"review       confidence below {thresholds.review_below:g}, or views"
        f" {thresholds.review_disagreement} classes apart"
    )


def _target(chosen: Mapping[str, Any], priority: Priority, what: str) -> str:
    """Return the target that a threshold or floor was chosen by, and how it fared."""
    account = chosen.get(str(priority), {})
    if f"target_{what}" not in account:
        return ""
    share, tickets = account[what], account["chosen_on"]["tickets"]
    reached = f"{share['count']:,} of {share['of']:,}" if share["of"] else "not reached"
    return f" ({what} {account[f'target_{what}']:g}: {reached}, on {tickets:,} tickets)"


def _threshold(thresholds: Thresholds, priority: Priority) -> str:
    """Return from which confidence on a priority is applied unseen."""
    if thresholds.always_review[priority]:
        return "always review"
    threshold = thresholds.auto[priority]
    return f"{threshold:.4f}" if threshold < NEVER else "never"


def _curve_table(acted: Acted) -> Table:
    table = Table("priority", box=None, pad_edge=False)
    for heading in ("if auto from", "auto", "coverage", "precision", "95 % interval"):
        table.add_column(heading, justify="right")
    for priority in PRIORITIES:
        for point in curve(acted, priority):
            table.add_row(
                str(priority),
                f"{point.threshold:.2f}",
                f"{point.coverage.part:,}",
                _value(point.coverage),
                _value(point.precision),
                _interval(point.precision),
            )
    return table


def _lines(change: Change, before: Figures, after: Figures) -> Iterator[str]:
    """Yield what each target costs, and how it fares elsewhere."""
    unreached = dict(_not_reached(change))
    for priority, target in change.wish.precision.items():
        of_class, was = after.classes[priority], before.classes[priority]
        if priority in unreached:
            yield f"{priority} precision {target:g}: {_unreached(change, priority, target)}"
        else:
            sure = f"with 95 % certainty at least {surely(of_class.precision):.3f}"
            coverage = f"coverage {_value(of_class.coverage)}, was {_value(was.coverage)}"
            yield f"{priority} precision {target:g}: {_counted(of_class)}, {sure}; {coverage}"
    for priority, target in change.wish.recall.items():
        yield f"{priority} recall {target:g}: {_floor(change, priority, before, after)}"
    if change.tried:
        yield f"tried on each fifth of the tickets, chosen on the others: {_tried(change)}"
    if change.comparison and not change.objections:
        yield "the gate lets the new priorities pass"


def _counted(of_class: ClassFigures) -> str:
    return f"{of_class.precision.part:,} of {of_class.precision.total:,} right"


def _unreached(change: Change, priority: Priority, target: float) -> str:
    best, fewest = surest(change.acted, priority), fewest_for(target)
    takes = f"it takes {fewest:,} tickets, all right" if fewest else "no number of tickets shows it"
    return (
        f"certain from no threshold on, so it never goes auto; at best {best.part:,} of"
        f" {best.total:,} right, at least {surely(best):.3f}; {takes}"
    )


def _floor(change: Change, priority: Priority, before: Figures, after: Figures) -> str:
    floor = change.model.thresholds.floors[priority]
    recall, was = after.classes[priority], before.classes[priority]
    found = f"{recall.recall.part:,} of {recall.recall.total:,} found, was {was.recall.part:,}"
    if floor >= NEVER:
        return f"reached without a floor, {found}"
    more = recall.coverage.total - was.coverage.total
    return (
        f"suggested from a probability of {floor:.4f} on; {found}; {more:,} more tickets suggested"
        f" {priority}, of all those {_value(recall.precision_of_all)} right, was"
        f" {_value(was.precision_of_all)}; accuracy {_value(after.accuracy)}, was"
        f" {_value(before.accuracy)}"
    )


def _tried(change: Change) -> str:
    assert change.tried is not None  # asked by `_lines`
    parts = []
    for priority in change.wish.precision:
        of_class = change.tried.classes[priority]
        parts.append(f"{priority} {_counted(of_class)}, coverage {_value(of_class.coverage)}")
    for priority in change.wish.recall:
        recall = change.tried.classes[priority].recall
        parts.append(f"{priority} {recall.part:,} of {recall.total:,} found")
    return "; ".join(parts)


def _became(inspection: Inspection, outcome: Outcome | None) -> str:
    model = inspection.model
    if outcome is None:
        return "nothing is stored"
    if not outcome.is_new:
        return f"model {model.version} has these thresholds already"
    if outcome.is_current:
        name = f"model {outcome.version} is now current for the {model.reader} reader"
        return f"{name}, instead of {model.version}"
    if outcome.refused:
        return f"model {outcome.version} is stored, and {model.version} stays current"
    return f"model {outcome.version} is stored; promote it: triage promote {outcome.version}"


def _share(share: Share) -> str:
    return f"{_value(share)} ({_interval(share)})"


def _value(share: Share) -> str:
    return "-" if share.value is None else f"{share.value:.3f}"


def _interval(share: Share) -> str:
    return f"{share.low:.3f} to {share.high:.3f}" if share.total else "-"
