"""The phrases behind the cues, read from `lexicon.yaml`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tickets import FactSchema, Fault, InputFaults
from tickets.document import Document, read_document
from tickets.faults import did_you_mean

SHIPPED = Path(__file__).with_name("lexicon.yaml")
_SCHEMA = Path(__file__).with_name("lexicon.schema.json")


@dataclass(frozen=True)
class Entry:
    """Phrases that mean one thing, with a text in which they match and one in which they do not."""

    phrases: tuple[str, ...]
    example: str
    near_miss: str


@dataclass(frozen=True)
class Scope(Entry):
    """Words that change what a cue near them means: negation, hypothesis, past, elsewhere."""

    name: str
    window: int | None
    """How many words before the cue; None: anywhere in its sentence."""


@dataclass(frozen=True)
class CueEntry(Entry):
    """Words that speak for one value of one fact."""

    fact: str
    value: str


@dataclass(frozen=True)
class Quantities:
    """How numbers and shares of people are binned into reach."""

    all_from_share: float
    many_from_share: float
    many_above_count: int
    people: tuple[str, ...]

    def reach_of_share(self, share: float) -> str:
        """Return the reach of a share between 0 and 1."""
        if share >= self.all_from_share:
            return "all"
        return "many" if share >= self.many_from_share else "few"

    def reach_of_count(self, count: int) -> str:
        """Return the reach of a number of people."""
        if count == 1:
            return "one"
        return "many" if count > self.many_above_count else "few"


@dataclass(frozen=True)
class Lexicon:
    """All phrases and the version of the file they come from."""

    scopes: tuple[Scope, ...]
    cues: tuple[CueEntry, ...]
    quantities: Quantities
    version: str


def load_lexicon(path: Path = SHIPPED, schema: FactSchema | None = None) -> Lexicon:
    """Read a lexicon; `InputFaults` lists everything wrong in it.

    With a fact `schema`, cues for facts or values that it does not declare are faults.
    """
    document = read_document(path, json.loads(_SCHEMA.read_text(encoding="utf-8")))
    document.refuse_if(*(_undeclared(document, schema) if schema else ()))
    values = document.values
    return Lexicon(
        scopes=tuple(
            Scope(
                tuple(scope["phrases"]),
                scope["example"],
                scope["near_miss"],
                name,
                scope.get("window", 5) if scope["reach"] == "before" else None,
            )
            for name, scope in values["scopes"].items()
        ),
        cues=tuple(
            CueEntry(tuple(cue["phrases"]), cue["example"], cue["near_miss"], fact, value)
            for fact, by_value in values["cues"].items()
            for value, cue in by_value.items()
        ),
        quantities=Quantities(
            **{**values["quantities"], "people": tuple(values["quantities"]["people"])}
        ),
        version=document.version,
    )


def _undeclared(document: Document, schema: FactSchema) -> Iterator[Fault]:
    if not isinstance(document.values, dict) or not document.is_sound(("cues",)):
        return
    for fact, by_value in document.values["cues"].items():
        if fact not in schema:
            remedy = did_you_mean(fact, schema.names)
            yield document.fault(("cues", fact), f'unknown fact "{fact}"', remedy)
            continue
        for value in by_value:
            if value not in schema[fact].values:
                remedy = did_you_mean(value, schema[fact].values)
                problem = f'fact "{fact}" has no value "{value}"'
                yield document.fault(("cues", fact, value), problem, remedy)


__all__ = ["InputFaults", "Lexicon", "Quantities", "Scope", "load_lexicon"]
