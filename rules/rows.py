"""Truth over all combinations as few rows, each allowing some values of some facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from rules.combinations import Mask, where_true
from rules.conditions import AllOf, Atom
from tickets import FactSchema

Row = Mapping[str, tuple[str, ...]]
"""The values that each named fact may take; a fact that is not named may take any."""

_Box = tuple[NDArray[np.bool_], ...]
"""For each axis, which of its values belong."""


def minimal_rows(mask: Mask, schema: FactSchema, *, free: Mask | None = None) -> list[Row]:
    """Return rows that together are true exactly where the mask is, none of them dispensable.

    Where `free` is true, rows may be either. Every row is as wide as it can be; in which order
    facts are widened is tried out, so that the rows are few, though the fewest are not proven.
    """
    allowed: Mask = mask if free is None else np.logical_or(mask, free)
    axes = [axis for axis in range(mask.ndim) if _matters(mask, axis) or _matters(allowed, axis)]
    if not axes:
        return [{}] if mask.any() else []
    core = tuple(slice(None) if axis in axes else 0 for axis in range(mask.ndim))
    names = [schema.names[axis] for axis in axes]
    boxes = _without_dispensable(list(_boxes(mask[core], allowed[core])), mask[core])
    return [_row(box, names, schema) for box in boxes]


def where_in_row(row: Row, schema: FactSchema) -> Mask:
    """Return for every combination whether it belongs to a row."""
    atoms = tuple(Atom(name, frozenset(values)) for name, values in row.items())
    return where_true(AllOf(atoms), schema)


def _matters(mask: Mask, axis: int) -> bool:
    return not bool((mask == np.take(mask, [0], axis=axis)).all())


def _boxes(mask: Mask, allowed: Mask) -> Iterator[_Box]:
    """Yield the widest boxes around cells not covered yet, until all are covered."""
    uncovered = mask.copy()
    while uncovered.any():
        cell = np.unravel_index(int(np.argmax(uncovered)), mask.shape)
        start = [np.arange(size) == at for size, at in zip(mask.shape, cell, strict=True)]
        box = max(_widened(allowed, start), key=lambda box: int(uncovered[np.ix_(*box)].sum()))
        uncovered[np.ix_(*box)] = False
        yield box


def _widened(mask: Mask, start: list[NDArray[np.bool_]]) -> Iterator[_Box]:
    """Yield the box around a cell, widened along the axes in each rotation of their order."""
    axes = list(range(mask.ndim))
    for first in axes:
        box = [side.copy() for side in start]
        for axis in axes[first:] + axes[:first]:
            _widen(mask, box, axis)
        yield tuple(box)


def _widen(mask: Mask, box: list[NDArray[np.bool_]], axis: int) -> None:
    """Add every value of an axis with which all of the box stays true."""
    across = list(box)
    across[axis] = np.ones(mask.shape[axis], dtype=bool)
    others = tuple(other for other in range(mask.ndim) if other != axis)
    box[axis] = np.asarray(mask[np.ix_(*across)].all(axis=others))


def _without_dispensable(boxes: list[_Box], mask: Mask) -> list[_Box]:
    times_covered = np.where(mask, 0, len(boxes) + 1).astype(np.int32)
    for box in boxes:
        times_covered[np.ix_(*box)] += 1
    kept = list(boxes)
    for box in sorted(boxes, key=_volume):
        if (times_covered[np.ix_(*box)] > 1).all():
            times_covered[np.ix_(*box)] -= 1
            kept = [other for other in kept if other is not box]
    return kept


def _volume(box: _Box) -> int:
    return reduce(lambda volume, side: volume * int(side.sum()), box, 1)


def _row(box: _Box, names: list[str], schema: FactSchema) -> Row:
    return {
        name: tuple(v for v, belongs in zip(schema[name].values, side, strict=True) if belongs)
        for name, side in zip(names, box, strict=True)
        if not side.all()
    }
