"""What an installation has embedded, and the embedder that goes on from there."""

from __future__ import annotations

import os
from pathlib import Path

from classifier import Reader, Registry, load_recipe
from classifier.embedder import Embedder
from classifier.embedding_cache import EmbeddingCache
from classifier.encoder import Encoder, load_encoder

MEGABYTE = 1_000_000


def load_embedder(home: Path) -> Embedder:
    """Load the shipped encoder, with what was embedded in this home before."""
    return embedder_in(home, load_encoder(threads=os.cpu_count() or 1))


def embedder_in(home: Path, encoder: Encoder) -> Embedder:
    """Return an encoder with what it has embedded in this home before."""
    return Embedder(encoder, cache_in(home))


def cache_beside(registry: Registry) -> EmbeddingCache:
    """Return the cache in the home that holds a registry."""
    return cache_in(registry.folder.parent)


def cache_in(home: Path) -> EmbeddingCache:
    """Return the cache in a home."""
    megabytes = load_recipe(Reader.FULL).embedding_cache_megabytes
    return EmbeddingCache(home / "cache" / "embeddings", megabytes * MEGABYTE)
