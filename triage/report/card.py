"""The model card: what a model is for, how it was made and measured, and where it fails."""

from __future__ import annotations

import platform
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from classifier import Registry
from classifier.language import KNOWN, SUPPORTED
from triage.report.changes import received, settings
from triage.report.findings import Findings, cautions
from triage.report.highlights import without_controls
from triage.report.rendering import rendered
from triage.report.training_data import training_data
from triage.report.words import name
from triage.retraining.source import Source

LIBRARIES = ("numpy", "scikit-learn", "onnxruntime", "spacy", "tokenizers", "durable-rules")
MOST_NAMED = 20
"""Languages or writers that are named; the rest are counted together."""


@dataclass(frozen=True)
class Origin:
    """How to make a model again, and to measure it as here."""

    train: str
    measure: str


def card(findings: Findings, registry: Registry, source: Source | None) -> str:
    """Return the card of the model that was tried, in Markdown.

    `source` is that of the tickets, where they were named for this card.
    """
    trial = findings.trial
    model = trial.answers.model
    learnt = training_data(model, registry)
    dates = sorted(at for one in trial.data.tickets if (at := one.ticket.received_at))
    return rendered(
        "card.md",
        findings=findings,
        trial=trial,
        data=trial.data,
        model=model,
        versions=trial.answers.desk.rooms.versions,
        learnt=learnt,
        languages=_counted(learnt.languages),
        writers=_counted(learnt.writers),
        learnt_dates=received(model.description),
        dates=dates,
        trained_on=_trained_on(findings),
        cautions=cautions(trial),
        settings=settings(model),
        supported=SUPPORTED,
        known=len(KNOWN),
        libraries=dict(_installed()),
        python=platform.python_version(),
        origin=_origin(findings, source),
        plain=plain,
    )


def plain(words: str) -> str:
    """Return words of a stranger on one line, so that Markdown takes them as they are."""
    one_line = " ".join(without_controls(words).split())
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&$])", r"\\\1", one_line)


def _counted(found: Mapping[str, int]) -> str:
    commonest = list(found.items())[:MOST_NAMED]
    shown = [f"{plain(name(word))} {number:,}" for word, number in commonest]
    rest = len(found) - len(shown)
    return ", ".join([*shown, *([f"{rest:,} more"] if rest else [])])


def _trained_on(findings: Findings) -> str:
    record = findings.trial.answers.model.description.get("source")
    return plain(name(Path(record["file"]).name)) if record else "the corpus that ships"


def _installed() -> Iterator[tuple[str, str]]:
    for library in LIBRARIES:
        try:
            yield library, version(library)
        except PackageNotFoundError:  # durable-rules is an extra
            yield library, "not installed"


def _origin(findings: Findings, source: Source | None) -> Origin:
    model = findings.trial.answers.model
    record = model.description.get("source")
    of_training = Source.from_record(record) if record else None
    measure = ["triage", "report", model.version, *_options(source, "--data"), "-o", "card.md"]
    return Origin(shlex.join(["triage", "train", *_options(of_training)]), shlex.join(measure))


def _options(source: Source | None, option: str = "") -> Iterator[str]:
    """Yield how a file is named on the command line, without the folders that it lies in."""
    if source is None:
        return
    if option:
        yield option
    yield Path(source.file).name
    for ours, theirs in source.columns.items():
        yield from ("--column", f"{ours}={theirs}")
    for word, priority in source.label_names.items():
        yield from ("--map", f"{word}={priority}")
