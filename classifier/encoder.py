"""Text to meaning: a compact encoder, the one that ships or one fine-tuned on further tickets.

It runs on onnxruntime alone and never reaches for a network. Every window of a text is run by
itself: weights are quantised, and what stood beside a text in a batch would otherwise tinge its
numbers. So a text has one embedding, in whatever company it comes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tickets import Fault, InputFaults, Ticket

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]

SHIPPED = Path(__file__).parent
FORMAT = 1
"""Raised whenever an older program could not use what a newer one made."""
LONGEST_TEXT = 30_000
"""Characters of a text that are read, some five thousand words."""
OVERLAP = 50
"""Tokens that neighbouring windows share, some forty words."""
_SENTENCE = re.compile(r"[^\n.!?]+[.!?]*")

_ABOUT, _NETWORK, _TOKENIZER = "encoder.json", "encoder.onnx", "encoder_tokenizer.json"


@dataclass(frozen=True)
class Encoded:
    """A text as the encoder sees it: d numbers for all of it, and scores for each of t tokens."""

    embedding: Floats
    """Shape (d,)."""
    starts: npt.NDArray[np.int32]
    """Where each token starts in the text, shape (t,)."""
    ends: npt.NDArray[np.int32]
    evidence: Floats
    """How likely each token belongs to the words that show each question, shape (t, questions)."""


@dataclass(frozen=True)
class Encoder:
    """A loaded encoder; may be used from several threads at once."""

    folder: Path
    about: Mapping[str, Any]
    """What `encoder.json` says of it: hashes, base, licence, training data, measures."""
    network: InferenceSession
    tokenizer: Tokenizer
    threads: int

    @property
    def width(self) -> int:
        """How many numbers an embedding has."""
        return int(self.about["width"])

    @property
    def questions(self) -> tuple[str, ...]:
        """The facts whose evidence is scored, in the order of the scores."""
        return tuple(self.about["questions"])

    @property
    def version(self) -> str:
        """A short hash of the network; models name the encoder that they were trained on by it."""
        return _version(self.about)

    @cached_property
    def _learnt(self) -> frozenset[str]:
        return frozenset(self.about["learnt"].split())

    def has_learnt(self, ticket: Ticket) -> bool:
        """Tell whether the encoder was fine-tuned on the text of this ticket.

        What it makes of such a text looks surer than it will be on any other, so nothing may be
        calibrated on it.
        """
        return ticket_digest(ticket) in self._learnt

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as a version: a session cannot be copied.

        Each installation has its own copy of what ships, wherever its folder is; of others, all
        processes see the same folder.
        """
        folder = None if self.folder == SHIPPED else self.folder
        return _load_same, (self.version, folder, self.threads)

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return the embeddings of texts, shape (n, width); long texts are read whole."""
        embeddings = np.zeros((len(texts), self.width), np.float32)
        for at, encoded in enumerate(self.encode(texts)):
            embeddings[at] = encoded.embedding
        return embeddings

    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Yield each text's embedding with its evidence scores."""
        if self.threads == 1 or len(texts) == 1:
            yield from map(self._encode, texts)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                yield from pool.map(self._encode, texts)

    def _encode(self, text: str) -> Encoded:
        text = text[:LONGEST_TEXT]
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        bounds = window_bounds(len(encoding.ids), self.about["cut"])
        windows = [self._run(encoding.ids[start:end]) for start, end in bounds]
        starts, ends = np.array(encoding.offsets, np.int32).reshape(-1, 2).T
        scores = np.zeros((len(starts), len(self.questions)), np.float32)
        for (start, end), (_, seen) in zip(bounds, windows, strict=True):
            scores[start:end] = np.maximum(scores[start:end], seen)
        embedding = np.mean([one for one, _ in windows], axis=0)
        if len(windows) > 1:
            # A mail of ten pages may hold one line that matters, and a mean would drown it.
            tokens = _most_telling(text, starts, scores, self.about["cut"] - 2)
            essence, _ = self._run([encoding.ids[at] for at in tokens])
            embedding = essence + (embedding - essence) / len(windows)
        return Encoded(embedding, starts, ends, scores)

    def _run(self, window: Sequence[int]) -> tuple[Floats, Floats]:
        """Return the embedding (d,) and evidence (t, questions) of one window of t tokens."""
        first, last = (self.tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))
        ids = np.array([[first, *window, last]], np.int64)
        embedding, evidence = self.network.run(None, {"ids": ids})
        return embedding[0], evidence[0, 1:-1]


