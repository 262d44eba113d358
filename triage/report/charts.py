"""Charts as SVG that stands in a page, in its colours and its font."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from classifier.reliability import CalibrationBin
from triage.report.classes import ClassFigures, Curve
from triage.report.shares import Share

_PALETTE = {"#000001": "--ink", "#000002": "--quiet", "#000003": "--line", "#000004": "--accent"}
"""Colours that stand for those of the page, which differ by day, by night and on paper."""
_INK, _QUIET, _LINE, _ACCENT = _PALETTE
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "triage",
    "font.size": 8,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": _LINE,
    "grid.linewidth": 0.5,
    "text.color": _INK,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _QUIET,
    "ytick.labelcolor": _QUIET,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
_NO_ORIGIN = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_NAMED_TICKS = ("0", "25 %", "50 %", "75 %", "100 %")
FEW_POINTS = 10
"""Of a curve, they are drawn as dots, too: a line of one point could not be seen."""


def reliability_chart(bins: Sequence[CalibrationBin]) -> Markup:
    """Draw how many suggestions of like confidence are right, with how many there are."""
    with _figure(4.4, 3.3) as figure:
        above, below = figure.subplots(2, sharex=True, height_ratios=(4, 1))
        above.plot([0, 1], [0, 1], color=_QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        for one in bins:
            _whisker(above, one.confidence, Share(one.right, one.tickets))
        _in_percent(above, "suggestions that are right")
        _heights(below, bins)
        below.set_xlabel("confidence")
        told = "; ".join(
            f"confidence {one.low:.1f} to {one.high:.1f}: {one.right} of {one.tickets} right"
            for one in bins
        )
        return _svg(figure, "reliability", "Reliability diagram", told)


def _whisker(axes: Axes, at: float, share: Share) -> None:
    axes.plot([at, at], [share.low, share.high], color=_ACCENT, linewidth=1.4)
    axes.plot(
        at, share.part / share.total, marker="o", markersize=4.5, color=_ACCENT, clip_on=False
    )


def _heights(axes: Axes, bins: Sequence[CalibrationBin]) -> None:
    """Draw how many tickets each bin holds."""
    for one in bins:
        middle = (one.low + one.high) / 2
        axes.bar(middle, one.tickets, width=0.08, color=_LINE)
        place = (middle, one.tickets)
        axes.annotate(f"{one.tickets:,}", place, (0, 1), textcoords="offset points", ha="center")
    axes.set_ylabel("tickets")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(y=0.45)


def coverage_chart(one: ClassFigures) -> Markup:
    """Draw what precision remains when only the surest suggestions of a priority are applied."""
    with _figure(2.5, 1.95) as figure:
        axes = figure.subplots()
        _curve(axes, one.curve)
        told = "no threshold: never applied unseen"
        if one.threshold is not None and one.sure.total:
            told = f"from {one.threshold:.2f} on: {one.sure.part} of {one.sure.total} right"
            covered = one.sure.total / one.precision.total
            _threshold(axes, f"from {one.threshold:.2f}", covered, one.sure)
        _in_percent(axes, "right")
        axes.set_xticks(_TICKS, _NAMED_TICKS)
        axes.set_xlabel(f"of the {one.precision.total:,} suggested {one.priority}")
        title = f"Precision and coverage of {one.priority}"
        return _svg(figure, f"coverage-{one.priority}", title, told)


def _curve(axes: Axes, curve: Curve) -> None:
    low, high = ([getattr(s, bound) for s in curve.precision] for bound in ("low", "high"))
    axes.fill_between(curve.coverage, low, high, color=_ACCENT, alpha=0.15, linewidth=0)
    right = [share.part / share.total for share in curve.precision]
    size = 4.0 if len(right) <= FEW_POINTS else 0.0
    axes.plot(curve.coverage, right, color=_ACCENT, linewidth=1.5, marker=".", markersize=size)


def _threshold(axes: Axes, name: str, covered: float, sure: Share) -> None:
    axes.axvline(covered, color=_INK, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.plot(
        covered, sure.part / sure.total, marker="D", markersize=4.5, color=_INK, clip_on=False
    )
    side, away = ("right", -5) if covered > 0.5 else ("left", 5)
    axes.annotate(name, (covered, 0), (away, 6), textcoords="offset points", ha=side)


def _in_percent(axes: Axes, what: str) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.01, 1.02)
    axes.set_yticks(_TICKS, _NAMED_TICKS)
    axes.set_ylabel(what)
    axes.grid(True)
    axes.set_axisbelow(True)


@contextmanager
def _figure(width: float, height: float) -> Iterator[Figure]:
    """Yield a figure of inches; whatever is set for it is set for nothing else."""
    with mpl.rc_context(_STYLE):
        yield Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Figure, name: str, title: str, told: str) -> Markup:
    written = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(written, metadata=_NO_ORIGIN)
    root = ElementTree.fromstring(written.getvalue())
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', written.getvalue()))
    for element in root.iter():
        _in_page(element, name, used)
    root.attrib.update({"role": "img", "aria-labelledby": f"{name}-title {name}-told"})
    root[:] = [
        _text("title", f"{name}-title", title),
        _text("desc", f"{name}-told", f"{title}. {told}."),
        *(part for part in root if part.find("style") is None and part.tag != "style"),
    ]
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _in_page(element: ElementTree.Element, name: str, used: set[str]) -> None:
    """Make an element one of the page: no size of its own, ids unique and only where used."""
    element.tag = _local(element.tag)
    given = {_local(key): value for key, value in element.attrib.items()}
    element.attrib.clear()
    for key, value in given.items():
        is_size = element.tag == "svg" and key in ("width", "height", "version")
        if not is_size and (key != "id" or value in used):
            element.set(key, _renamed(key, value, name))


def _renamed(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    if key == "style":
        value = re.sub(r"font-family:[^;]*;?|font: [^;]*;?", "", value)
        for colour, variable in _PALETTE.items():
            value = value.replace(colour, f"var({variable})")
    return value.replace("url(#", f"url(#{name}-")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _text(tag: str, identity: str, text: str) -> ElementTree.Element:
    element = ElementTree.Element(tag, {"id": identity})
    element.text = text
    return element
