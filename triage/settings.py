"""What the environment says: read once, at the door."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HOME_VARIABLE = "TRIAGE_HOME"
DATABASE_VARIABLE = "TRIAGE_DATABASE_URL"


@dataclass(frozen=True)
class Settings:
    """Where this installation keeps its models, its files and its store."""

    home: Path
    database_url: str
    """By default, a SQLite file in the home."""

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, database_url: str = ""
    ) -> Settings:
        """Read the settings from environment variables; by default, those of this process.

        A database URL that was given otherwise, as an option, has precedence.
        """
        given = os.environ if environment is None else environment
        folder = given.get(HOME_VARIABLE) or platformdirs.user_data_dir(
            "ujet-triage", appauthor=False
        )
        home = Path(folder).expanduser()
        url = database_url or given.get(DATABASE_VARIABLE) or f"sqlite:///{home}/triage.db"
        return cls(home, url)
