"""The embedder: an encoder for many texts at once, which remembers what it has embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifier.embedding_cache import EmbeddingCache
from classifier.encoder import Encoder
from classifier.progress import Progress

Floats = npt.NDArray[np.float32]
Claims = npt.NDArray[np.bool_]

AT_ONCE = 250
"""Texts that are embedded between two reports of progress; they are kept at once, too."""


@dataclass(frozen=True)
class Embedder:
    """An encoder with what it has embedded before, if anything is kept of that."""

    encoder: Encoder
    cache: EmbeddingCache | None = None

    def embed(self, texts: Sequence[str], progress: Progress) -> Floats:
        """Return the embeddings of n texts, shape (n, e); each different text is embedded once."""
        different = list(dict.fromkeys(texts))
        embeddings = np.zeros((len(different), self.encoder.width), np.float32)
        missing = np.flatnonzero(~self._recalled(different, embeddings))
        for start in range(0, len(missing), AT_ONCE):
            part = missing[start : start + AT_ONCE]
            new = [different[at] for at in part]
            embeddings[part] = self.encoder.embed(new)
            if self.cache:
                self.cache.keep(self.encoder.version, new, embeddings[part])
            progress(start + len(part), len(missing))
        if len(different) == len(texts):
            return embeddings
        numbers = {text: number for number, text in enumerate(different)}
        return embeddings[[numbers[text] for text in texts]]

    def _recalled(self, texts: Sequence[str], embeddings: Floats) -> Claims:
        """Fill in what is kept and tell which, shape (n,).

        One of them is embedded anew: another processor or runtime may round otherwise, and then
        nothing that is kept may be mixed with what this one makes.
        """
        if self.cache is None:
            return np.zeros(len(texts), bool)
        is_known = self.cache.fill(self.encoder.version, texts, embeddings)
        if is_known.any():
            known = np.flatnonzero(is_known).tolist()
            at = max(known, key=lambda number: len(texts[number]))
            if not np.array_equal(self.encoder.embed([texts[at]])[0], embeddings[at]):
                self.cache.forget(self.encoder.version)
                is_known[:] = False
        return is_known
