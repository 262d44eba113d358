"""The desk: current model, rules and policy, loaded once, ready for tickets from Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from classifier import Model, Reader, Registry
from rules import Ruleset, diagram, load_engine, load_ruleset, verdict_table
from sla import load_policy
from tickets import Assessment, Fault, InputFaults, Suggestion, Ticket
from triage.assess import Rooms, assess
from triage.settings import Settings

if TYPE_CHECKING:
    import pandas as pd


def _refuse_other_facts(model: Model, ruleset: Ruleset) -> None:
    """Raise `InputFaults` when the rules ask for facts or values that the model does not read."""
    read = {head.name: head.classes for head in model.heads.heads}
    if any(read.get(fact.name) != tuple(fact.values) for fact in ruleset.schema):
        problem = f"reads other facts than {ruleset.name} declares"
        raise InputFaults(Fault(f"model {model.version}", problem, "run `triage train`"))


@dataclass(frozen=True)
class Desk:
    """Assesses tickets with one set of rooms; picklable, so that workers elsewhere can use it."""

    rooms: Rooms

    @classmethod
    def load(cls, home: Path | None = None, reader: Reader = Reader.FULL) -> Desk:
        """Load the current model, rules and policy; `InputFaults` says what is missing or wrong.

        `home` is the folder that holds the models, by default that of the settings.
        """
        return cls.of(Registry(home or Settings.from_environment().home).load_current(reader))

    @classmethod
    def of(cls, model: Model) -> Desk:
        """Load rules and policy around a model; `InputFaults` when they do not go together."""
        ruleset = load_ruleset()
        _refuse_other_facts(model, ruleset)
        table = verdict_table(ruleset)
        return cls(
            Rooms(
                model=model,
                ruleset=ruleset,
                table=table,
                diagram=diagram(ruleset.schema, table),
                engine=load_engine(ruleset),
                policy=load_policy(),
            )
        )

    def with_threads(self, threads: int) -> Desk:
        """Return the same desk, which reads so many texts at once; one where others share a core.

        It reads the same either way.
        """
        model = self.rooms.model
        if model.encoder is None:
            return self
        encoder = replace(model.encoder, threads=threads)
        return Desk(replace(self.rooms, model=replace(model, encoder=encoder)))

    def assess(self, ticket: Ticket) -> Assessment:
        """Return the assessment of one ticket."""
        return assess([ticket], self.rooms)[0]

    def assess_many(self, tickets: Sequence[Ticket]) -> list[Assessment]:
        """Return the assessments of tickets, in their order."""
        return assess(tickets, self.rooms)

    def suggest_many(self, tickets: Sequence[Ticket]) -> list[Suggestion]:
        """Return what is suggested for tickets, in their order: every ticket gets a suggestion."""
        suggestions = []
        for assessment in self.assess_many(tickets):
            assert assessment.suggestion is not None  # only rows that are no ticket have none
            suggestions.append(assessment.suggestion)
        return suggestions

    def assess_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame with the columns of the CSV form, one row for each row of `frame`.

        A row that is no ticket keeps its id and gets `error.…` columns instead of a priority.
        """
        from triage.frames import assess_frame

        return assess_frame(self, frame)
