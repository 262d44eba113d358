"""What the environment says: read once, at the door."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HOME_VARIABLE = "TRIAGE_HOME"


@dataclass(frozen=True)
class Settings:
    """Where this installation keeps its models."""

    home: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables; by default, those of this process."""
        given = os.environ if environment is None else environment
        home = given.get(HOME_VARIABLE) or platformdirs.user_data_dir(
            "ujet-triage", appauthor=False
        )
        return cls(home=Path(home).expanduser())
