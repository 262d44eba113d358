"""How far two labellings of the same tickets agree, raw and beyond chance.

Cohen's kappa (Educational and Psychological Measurement 20, 1960) and, for ordered classes, the one
weighted by squared distance (Psychological Bulletin 70, 1968); intervals by the bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix

Floats = npt.NDArray[np.float64]

RESAMPLES = 2_000
TAILS = (0.025, 0.975)
_SEED = 1


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """How far two labellings of n tickets agree; a kappa is None where only one class was used."""

    tickets: int
    raw: Estimate
    kappa: Estimate | None
    weighted_kappa: Estimate | None
    """By squared distance; means something only where the classes have an order."""


def agreement(first: Sequence[str], second: Sequence[str], classes: Sequence[str]) -> Agreement:
    """Compare two labellings of the same tickets, of which there is at least one."""
    table = confusion_matrix(first, second, labels=list(classes)).astype(float)
    same = np.eye(len(classes))
    near = _nearness(len(classes))
    return Agreement(
        tickets=len(first),
        raw=_raw(table, same),
        kappa=_estimate(table, lambda tables: kappas(tables, same)),
        weighted_kappa=_estimate(table, lambda tables: kappas(tables, near)),
    )


def _nearness(size: int) -> Floats:
    places = np.arange(size)
    distance = (places[:, None] - places) ** 2.0
    return np.asarray(1 - distance / max(distance.max(), 1.0))


def _raw(table: Floats, same: Floats) -> Estimate:
    found = _estimate(table, lambda tables: (_shares(tables) * same).sum(axis=(-2, -1)))
    assert found is not None  # a share of at least one ticket is always defined
    return found


def kappas(tables: Floats, credit: Floats) -> Floats:
    """Return kappa of confusion tables (…, k, k), NaN where only one class was used.

    `credit` (k, k) is 1 for the same class and less for others.
    """
    shares = _shares(tables)
    by_chance = shares.sum(axis=-1)[..., :, None] * shares.sum(axis=-2)[..., None, :]
    observed, expected = ((part * credit).sum(axis=(-2, -1)) for part in (shares, by_chance))
    is_defined = expected < 1 - 1e-12
    return np.where(
        is_defined, (observed - expected) / np.where(is_defined, 1 - expected, 1), np.nan
    )


def _shares(tables: Floats) -> Floats:
    return np.asarray(tables / tables.sum(axis=(-2, -1), keepdims=True))


def _estimate(table: Floats, figure: Callable[[Floats], Floats]) -> Estimate | None:
    """Drawing tickets with replacement is drawing a table of as many from the shares seen."""
    value = float(figure(table))
    if np.isnan(value):
        return None
    tickets = int(table.sum())
    draws = np.random.default_rng(_SEED).multinomial(tickets, table.ravel() / tickets, RESAMPLES)
    low, high = np.nanquantile(figure(draws.reshape(-1, *table.shape).astype(float)), TAILS)
    return Estimate(value, float(low), float(high))