def _most_telling(text: str, starts: npt.NDArray[np.int32], scores: Floats, most: int) -> list[int]:
    """Return the numbers of the tokens, at most `most`, of the sentences that have most to show.

    A sentence shows as much as its best token for each question, on average; each counts once.
    """
    found: dict[str, tuple[float, range]] = {}
    for sentence in _SENTENCE.finditer(text):
        first, end = np.searchsorted(starts, sentence.span())
        if end > first:
            shown = float(scores[first:end].max(axis=0).mean())
            found.setdefault(sentence.group().strip(), (shown, range(first, end)))
    chosen: list[int] = []
    for _, tokens in sorted(found.values(), key=lambda pair: -pair[0]):
        if chosen and len(chosen) + len(tokens) > most:
            break
        chosen += tokens
    return sorted(chosen)[:most]


def window_bounds(tokens: int, cut: int) -> list[tuple[int, int]]:
    """Return where the windows of a text start and end: as few as fit, spread evenly.

    `cut` is the longest window in tokens, with the two marks that frame each of them. Windows
    overlap, so that each sentence of ordinary length stands whole in one of them.
    """
    length = cut - 2
    if tokens <= length:
        return [(0, tokens)]
    gaps = -(-(tokens - length) // (length - OVERLAP))
    starts = [(tokens - length) * n // gaps for n in range(gaps + 1)]
    return [(start, start + length) for start in starts]


def ticket_digest(ticket: Ticket) -> str:
    """Return the short hash under which `encoder.json` lists a ticket that was learnt from.

    It is one of the text as received: how texts are cleaned may change.
    """
    text = f"{ticket.subject}\n{ticket.body}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def load_encoder(folder: Path = SHIPPED, threads: int = 1) -> Encoder:
    """Load an encoder; `InputFaults` when it is absent, damaged or of another format.

    `threads` is how many texts are worked on at once.
    """
    about = _about(folder)
    for name, expected in about["sha256"].items():
        if _sha256(folder / name) != expected:
            raise _unusable(folder / name, "does not match the hash in encoder.json")

    # From 1.29 on, its official builds report to their maker unless told not to before the import.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    network = InferenceSession(str(folder / _NETWORK), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
    return Encoder(folder, about, network, tokenizer, threads)


def shipped_version() -> str:
    """Return the version of the encoder that ships, without loading it."""
    return _version(_about(SHIPPED))


def _load_same(version: str, folder: Path | None, threads: int) -> Encoder:
    """Load an encoder again, in whatever process; `InputFaults` when another is there."""
    encoder = load_encoder(folder or SHIPPED, threads)
    if encoder.version != version:
        raise _unusable(encoder.folder, f"is {encoder.version}, and {version} is needed")
    return encoder


def _version(about: Mapping[str, Any]) -> str:
    return str(about["sha256"][_NETWORK][:12])


def _about(folder: Path) -> Mapping[str, Any]:
    try:
        about: Mapping[str, Any] = json.loads((folder / _ABOUT).read_text("utf-8"))
        about["sha256"][_NETWORK], about["sha256"][_TOKENIZER], about["learnt"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _unusable(folder / _ABOUT, f"cannot be read: {error!r}") from None
    if about.get("format") != FORMAT:
        raise _unusable(
            folder / _ABOUT, f"has format {about.get('format')}, this program reads {FORMAT}"
        )
    return about


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error}") from None


def _unusable(path: Path, problem: str) -> InputFaults:
    return InputFaults(Fault(str(path), f"encoder {problem}", "install the package again"))
