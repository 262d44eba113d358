"""The registry: models, immutable under their versions, and each reader's current one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from classifier.model import Model, load_model
from classifier.reader import Reader
from tickets import Fault, InputFaults


class Registry:
    """Models under `home/models`, and the current one's name in a file `current-<reader>`."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "models"

    def prepare(self) -> None:
        """Make the folder; `InputFaults` when models cannot be kept there."""
        with self._explained():
            self.folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()

    def add(self, model: Model) -> Model:
        """Store a model whole or not at all, make it current, return it with its version.

        `InputFaults` when it cannot be written.
        """
        self.prepare()
        with (
            self._explained(),
            tempfile.TemporaryDirectory(dir=self.folder, prefix=".incoming-") as incoming,
        ):
            stored = model.save(Path(incoming) / "model")
            if not self._holds(stored.version):
                shutil.rmtree(self.folder / stored.version, ignore_errors=True)  # a damaged copy
                (Path(incoming) / "model").rename(self.folder / stored.version)
            self.make_current(stored)
        return stored

    def _holds(self, version: str) -> bool:
        """Tell whether a sound model of this version, hence of the same content, is stored."""
        try:
            return load_model(self.folder / version).version == version
        except InputFaults:
            return False

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = f"models cannot be kept here: {error.strerror or error}"
            remedy = "set TRIAGE_HOME to a folder that you may write to"
            raise InputFaults(Fault(str(self.folder), problem, remedy)) from None

    def make_current(self, model: Model) -> None:
        """Switch to another stored version; readers see the old or the new, never half."""
        with tempfile.NamedTemporaryFile(
            "w", dir=self.folder, prefix=".current-", delete=False, encoding="utf-8"
        ) as new:
            new.write(model.version)
        Path(new.name).replace(self._pointer(model.reader))

    def _pointer(self, reader: Reader) -> Path:
        return self.folder / f"current-{reader}"

    def current_version(self, reader: Reader = Reader.FULL) -> str | None:
        """Return the current version, or None when nothing is trained yet."""
        try:
            return self._pointer(reader).read_text("utf-8").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None

    def load_current(self, reader: Reader = Reader.FULL) -> Model:
        """Load the current model; `InputFaults` when there is none or it cannot be used."""
        version = self.current_version(reader)
        if version is None:
            place = str(self.folder)
            raise InputFaults(
                Fault(
                    place, f"no model of the {reader} reader is trained yet", "run `triage train`"
                )
            )
        return load_model(self.folder / version)
