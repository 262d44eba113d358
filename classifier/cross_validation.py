"""The training recipe, measured: its direct view of tickets that it has not learnt from.

Whatever is learnt (which words there are, how much they weigh, the directions of embeddings, the
head) is learnt anew from the tickets to learn from, so nothing of a held-out ticket is known. What
a part observes in a ticket depends on no other, and is counted once.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from classifier.embedder import Embedder
from classifier.features import Part, TicketText, ticket_text
from classifier.fitting import Fold
from classifier.labelled import LabelledTicket
from classifier.model import shipped_parts
from classifier.progress import Progress, stretch
from classifier.recipe import Recipe
from classifier.rows import Embeddings, are_new, raw_embeddings

Labels = npt.NDArray[np.int64]
Claims = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

TO_LEARN_FROM = 0.8
"""The share of tickets, the earliest, that is learnt from when the latest are measured."""
WORTH_PROCESSES = 2_000
"""Tickets below which starting other processes takes longer than learning."""


@dataclass(frozen=True)
class Observations:
    """What is seen of n tickets before anything is learnt."""

    counts: Mapping[str, csr_matrix]
    """How often each name of each part of the features occurs in each ticket, (n, names)."""
    embeddings: npt.NDArray[np.float32]
    """Shape (n, e); e is 0 for the light reader."""
    is_new: Claims
    """Shape (n,): whether the encoder is new to the ticket; others can only be learnt from."""
    weights: Floats
    """How much the label of each ticket counts, shape (n,)."""

    @classmethod
    def of(
        cls,
        tickets: Sequence[LabelledTicket],
        recipe: Recipe,
        embedder: Embedder | None,
        progress: Progress,
    ) -> Observations:
        """Observe tickets; without an embedder, as the light reader does."""
        texts = [ticket_text(labelled.ticket) for labelled in tickets]
        parts = shipped_parts()
        steps = len(parts) + 1
        counts = {}
        for number, part in enumerate(parts):
            counts[part.name] = _counts(part, texts, recipe.fewest_tickets)
            progress(number + 1, steps)
        said = [text.clean.text for text in texts]
        embeddings = raw_embeddings(embedder, said, stretch(progress, steps - 1, steps))
        weights = np.array([labelled.weight for labelled in tickets])
        is_new = are_new(tickets, embedder.encoder if embedder else None)
        return cls(counts, embeddings, is_new, weights)

    def those(self, numbers: Labels) -> Observations:
        """Return what is seen of some of the tickets, by number."""
        counts = {name: counted[numbers] for name, counted in self.counts.items()}
        return Observations(
            counts, self.embeddings[numbers], self.is_new[numbers], self.weights[numbers]
        )


def _counts(part: Part, texts: Sequence[TicketText], fewest: int) -> csr_matrix:
    """Count the names that a part observes, without those too rare to be learnt from any tickets.

    Columns are in the order of the names, as ties among equally common names are broken.
    """
    found = (Counter(part.features(text).names) for text in texts)
    counts = DictVectorizer(dtype=np.float64).fit_transform(found).tocsc()
    return counts[:, counts.getnnz(axis=0) >= fewest].tocsr()


def stratified_folds(
    labels: Labels, is_new: Claims, writers: Sequence[str], count: int, seed: int
) -> list[Fold]:
    """Return `count` folds that hold out each new ticket once, every class in like shares.

    Every class needs `count` new tickets. Where there are as many known writers, no writer is
    judged by a model that learnt from them. Tickets that are not new are learnt from every time.
    """
    judged = np.flatnonzero(is_new)
    known = [writers[int(at)] for at in judged]
    if "" not in known and len(set(known)) >= count:
        by_writer = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        split = by_writer.split(judged, labels[judged], groups=known)
    else:
        by_label = StratifiedKFold(count, shuffle=True, random_state=seed)
        split = by_label.split(judged, labels[judged])
    everything = np.arange(len(labels))
    return [(np.setdiff1d(everything, judged[out]), judged[out]) for _, out in split]


def latest_fold(received: Sequence[datetime], is_new: Claims) -> Fold:
    """Return the earliest four fifths of tickets, to learn from, and the new among the others."""
    order = np.array(sorted(range(len(received)), key=received.__getitem__), np.int64)
    cut = round(TO_LEARN_FROM * len(order))
    latest = order[cut:]
    return order[:cut], latest[is_new[latest]]


def held_out_priorities(
    seen: Observations, labels: Labels, folds: Sequence[Fold], recipe: Recipe, progress: Progress
) -> Iterator[Labels]:
    """Yield, for each fold, the likeliest priority of each ticket held out, 0 (P0) to 4."""
    processes = (os.cpu_count() or 1) if len(labels) >= WORTH_PROCESSES else 1
    work = Parallel(n_jobs=processes, return_as="generator")(
        delayed(_suggested)(seen, labels, fold, recipe) for fold in folds
    )
    for done, suggested in enumerate(work, start=1):
        progress(done, len(folds))
        yield suggested


def _suggested(seen: Observations, labels: Labels, fold: Fold, recipe: Recipe) -> Labels:
    learn, held_out = fold
    rows = learnt_rows(seen, learn, recipe)
    # Costs, which correct the walk's suggestions, have no say here; without balance, the commonest
    # class would be suggested nearly always.
    head = LogisticRegression(
        C=recipe.balanced_regularisation, class_weight="balanced", max_iter=300, tol=1e-3
    )
    head.fit(rows[learn], labels[learn], sample_weight=seen.weights[learn])
    return np.asarray(head.predict(rows[held_out]), np.int64)


def learnt_rows(seen: Observations, learn: Labels, recipe: Recipe) -> csr_matrix:
    """Return what a head sees of all tickets, by words and directions learnt from some of them."""
    parts = [
        recipe.part_weights[name] * _weighed(counts, learn, recipe)
        for name, counts in seen.counts.items()
    ]
    embeddings = Embeddings.of(seen.embeddings[learn], recipe)
    columns = (seen.embeddings - embeddings.centre) @ embeddings.directions
    return hstack([*parts, csr_matrix(columns)], format="csr")


def _weighed(counts: csr_matrix, learn: Labels, recipe: Recipe) -> csr_matrix:
    """Weigh names as `Vocabulary` does, by the tickets to learn from; unknown ones are left out."""
    tickets_with = counts[learn].getnnz(axis=0)
    known = np.flatnonzero(tickets_with >= recipe.fewest_tickets)
    commonest = known[np.argsort(-tickets_with[known], kind="stable")][: recipe.most_names]
    if not len(commonest):
        return csr_matrix((counts.shape[0], 0))
    weigher = TfidfTransformer(sublinear_tf=True).fit(counts[learn][:, commonest])
    return weigher.transform(counts[:, commonest])
