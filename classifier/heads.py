"""Linear heads: one classifier per fact and the direct view, each calibrated by a temperature.

A head is what scikit-learn's multinomial `LogisticRegression` learnt, kept as plain arrays: a model
loads without running anything that a file contains, and a ticket is read without waiting for the
training library. A temperature divides the scores before the softmax (Guo et al., ICML 2017); it is
fitted on scores of tickets that the head had not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from classifier.features import Observed

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """One question and its possible answers."""

    name: str
    classes: tuple[str, ...]
    temperature: float


@dataclass(frozen=True)
class Heads:
    """All heads side by side, k classes in all, over d features and an embedding of e numbers."""

    heads: tuple[Head, ...]
    weights: npt.NDArray[np.float32]
    """Shape (d, k)."""
    embedding_weights: npt.NDArray[np.float32]
    """Shape (e, k); the light reader has no embedding, so its e is 0."""
    intercepts: Floats
    """Shape (k,)."""

    @cached_property
    def slices(self) -> Mapping[str, slice]:
        """The columns of each head."""
        slices, start = {}, 0
        for head in self.heads:
            slices[head.name] = slice(start, start + len(head.classes))
            start += len(head.classes)
        return slices

    def contributions(self, observed: Observed) -> Floats:
        """Return what each of m features adds to each class's score, shape (m, k)."""
        weights = self.weights[observed.columns] * observed.weights[:, None]
        return weights.astype(np.float64)

    def scores(self, contributions: Floats, embedding: npt.NDArray[np.float32]) -> Floats:
        """Return each class's score (k,), from what each feature adds and from an embedding."""
        meant = embedding.astype(np.float64) @ self.embedding_weights
        return np.asarray(self.intercepts + contributions.sum(axis=0) + meant)

    def probabilities(self, scores: Floats) -> dict[str, Floats]:
        """Return for each head the probabilities (n, classes) that belong to `scores` (n, k)."""
        return {
            head.name: softmax(scores[:, self.slices[head.name]] / head.temperature)
            for head in self.heads
        }


def softmax(scores: Floats) -> Floats:
    """Return the softmax of each row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
