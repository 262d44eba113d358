"""The registry: models, immutable under their versions, and each reader's current one."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from classifier.fingerprints import Fingerprints
from classifier.history import Event, EventKind, parse_history, standing
from classifier.kept_encoders import KeptEncoders
from classifier.model import Model, load_model
from classifier.reader import Reader
from tickets import Fault, InputFaults
from tickets.faults import did_you_mean

_LEARNT = "learnt.npy"
_VERSION = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class StoredModel:
    """A model of the registry, as far as a list of them tells."""

    version: str
    reader: Reader | None
    """None when the model cannot be read."""
    description: Mapping[str, Any]
    is_current: bool
    stored_at: datetime | None
    """Last time that training gave this model, where the history tells."""
    fault: str = ""
    """Why the model cannot be used; empty when it can."""


class Registry:
    """Models under `home/models`; beside them, for each reader, two files.

    `current-<reader>` holds the version of the current model. `history-<reader>.jsonl` tells of
    every model stored and made current, and is only ever added to. Whoever changes something holds
    a lock; who reads needs none, as every file is replaced whole.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "models"
        self._encoders = KeptEncoders(home)

    def prepare(self) -> None:
        """Make the folder; `InputFaults` when models cannot be kept there."""
        with self._explained():
            self.folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()

    def add(self, model: Model, learnt: Fingerprints, at: datetime) -> Model:
        """Store a model whole or not at all, return it with its version; the current one stays.

        `learnt` are the tickets that it learnt from. `InputFaults` when it cannot be written.
        """
        self.prepare()
        with self._explained(), self._incoming() as incoming:
            stored = model.save(incoming / "model")
            np.save(incoming / "model" / _LEARNT, np.unique(learnt))
            with self._writing():
                if not self._holds(stored.version):
                    shutil.rmtree(self.folder / stored.version, ignore_errors=True)  # damaged
                    (incoming / "model").rename(self.folder / stored.version)
                self._note(Event(EventKind.STORED, stored.version, at), stored.reader)
        return stored

    def promote(
        self,
        model: Model,
        instead_of: str | None,
        at: datetime,
        why: str,
        *,
        forced: bool = False,
        comparison: Mapping[str, Any] | None = None,
    ) -> None:
        """Make a stored model its reader's current one.

        `instead_of` is the version that was current when this was decided; `InputFaults` when
        another has become so since, and the current model stays.
        """
        reader = model.reader
        with self._explained(), self._writing():
            current = self.current_version(reader)
            if current != instead_of:
                raise self._overtaken(model, current)
            event = Event(EventKind.PROMOTED, model.version, at, current, why, forced, comparison)
            self._switch(event, reader)

    def roll_back(self, model: Model, at: datetime, why: str) -> None:
        """Make the model that `previous_version` names current again.

        `InputFaults` when that is another one by now.
        """
        reader = model.reader
        with self._explained(), self._writing():
            current = self.current_version(reader)
            if self.previous_version(reader) != model.version:
                raise self._overtaken(model, current)
            self._switch(Event(EventKind.ROLLED_BACK, model.version, at, current, why), reader)

    def load(self, version: str) -> Model:
        """Load a stored model; `InputFaults` when it is unknown, damaged or foreign."""
        known = self._versions()
        if version not in known:
            remedy = did_you_mean(version, known) if known else "run `triage train`"
            raise InputFaults(Fault(version, f"no such model in {self.folder}", remedy))
        return self._load(version)

    def _load(self, version: str) -> Model:
        folder = self.folder / version
        model = load_model(folder, self._encoders)
        if model.version != version:
            problem = f"holds model {model.version}, not the one that it is named after"
            raise InputFaults(Fault(str(folder), problem, "train again, or roll back"))
        return model

    def learnt(self, version: str) -> Fingerprints:
        """Return the fingerprints of what a model learnt from; `InputFaults` if it does not say."""
        path = self.folder / version / _LEARNT
        try:
            return np.asarray(np.load(path, allow_pickle=False), np.uint64)
        except (OSError, ValueError):
            problem = "does not say which tickets it learnt from"
            raise InputFaults(Fault(f"model {version}", problem, "train again")) from None

    def models(self) -> list[StoredModel]:
        """Return all stored models, oldest first; those that the history does not know lead."""
        stored_at = {
            event.version: event.at
            for reader in Reader
            for event in self.history(reader)
            if event.kind is EventKind.STORED
        }
        current = {self.current_version(reader) for reader in Reader}
        order = sorted(stored_at, key=lambda version: stored_at[version])
        places = {version: place for place, version in enumerate(order)}
        return [
            self._listed(version, version in current, stored_at.get(version))
            for version in sorted(self._versions(), key=lambda version: places.get(version, -1))
        ]

    def _listed(self, version: str, is_current: bool, stored_at: datetime | None) -> StoredModel:
        try:
            model = self.load(version)
        except InputFaults as faults:
            return StoredModel(version, None, {}, is_current, stored_at, str(faults))
        return StoredModel(version, model.reader, model.description, is_current, stored_at)

    def history(self, reader: Reader) -> list[Event]:
        """Return what became of a reader's models; `InputFaults` when its file is damaged."""
        path = self._history(reader)
        try:
            return parse_history(str(path), path.read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise InputFaults(Fault(str(path), f"cannot be read: {error}")) from None

    def current_version(self, reader: Reader = Reader.FULL) -> str | None:
        """Return the current version, or None when nothing is trained yet."""
        try:
            return self._pointer(reader).read_text("utf-8").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None

    def previous_version(self, reader: Reader) -> str | None:
        """Return the version that a roll-back makes current, or None when there is none."""
        versions = standing(self.history(reader), self.current_version(reader))
        return versions[-2] if len(versions) > 1 else None

    def candidate_version(self, reader: Reader) -> str | None:
        """Return the version stored last, if it is not the current one."""
        stored = [e.version for e in self.history(reader) if e.kind is EventKind.STORED]
        newest = stored[-1] if stored else None
        return None if newest == self.current_version(reader) else newest

    def load_current(self, reader: Reader = Reader.FULL) -> Model:
        """Load the current model; `InputFaults` when there is none or it cannot be used."""
        version = self.current_version(reader)
        if version is None:
            problem = f"no model of the {reader} reader is trained yet"
            raise InputFaults(Fault(str(self.folder), problem, "run `triage train`"))
        return self._load(version)

    def _versions(self) -> list[str]:
        try:
            return sorted(p.name for p in self.folder.iterdir() if _VERSION.fullmatch(p.name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _pointer(self, reader: Reader) -> Path:
        return self.folder / f"current-{reader}"

    def _history(self, reader: Reader) -> Path:
        return self.folder / f"history-{reader}.jsonl"

    def _holds(self, version: str) -> bool:
        """Tell whether a sound model of this version, hence of the same content, is stored."""
        try:
            self.load(version)
            self.learnt(version)
        except InputFaults:
            return False
        return True

    def _note(self, event: Event, reader: Reader) -> None:
        with self._incoming() as incoming:
            self._longer_history(event, reader, incoming).replace(self._history(reader))

    def _switch(self, event: Event, reader: Reader) -> None:
        """Note an event and make its version current; see `standing` for a crash in between."""
        with self._incoming() as incoming:
            history = self._longer_history(event, reader, incoming)
            pointer = incoming / "pointer"
            pointer.write_text(event.version, "utf-8")
            history.replace(self._history(reader))
            pointer.replace(self._pointer(reader))

    def _longer_history(self, event: Event, reader: Reader, incoming: Path) -> Path:
        """Write a reader's history with one more event into a folder."""
        longer = incoming / "history"
        lines = [one.as_line() for one in [*self.history(reader), event]]
        longer.write_text("".join(lines), "utf-8")
        return longer

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """Make a folder for files that are not whole yet; what is left there goes with it."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".incoming-") as incoming:
            yield Path(incoming)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Wait until no other process or thread changes anything here, and keep others out."""
        import fcntl  # POSIX only; reading models works elsewhere too

        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed, or the process ends
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = f"models cannot be kept here: {error.strerror or error}"
            remedy = "set TRIAGE_HOME to a folder that you may write to"
            raise InputFaults(Fault(str(self.folder), problem, remedy)) from None

    def _overtaken(self, model: Model, current: str | None) -> InputFaults:
        problem = f"meanwhile {current or 'none'} became current for the {model.reader} reader"
        return InputFaults(Fault(f"model {model.version}", problem, "look again, then repeat"))
