"""Which tickets say nearly the same: cosine of TF-IDF over runs of five characters.

Comparing all pairs exactly is too slow for a year of tickets, so texts are first projected to a
few hundred dimensions (each run of characters to some of them at random, with a random sign: the
sparse transform of Kane & Nelson, JACM 61, 2014), where all pairs are one dense product in blocks.
Whoever asks for the similarity of neighbours gets it exactly; families are of those that are near
in the projection, where a similarity of .7 is off by .02 (one standard deviation).
50,000 tickets take about a minute on two cores and 2 GB.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.sparse import coo_matrix, csr_matrix, vstack
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from classifier.progress import Progress

NEAR_COPY = 0.7
"""Similarity from which a ticket is a near copy: a fifteenth of the words exchanged for ones that
stand nowhere else leaves .8; two tickets about the same matter in other words reach .4."""

_RUN = (5, 5)
_COLUMNS = 2**18
_DIMENSIONS = 512
_DIMENSIONS_OF_A_RUN = 8
_SEED = 1
_BLOCK = 512
"""Tickets compared at once with all before them; bounds memory to 100 MB for 50,000."""
_PORTION = 5_000
"""Tickets that one process turns into runs at a time."""

Indices = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Likeness:
    """Two tickets, by their position, and how alike they are: 0 to 1, the same."""

    later: int
    earlier: int
    similarity: float


def nearest_earlier(texts: Sequence[str], labels: Sequence[int]) -> list[Likeness]:
    """Return for each text the nearest earlier one, and the nearest earlier one labelled otherwise.

    A ticket whose nearest is labelled otherwise has one likeness; so no conflict hides behind a
    nearer copy.
    """
    rows = _weighed(texts)
    pairs = np.array(list(_neighbours(_projected(rows), np.asarray(labels))), int).reshape(-1, 2)
    later, earlier = pairs.T
    exact = np.asarray(rows[later].multiply(rows[earlier]).sum(axis=1)).ravel()
    found = zip(later.tolist(), earlier.tolist(), exact.tolist(), strict=True)
    return [Likeness(one, other, min(similarity, 1.0)) for one, other, similarity in found]


def likeness_rows(texts: Sequence[str]) -> _Floats:
    """Return a row of length 1 for each text; the product of two is about their similarity."""
    return _projected(_weighed(texts))


def near_families(texts: Sequence[str], progress: Progress) -> Indices:
    """Return for each of n texts the number of its family: the same, or a chain of near copies."""
    different = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    rows = likeness_rows(list(different))
    families = np.arange(len(different))
    for start in range(0, len(rows), _BLOCK):
        later = families[start : start + _BLOCK]
        near = rows[start : start + _BLOCK] @ rows[: start + _BLOCK].T >= NEAR_COPY
        at, earlier = np.nonzero(near)
        families = _linked(families, later[at], families[earlier])
        progress(start + len(later), len(rows))
    return families[[different[text] for text in texts]]


def _linked(families: Indices, some: Indices, others: Indices) -> Indices:
    """Return families after some have been joined with others, each by its number."""
    size = len(families)
    links = coo_matrix((np.ones(len(some), bool), (some, others)), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1][families], np.int64)


def _weighed(texts: Sequence[str]) -> csr_matrix:
    """Return TF-IDF rows of length 1."""
    hashing = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=_RUN,
        n_features=_COLUMNS,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    portions = [texts[start : start + _PORTION] for start in range(0, len(texts), _PORTION)]
    processes = min(len(portions), os.cpu_count() or 1)
    counts = Parallel(n_jobs=processes)(delayed(hashing.transform)(p) for p in portions)
    return TfidfTransformer(sublinear_tf=True).fit_transform(vstack(counts, format="csr"))


def _projected(rows: csr_matrix) -> _Floats:
    dense = np.zeros((rows.shape[0], _DIMENSIONS), np.float32)
    projection = _projection()
    for start in range(0, len(dense), _PORTION):
        dense[start : start + _PORTION] = (rows[start : start + _PORTION] @ projection).todense()
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    dense /= np.where(lengths, lengths, 1)
    return dense


def _projection() -> csr_matrix:
    random = np.random.default_rng(_SEED)
    ends = np.arange(0, _COLUMNS * _DIMENSIONS_OF_A_RUN + 1, _DIMENSIONS_OF_A_RUN)
    targets = random.integers(0, _DIMENSIONS, ends[-1], np.int32)
    signs = random.choice(np.array([-1, 1], np.float32), ends[-1])
    return csr_matrix((signs, targets, ends), shape=(_COLUMNS, _DIMENSIONS))


def _neighbours(rows: _Floats, labels: Indices) -> Iterator[tuple[int, int]]:
    """Yield each row with its nearest earlier one and, where that is not it, of another label."""
    for start in range(0, len(rows), _BLOCK):
        later = np.arange(start, min(start + _BLOCK, len(rows)))
        near = rows[later] @ rows[: later[-1] + 1].T
        near[later[:, None] <= np.arange(near.shape[1])] = -1.0
        nearest = near.argmax(axis=1)
        near[labels[later][:, None] == labels[: near.shape[1]]] = -1.0
        otherwise = near.argmax(axis=1)
        has_other = near.max(axis=1) > -1.0
        found = (later, nearest, otherwise, has_other)
        for row, one, other, differs in zip(*(part.tolist() for part in found), strict=True):
            if row:
                yield row, one
                if differs and other != one:
                    yield row, other


def families(size: int, likenesses: Sequence[Likeness]) -> Indices:
    """Return for each of `size` tickets the number of its family; those alike share one."""
    later = [likeness.later for likeness in likenesses]
    earlier = [likeness.earlier for likeness in likenesses]
    links = coo_matrix((np.ones(len(later)), (later, earlier)), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)
