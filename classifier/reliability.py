"""Suggestions of like confidence beside how many of them were right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CALIBRATION_BINS = 10
"""Bins of equal width for the expected calibration error."""


@dataclass(frozen=True)
class CalibrationBin:
    """Suggestions of like confidence, and how many of them were right."""

    low: float
    high: float
    tickets: int
    confidence: float
    """The mean."""
    right: int


def calibration_bins(
    confidence: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_]
) -> Iterator[CalibrationBin]:
    """Yield the bins of equal width that hold any of n suggestions, least confidence first."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    for number in np.unique(bins).tolist():
        inside = bins == number
        yield CalibrationBin(
            low=number / CALIBRATION_BINS,
            high=(number + 1) / CALIBRATION_BINS,
            tickets=int(inside.sum()),
            confidence=float(confidence[inside].mean()),
            right=int(is_right[inside].sum()),
        )
