"""A program that runs for long follows its installation: promoted models, changed rules and policy.

Work that has begun keeps the desk with which it began. The new one is loaded aside; when it cannot
be loaded, the old one goes on and the log says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

from classifier import Reader, Registry
from rules.rulefile import SHIPPED as RULES
from sla.policy_file import SHIPPED as POLICY
from tickets import InputFaults
from triage.desk import Desk
from triage.journal import note, warn

SECONDS = 1.0
"""Between two looks, each of which reads a line of a file and the dates of two."""


@dataclass(frozen=True)
class Sight:
    """What tells whether a desk is still of today."""

    model: str | None
    """The current version."""
    changed_at: tuple[int, ...]
    """When the files of rules and policy were last written, in nanoseconds."""

    @classmethod
    def of(cls, home: Path, reader: Reader) -> Sight:
        """Look at an installation; `OSError` when it cannot be looked at."""
        version = Registry(home).current_version(reader)
        return cls(version, tuple(path.stat().st_mtime_ns for path in (RULES, POLICY)))


class Renewal:
    """Follows the installation that a desk is of."""

    def __init__(self, home: Path, desk: Desk) -> None:
        model = desk.rooms.model
        self._home, self._reader = home, model.reader
        self._serving = Sight(model.version, Sight.of(home, model.reader).changed_at)
        self._refused: Sight | None = None

    async def desks(self) -> AsyncIterator[Desk]:
        """Yield each desk that takes the place of the one before."""
        while True:
            await asyncio.sleep(SECONDS)
            desk = await asyncio.to_thread(self.next_desk)
            if desk is not None:
                yield desk

    def next_desk(self) -> Desk | None:
        """Return the desk of today where it is another than before and can be loaded."""
        try:
            sight = Sight.of(self._home, self._reader)
        except OSError as error:
            warn("installation not seen", error=type(error).__name__)
            return None
        if sight.model is None or sight in (self._serving, self._refused):
            return None
        try:
            desk = Desk.load(self._home, self._reader)
        except (InputFaults, OSError) as error:
            self._refused = sight
            warn("new desk refused", model=sight.model, why=str(error))
            return None
        self._serving = sight
        note("new desk serves", **asdict(desk.rooms.versions))
        return desk
