"""`triage serve` as a process of its own, to be started, measured and killed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from triage.settings import Settings

COMMAND = str(Path(sys.executable).with_name("triage"))
READY_SECONDS = 120.0


def copied_home(folder: Path) -> Path:
    """Return a home in a folder, with the models of this installation's."""
    home = folder / "home"
    shutil.copytree(Settings.from_environment().home / "models", home / "models")
    return home


class ServiceProcess:
    """A service on one address, which it keeps when it is started again."""

    def __init__(self, home: Path, database_url: str, options: Sequence[str] = ()) -> None:
        self._home = home
        self._options = ("--database-url", database_url, *options)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = "0"
        self.log = home / "log"
        self.url = ""

    def start(self) -> None:
        """Start and wait until it is ready; `RuntimeError` with its last words when it ends."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "--port", self._port, *self._options],
                stderr=log,
                env={**os.environ, "TRIAGE_HOME": str(self._home)},
            )
        until = time.monotonic() + READY_SECONDS
        while not self._is_ready(begin):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log.read_text("utf-8")[-500:])
            time.sleep(0.1)

    def _is_ready(self, begin: int) -> bool:
        said = self.log.read_bytes()[begin:]
        found = re.search(rb"listening on (http://127\.0\.0\.1:(\d+)),", said)
        if not found:
            return False
        self.url, self._port = found[1].decode(), found[2].decode()
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process is not None  # it was started
        return self._process.pid

    def kill(self) -> None:
        """End it as a power cut does: kill -9."""
        assert self._process is not None  # it was started
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end as a system does, and return its exit status."""
        assert self._process is not None  # it was started
        self._process.terminate()
        return self._process.wait(timeout=60)

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used."""
        return cpu_seconds(self.pid)

    def resident_bytes(self) -> int:
        """Return the memory that it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
