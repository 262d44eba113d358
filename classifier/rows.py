"""Rows: what training sees of tickets, their features and the embedding of their text."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack, vstack

from classifier.embedder import Embedder
from classifier.encoder import Encoder
from classifier.features import FeatureSpace, Part, names_found, ticket_text, vocabulary_of
from classifier.labelled import LabelledTicket
from classifier.model import shipped_parts
from classifier.progress import Progress, unwatched
from classifier.recipe import Recipe
from tickets import Ticket

Given = TypeVar("Given")
Done = TypeVar("Done")
Floats = npt.NDArray[np.float64]

PORTION = 500
"""Tickets that one process reads at a time; it bounds memory."""
WORTH_A_PROCESS = 4
"""Portions below which starting another process takes longer than reading them."""


@dataclass(frozen=True)
class Embeddings:
    """The embeddings of n texts as c columns: along the directions in which texts differ most.

    The other directions hold little that heads could learn, and cost time. Directions are the
    principal components, scaled so that a text's columns are about as long as its other features.
    """

    columns: npt.NDArray[np.float32]
    """Shape (n, c)."""
    directions: npt.NDArray[np.float32]
    """Shape (e, c); `columns` is the centred embeddings times these."""
    centre: npt.NDArray[np.float32]
    """The mean embedding, shape (e,)."""

    @classmethod
    def of(cls, raw: npt.NDArray[np.float32], recipe: Recipe) -> Embeddings:
        """Look at raw embeddings (n, e), n at least 1, along their main directions."""
        centre = raw.mean(axis=0)
        centred = (raw - centre).astype(np.float64)
        _, directions = np.linalg.eigh(centred.T @ centred)
        main = recipe.embedding_weight * directions[:, ::-1][:, : recipe.embedding_directions]
        return cls((centred @ main).astype(np.float32), main.astype(np.float32), centre)

    @property
    def width(self) -> int:
        """The number of columns."""
        return int(self.columns.shape[1])


def learn_space(
    tickets: Sequence[Ticket], recipe: Recipe, progress: Progress = unwatched
) -> FeatureSpace:
    """Return the space of the features that occur in tickets."""
    parts = shipped_parts()
    counted = _by_portions(_names_of_parts, parts, tickets, progress)
    return FeatureSpace(
        parts,
        tuple(
            vocabulary_of(
                part,
                sum(found, Counter()),
                len(tickets),
                weight=recipe.part_weights[part.name],
                fewest_tickets=recipe.fewest_tickets,
                most_names=recipe.most_names,
            )
            for part, found in zip(parts, zip(*counted, strict=True), strict=True)
        ),
    )


def _names_of_parts(parts: Sequence[Part], tickets: Sequence[Ticket]) -> list[Counter[str]]:
    texts = [ticket_text(ticket) for ticket in tickets]
    return [names_found(part, texts) for part in parts]


def feature_rows(
    space: FeatureSpace, tickets: Sequence[Ticket], progress: Progress = unwatched
) -> csr_matrix:
    """Return the features of n tickets, shape (n, d)."""
    return vstack(_by_portions(_portion, space, tickets, progress), format="csr")


def _by_portions(
    work: Callable[[Given, Sequence[Ticket]], Done],
    given: Given,
    tickets: Sequence[Ticket],
    progress: Progress,
) -> list[Done]:
    """Return what `work` makes of each portion of tickets, in order, in several processes."""
    starts = range(0, max(len(tickets), 1), PORTION)
    portions = [tickets[start : start + PORTION] for start in starts]
    processes = max(min(len(portions) // WORTH_A_PROCESS, os.cpu_count() or 1), 1)
    done: list[Done] = []
    for one in Parallel(n_jobs=processes, return_as="generator")(
        delayed(work)(given, part) for part in portions
    ):
        done.append(one)
        progress(len(done), len(portions))
    return done


def _portion(space: FeatureSpace, tickets: Sequence[Ticket]) -> csr_matrix:
    observed = [space.observe(ticket_text(ticket)) for ticket in tickets]
    ends = np.cumsum([0, *(len(one.columns) for one in observed)])
    columns = np.concatenate([one.columns for one in observed])
    weights = np.concatenate([one.weights for one in observed])
    matrix = csr_matrix((weights, columns, ends), shape=(len(tickets), space.size))
    matrix.sum_duplicates()
    return matrix


def are_new(tickets: Sequence[LabelledTicket], encoder: Encoder | None) -> npt.NDArray[np.bool_]:
    """Tell of each of n tickets whether it is new to the encoder, shape (n,); all are to none."""
    known = [encoder is not None and encoder.has_learnt(one.ticket) for one in tickets]
    return ~np.array(known, bool)


def raw_embeddings(
    embedder: Embedder | None, texts: Sequence[str], progress: Progress
) -> npt.NDArray[np.float32]:
    """Return the embeddings of n texts as they come, shape (n, e); e is 0 without an embedder."""
    if embedder is None:
        return np.zeros((len(texts), 0), np.float32)
    return embedder.embed(texts, progress)


def beside(features: csr_matrix, embeddings: Embeddings) -> csr_matrix:
    """Return features and embeddings side by side, shape (n, d + e)."""
    if not embeddings.width:
        return features
    return hstack([features, csr_matrix(embeddings.columns)], format="csr")
