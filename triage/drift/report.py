"""A drift report, from a file of tickets or from stored assessments."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from classifier import Reader, Registry
from tickets import Fault, InputFaults
from tickets.store import Store
from triage.assessed import Assessed, assessed_now
from triage.batch import CHUNK
from triage.desk import Desk
from triage.drift.advice import advice
from triage.drift.findings import FALSE_ALARMS
from triage.drift.observation import Observation, observe
from triage.drift.reference import Reference, load_reference, reference_of
from triage.drift.weeks import Week, weeks_of
from triage.period import Period
from triage.progress import progress_bar
from triage.settings import Settings
from triage.stored import Outcome, outcomes
from triage.suggest import cost_array
from triage.ticket_file import TicketFile


@dataclass(frozen=True)
class Report:
    """Drift by week, and what it was measured on."""

    model: str
    reference: Reference
    weeks: list[Week]
    left_out: int
    """Stored assessments that another model or other rules made."""

    def as_record(self) -> dict[str, Any]:
        """Return the report for machines."""
        return {
            "model": self.model,
            "reference": self.reference.as_record(),
            "false_alarms": FALSE_ALARMS,
            "weeks": [
                {**week.as_record(), "advice": advice(week, self.reference)} for week in self.weeks
            ],
            "left_out": self.left_out,
        }


def drift_of_file(
    file: TicketFile, reader: Reader, period: Period, usual: TicketFile | None
) -> Report:
    """Assess the tickets of a file now and compare them with the training window.

    `usual` is a file of tickets to compare them with instead. `InputFaults` when a file cannot be
    used or holds no ticket of the period.
    """
    desk = Desk.load(reader=reader)
    observed = _observed(file, desk, period)
    return _report(observed, desk, usual)


def drift_of_store(
    store: Store, reader: Reader, period: Period, usual: TicketFile | None
) -> Report:
    """Compare stored assessments by a reader's current model with its training window.

    `InputFaults` when there is none of the period.
    """
    desk = Desk.load(reader=reader)
    model = desk.rooms.model
    observed: list[Observation] = []
    left_out = 0
    rest = outcomes(store, period)
    while chunk := list(islice(rest, CHUNK)):
        ours = [Assessed.stored(one) for one in chunk if _is_by(one, desk)]
        observed += observe(ours, model)
        left_out += len(chunk) - len(ours)
    if not observed:
        problem = f"holds no assessment by model {model.version} and the current rules of this time"
        remedy = "export the tickets and give the file, to have them assessed now"
        raise InputFaults(Fault("database", problem, remedy))
    return _report(observed, desk, usual, left_out)


def _is_by(outcome: Outcome, desk: Desk) -> bool:
    made_by = (outcome.suggestion.model_version, outcome.suggestion.rules_version)
    return made_by == (desk.rooms.model.version, desk.rooms.ruleset.version)


def _report(
    observed: list[Observation], desk: Desk, usual: TicketFile | None, left_out: int = 0
) -> Report:
    reference = _usual(usual, desk) if usual else _training_window(desk)
    weeks = weeks_of(observed, reference, cost_array(desk.rooms.ruleset))
    return Report(desk.rooms.model.version, reference, weeks, left_out)


def _training_window(desk: Desk) -> Reference:
    registry = Registry(Settings.from_environment().home)
    with progress_bar("training window") as bar:
        return load_reference(desk, registry, bar.reach)


def _usual(file: TicketFile, desk: Desk) -> Reference:
    return reference_of(_observed(file, desk, Period()), None, desk, f"of {file.path}")


def _observed(file: TicketFile, desk: Desk, period: Period) -> list[Observation]:
    parts = assessed_now(file, desk, period)
    observed = [one for part in parts for one in observe(part, desk.rooms.model)]
    if not observed:
        raise file.nothing_found()
    return observed
