"""Encoders that an installation fine-tuned itself, beside the one that ships."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from classifier.encoder import Encoder, load_encoder, shipped_version
from tickets import Fault, InputFaults


class KeptEncoders:
    """Encoders under `home/encoders`, each immutable in a folder named by its version."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "encoders"

    def keep(self, make: Callable[[Path], None], threads: int = 1) -> Encoder:
        """Keep what `make` writes into an empty folder, whole or not at all; return it loaded."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".incoming-") as incoming:
                made = Path(incoming) / "encoder"
                made.mkdir()
                make(made)
                version = load_encoder(made).version
                if not self._holds(version):
                    shutil.rmtree(self.folder / version, ignore_errors=True)  # damaged
                    made.rename(self.folder / version)
        except OSError as error:
            problem = f"encoders cannot be kept here: {error.strerror or error}"
            remedy = "set TRIAGE_HOME to a folder that you may write to"
            raise InputFaults(Fault(str(self.folder), problem, remedy)) from None
        return self.load(version, threads)

    def load(self, version: str, threads: int = 1) -> Encoder:
        """Load an encoder, shipped or kept; `InputFaults` when it is absent or damaged."""
        if version == shipped_version():
            return load_encoder(threads=threads)
        folder = self.folder / version
        if not folder.is_dir():
            problem = f"no encoder {version}: {shipped_version()} ships with this program"
            raise InputFaults(Fault(str(self.folder), problem, _REMEDY))
        try:
            encoder = load_encoder(folder, threads)
        except InputFaults as faults:
            mended = (Fault(one.place, one.problem, _REMEDY) for one in faults.faults)
            raise InputFaults(*mended) from None
        if encoder.version != version:
            problem = f"holds encoder {encoder.version}, not the one that it is named after"
            raise InputFaults(Fault(str(folder), problem, _REMEDY))
        return encoder

    def _holds(self, version: str) -> bool:
        try:
            self.load(version)
        except InputFaults:
            return False
        return True


_REMEDY = "put it back, train again, or roll back"
