"""What a desk's words for priorities, statuses and channels mean to us."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from tickets.document import read_document
from triage.integrations.messages import ClockKind

SHIPPED = Path(__file__).with_name("desk_words.yaml")
SCHEMA = Path(__file__).with_name("desk_words.schema.json")


class Stage(StrEnum):
    """Whose turn it is, as a status says."""

    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"


@dataclass(frozen=True)
class Words:
    """The words of one desk; they match whatever their case."""

    priorities: Mapping[str, str]
    stages: Mapping[str, Stage]
    channels: Mapping[str, str]

    def priority(self, word: str | None) -> str | None:
        """Return our priority (`P0` to `P4`) for the desk's, if it has one."""
        return self.priorities.get(_key(word or ""))

    def stage(self, status: str) -> Stage:
        """Return the stage of a status; one that we do not know is open."""
        return self.stages.get(_key(status), Stage.OPEN)

    def channel(self, word: str | None) -> str | None:
        """Return our channel for the desk's, if there is one."""
        return self.channels.get(_key(word or ""))

    def also(self, priorities: Mapping[str, str], statuses: Mapping[str, Iterable[str]]) -> Words:
        """Return the words with those of one installation, which win."""
        return replace(
            self,
            priorities={**self.priorities, **_keyed(priorities)},
            stages={**self.stages, **_stages(statuses)},
        )


def change_of_stage(before: Stage | None, now: Stage) -> ClockKind | None:
    """Return what a change of status means to the clock; `before` is None where it is unknown."""
    if now is before:
        return None
    if now is Stage.OPEN:
        return ClockKind.REOPENED if before is Stage.SOLVED else ClockKind.RESUMED
    return ClockKind.WAITING if now is Stage.WAITING else ClockKind.SOLVED


@cache
def words_of(source: str) -> Words:
    """Return the words of a kind of desk."""
    return _shipped()[source]


@cache
def _shipped() -> Mapping[str, Words]:
    document = read_document(SHIPPED, json.loads(SCHEMA.read_text("utf-8")))
    document.refuse_if()
    return {source: _words(values) for source, values in document.values.items()}


def _words(values: Mapping[str, Any]) -> Words:
    return Words(
        _keyed(values["priorities"]), _stages(values["statuses"]), _keyed(values["channels"])
    )


def _stages(statuses: Mapping[str, Iterable[str]]) -> dict[str, Stage]:
    return {_key(word): Stage(stage) for stage, words in statuses.items() for word in words}


def _keyed(words: Mapping[str, str]) -> dict[str, str]:
    return {_key(word): meaning for word, meaning in words.items()}


def _key(word: str) -> str:
    return " ".join(word.split()).casefold()
