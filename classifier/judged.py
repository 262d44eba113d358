"""Judged tickets: what both views said of labelled tickets that they had not learnt from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Claims = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """Both views of n labelled tickets by heads that had not learnt from them."""

    labels: Labels
    """The priorities held true, 0 (P0) to 4, shape (n,)."""
    rules_view: Floats
    """Shape (n, 5)."""
    direct_view: Floats
    """Shape (n, 5)."""
    is_supported: Claims
    """Whether each is in a language that the reader knows, shape (n,)."""

    @property
    def disagreement(self) -> Labels:
        """By how many classes the two views differ, shape (n,)."""
        by_rules, direct = self.rules_view.argmax(axis=1), self.direct_view.argmax(axis=1)
        return np.asarray(np.abs(by_rules - direct))

    def those(self, claims: Claims) -> Judged:
        """Return the tickets for which a claim holds."""
        return Judged(**{field.name: getattr(self, field.name)[claims] for field in fields(self)})
