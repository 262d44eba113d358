"""Stored models as a person handles them: look, compare, promote through the gate, roll back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from classifier import Model, Reader, Registry
from classifier.history import Event
from classifier.progress import Progress
from classifier.registry import StoredModel
from tickets import Fault, InputFaults
from triage.desk import Desk
from triage.retraining.comparison import Comparison
from triage.retraining.gate import NO_CURRENT, judge, objections, usable
from triage.retraining.source import Source
from triage.settings import Settings


@dataclass(frozen=True)
class Dossier:
    """A stored model with what became of it."""

    model: Model
    is_current: bool
    folder: Path
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Match:
    """Two models beside each other."""

    candidate: Model
    current: Model
    comparison: Comparison

    @property
    def objections(self) -> tuple[str, ...]:
        """Why the gate would refuse the candidate in place of the other."""
        return objections(self.comparison)


def _registry(home: Path | None = None) -> Registry:
    return Registry(home or Settings.from_environment().home)


def stored_models(home: Path | None = None) -> list[StoredModel]:
    """Return all stored models of a home, by default that of the settings, oldest first."""
    return _registry(home).models()


def dossier(version: str) -> Dossier:
    """Return what is known of a stored model; `InputFaults` when it is unknown or unusable."""
    registry = _registry()
    model = registry.load(version)
    events = [event for event in registry.history(model.reader) if event.version == version]
    is_current = registry.current_version(model.reader) == version
    return Dossier(model, is_current, registry.folder / version, tuple(events))


def compare_versions(
    candidate: str, current: str, reader: Reader, source: Source | None, progress: Progress
) -> Match:
    """Compare two models; empty names are a reader's newest and the candidate's current one.

    Without a source, they are compared on what the candidate was not trained on of its own file.
    """
    registry = _registry()
    one = registry.load(candidate or _newest(registry, reader))
    other = registry.load(current) if current else registry.load_current(one.reader)
    if one.version == other.version:
        problem = "would be compared with itself"
        raise InputFaults(Fault(f"model {one.version}", problem, "name two, see `triage models`"))
    return Match(one, other, _compared(one, other, source, registry, progress))


def _newest(registry: Registry, reader: Reader) -> str:
    version = registry.candidate_version(reader)
    if version is None:
        problem = f"the {reader} reader has no candidate: its newest model is current"
        raise InputFaults(Fault("triage compare", problem, "name a version, see `triage models`"))
    return version


def _compared(
    candidate: Model,
    current: Model,
    source: Source | None,
    registry: Registry,
    progress: Progress,
) -> Comparison:
    known = source or Source.of(candidate.version, candidate.description)
    return judge(candidate, current, known.tickets(), registry, progress)


def promote_version(
    version: str,
    source: Source | None,
    progress: Progress,
    *,
    force: bool,
    why: str,
    home: Path | None = None,
) -> str:
    """Make a model current and return a line that says so.

    `InputFaults` when it cannot be used, and unless forced, when the gate refuses it or has nothing
    to judge by; then the current model stays.
    """
    registry = _registry(home)
    model = registry.load(version)
    Desk.of(model)  # refuses a model that does not go with the rules
    before = registry.current_version(model.reader)
    if before == version:
        return f"model {version} is current already for the {model.reader} reader"
    comparison = None
    current = usable(registry, before)
    if current is not None and not force:
        comparison = _passed(model, current, source, registry, progress)
        why = why or "it passed the gate"
    registry.promote(
        model,
        before,
        datetime.now(UTC),
        why or NO_CURRENT,
        forced=force,
        comparison=comparison.as_record() if comparison else None,
    )
    return f"model {version} is now current for the {model.reader} reader{_instead(before)}"


def _passed(
    candidate: Model,
    current: Model,
    source: Source | None,
    registry: Registry,
    progress: Progress,
) -> Comparison:
    comparison = _compared(candidate, current, source, registry, progress)
    remedy = 'see `triage compare`; --force --why "TEXT" overrules the gate'
    place = f"model {candidate.version}"
    if refused := objections(comparison):
        raise InputFaults(*(Fault(place, f"refused: {one}", remedy) for one in refused))
    return comparison


def roll_back(reader: Reader, home: Path | None = None) -> str:
    """Make the previous model current again and return a line that says so.

    `InputFaults` when there is none, or it cannot be used; then the current model stays.
    """
    registry = _registry(home)
    version = registry.previous_version(reader)
    if version is None:
        problem = f"the {reader} reader has no earlier model to go back to"
        remedy = "name one with `triage promote`, see `triage models`"
        raise InputFaults(Fault("triage rollback", problem, remedy))
    model = registry.load(version)
    Desk.of(model)
    before = registry.current_version(reader)
    registry.roll_back(model, datetime.now(UTC), "rolled back")
    return f"model {version} is current again for the {reader} reader{_instead(before)}"


def _instead(before: str | None) -> str:
    return f", instead of {before}" if before else ""
