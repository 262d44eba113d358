"""Shares of counted tickets, and how far they may be off by chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

Claims = npt.NDArray[np.bool_]

LEVEL = 0.95


@dataclass(frozen=True)
class Share:
    """Some of a number of tickets, with Wilson's interval, which holds for few tickets too."""

    part: int
    total: int

    @classmethod
    def among(cls, claims: Claims, those: Claims) -> Share:
        """Return the share for which a claim holds, among those of n tickets, all shapes (n,)."""
        return cls(int((claims & those).sum()), int(those.sum()))

    @property
    def value(self) -> float | None:
        """The share; None of no tickets."""
        return self.part / self.total if self.total else None

    @property
    def low(self) -> float:
        """The lower bound of the 95 % interval."""
        return self._bounds[0]

    @property
    def high(self) -> float:
        """The upper bound of the 95 % interval."""
        return self._bounds[1]

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        if not self.total:
            return 0.0, 1.0
        found = binomtest(self.part, self.total).proportion_ci(LEVEL, method="wilson")
        return float(found.low), float(found.high)
