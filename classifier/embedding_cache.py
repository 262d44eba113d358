"""Embeddings kept on disk: a text is embedded once, whatever is trained or measured with it.

A file holds the hashes of some texts, then their embeddings, and is named by its encoder and a hash
of all that it holds. Files are only ever added or removed, whole: so processes may do it at once, a
damaged file shows, and work that was interrupted goes on from the last file. No text is kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Claims = npt.NDArray[np.bool_]

_HASH = 16
"""Bytes of the hash of a text: no two texts will ever share it."""
_NUMBER = np.dtype("<f4")


@dataclass(frozen=True)
class EmbeddingCache:
    """A folder of embeddings, at most so many bytes; what was used longest ago goes first."""

    folder: Path
    most_bytes: int

    def fill(self, encoder: str, texts: Sequence[str], embeddings: Floats) -> Claims:
        """Fill in the embeddings (n, e) that are kept of n texts and tell which, shape (n,)."""
        wanted = {_text_hash(text): number for number, text in enumerate(texts)}
        is_known = np.zeros(len(texts), bool)
        for path in self._of(encoder):
            numbers, kept = _kept(path, wanted, embeddings.shape[1])
            embeddings[numbers] = kept
            is_known[numbers] = True
        return is_known

    def keep(self, encoder: str, texts: Sequence[str], embeddings: Floats) -> None:
        """Add the embeddings of texts; where nothing can be written, nothing is kept."""
        hashes = b"".join(map(_text_hash, texts))
        content = hashes + embeddings.astype(_NUMBER).tobytes()
        with suppress(OSError):  # without a cache all is the same, only slower
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(self.folder / f"{encoder}-{_content_hash(content)}", content)
            self._make_room()

    def forget(self, encoder: str) -> None:
        """Remove all that is kept of an encoder."""
        for path in self._of(encoder):
            _remove(path)

    def _of(self, encoder: str) -> list[Path]:
        return sorted(self.folder.glob(f"{encoder}-*"))

    def _make_room(self) -> None:
        """Remove what was used longest ago, and what was never finished, until the rest fits."""
        with os.scandir(self.folder) as entries:
            files = [(entry.stat(), entry.path) for entry in entries]
        files.sort(key=lambda file: -file[0].st_mtime_ns)
        size = 0
        for about, path in files:
            size += about.st_size
            if size > self.most_bytes:
                _remove(Path(path))


def _kept(path: Path, wanted: Mapping[bytes, int], width: int) -> tuple[list[int], Floats]:
    """Return the numbers of the wanted texts that a file holds, and their embeddings.

    A damaged file is removed.
    """
    found: dict[int, int] = {}
    embeddings = np.zeros((0, width), np.float32)
    with suppress(OSError), path.open("rb") as stream:
        count = os.fstat(stream.fileno()).st_size // (_HASH + _NUMBER.itemsize * width)
        hashes = stream.read(count * _HASH)
        for row in range(count):
            number = wanted.get(hashes[row * _HASH : (row + 1) * _HASH])
            if number is not None:
                found[number] = row
        if found:
            numbers = stream.read()
            if not path.name.endswith(_content_hash(hashes + numbers)):
                _remove(path)
                return [], embeddings
            embeddings = np.frombuffer(numbers, _NUMBER).reshape(-1, width)
            os.utime(path)
    return list(found), embeddings[list(found.values())]


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as incoming:
        try:
            incoming.write(content)
            incoming.flush()
            Path(incoming.name).replace(path)
        except BaseException:
            _remove(Path(incoming.name))
            raise


def _remove(path: Path) -> None:
    with suppress(OSError):  # another process was quicker, or it is not ours to remove
        path.unlink()


def _text_hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_HASH]


def _content_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_HASH]
