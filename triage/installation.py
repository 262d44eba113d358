"""What an installation consists of: two that agree in it give the same assessments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from classifier.encoder import load_encoder
from rules import load_engine, load_ruleset
from sla import load_policy

ROOMS = ("tickets", "classifier", "rules", "sla")
WALK = (
    *("__init__", "assess", "cluster_task", "desk", "installation", "nearest_change"),
    *("settings", "suggest"),
)
"""The modules of `triage` that an assessment passes; its other doors do not matter to it."""
READ_BY = ("numpy", "onnxruntime", "spacy", "tokenizers")
"""Libraries whose next version may read a text a little differently."""


@cache
def installation() -> dict[str, str]:
    """Return a version of each part of this process' installation; models are no part of it."""
    ruleset = load_ruleset()
    with load_engine(ruleset) as engine:
        engine_name = engine.name
    return {
        "ujet-triage": f"{version('ujet-triage')} (files {_digest()})",
        "rules": ruleset.version,
        "policy": load_policy().version,
        "encoder": load_encoder().version,
        "engine": engine_name,
        **{name: version(name) for name in READ_BY},
    }


def differences(theirs: dict[str, str], ours: dict[str, str]) -> str:
    """Return in words what another installation has otherwise; empty when they agree."""
    return ", ".join(
        f"{part} {theirs.get(part, 'missing')} where this program has {ours[part]}"
        for part in ours
        if theirs.get(part) != ours[part]
    )


def _digest() -> str:
    """Return a short hash of the code of all rooms and of what they look up."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _files() -> Iterator[Path]:
    for room in ROOMS:
        folder = Path(str(import_module(room).__file__)).parent
        yield from sorted(path for path in folder.iterdir() if path.suffix in (".py", ".yaml"))
    for module in WALK:
        yield Path(__file__).with_name(f"{module}.py")
