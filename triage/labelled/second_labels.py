"""A second, blind labelling of some tickets, compared with the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from classifier.kappa import Agreement, agreement
from classifier.labelled import parse_fact_labels, parse_label
from rules import Engine, load_engine, load_ruleset
from tickets import Fact, FactSchema, Fault, InputFaults, Priority, TicketFault
from tickets.faults import did_you_mean
from triage.labelled.corpus import SHIPPED
from triage.labelled.file import LabelledFile, LabelledRow, read_labelled_file
from triage.labelled.ruled_labels import priority_agreement, ruled_labels
from triage.row_files import Row, open_rows

Report = dict[str, Any]


@dataclass(frozen=True)
class TwiceLabelled:
    """A ticket as first labelled, before any review, and what the second reader made of it."""

    first: LabelledRow
    priority: Priority
    facts: Mapping[str, str]

    @property
    def id(self) -> str:
        """The id by which both labellings name the ticket."""
        return self.first.labelled.ticket.id

    @property
    def first_facts(self) -> Mapping[str, str]:
        """The facts as first labelled."""
        return self.first.labelled.facts


def agreement_report(second_path: str, first_path: str) -> Report:
    """Return how far two labellings agree, and how far the first agrees with the rules.

    `first_path` empty means our corpus. `InputFaults` names every row of the second labelling that
    cannot be read or has no ticket in the first.
    """
    ruleset = load_ruleset()
    engine = load_engine(ruleset)
    file = read_labelled_file(first_path or SHIPPED, ruleset.schema, {}, {})
    twice = load_second_labels(second_path, file)
    first = [one.first.first_priority for one in twice]
    facts = {fact.name: _fact_agreement(fact, twice) for fact in ruleset.schema}
    return {
        "tickets": len(twice),
        "priority": asdict(priority_agreement(first, [one.priority for one in twice])),
        "facts": {name: _unordered(found) for name, found in facts.items() if found},
        "disagreements": list(_disagreements(twice)),
        "facts_then_rules": ruled_labels(file.rows, engine),
        "second_facts_then_rules": _second_by_rules(twice, engine),
        "versions": {"rules": ruleset.version},
    }


def load_second_labels(path: str, first: LabelledFile) -> list[TwiceLabelled]:
    """Return the tickets that a second labelling (`id`, `priority`, `facts`) speaks of."""
    by_id = {row.labelled.ticket.id: row for row in first.rows}
    source = open_rows(path)
    found: dict[str, TwiceLabelled] = {}
    faults = []
    for row in source:
        try:
            twice = _parse(row, by_id, first.schema)
            if twice.id in found:
                raise TicketFault("id", twice.id, "stands twice", "keep one of the rows")
            found[twice.id] = twice
        except TicketFault as fault:
            place = f"{source.name}: row {row.number}: {fault.field}"
            faults.append(Fault(place, fault.problem, fault.remedy))
    if not found and not faults:
        faults.append(Fault(source.name, "has no rows", 'write {"id": …, "priority": …} a line'))
    if faults:
        raise InputFaults(*faults)
    return list(found.values())


def _parse(row: Row, by_id: Mapping[str, LabelledRow], schema: FactSchema) -> TwiceLabelled:
    if row.fault:
        raise row.fault
    name = str(row.cells.get("id") or "").strip()
    if name not in by_id:
        remedy = did_you_mean(name, by_id, "give the id of a ticket of the first labelling")
        raise TicketFault("id", name, f"no ticket has the id {name!r}", remedy)
    facts = parse_fact_labels(row.cells, schema)
    return TwiceLabelled(by_id[name], parse_label(row.cells), facts)


def _fact_agreement(fact: Fact, twice: Sequence[TwiceLabelled]) -> Agreement | None:
    """Compare a fact on the tickets for which both readers labelled it; None if there are none."""
    both = [one for one in twice if fact.name in one.first_facts and fact.name in one.facts]
    if not both:
        return None
    first = [one.first_facts[fact.name] for one in both]
    return agreement(first, [one.facts[fact.name] for one in both], tuple(fact.values))


def _unordered(found: Agreement) -> Report:
    """Leave out the weighted kappa: the values of most facts have no order."""
    return {name: value for name, value in asdict(found).items() if name != "weighted_kappa"}


def _second_by_rules(twice: Sequence[TwiceLabelled], engine: Engine) -> Report | None:
    """Compare what the rules make of the second reader's facts with both readers' priorities.

    The first reader's priority and the second reader's facts were made without each other, so
    this is the plainest measure of policy and conventions together.
    """
    names = engine.ruleset.schema.names
    whole = [one for one in twice if all(name in one.facts for name in names)]
    if not whole:
        return None
    by_rules = [engine.verdict(one.facts).priority for one in whole]
    return {
        "first": asdict(priority_agreement([one.first.first_priority for one in whole], by_rules)),
        "second": asdict(priority_agreement([one.priority for one in whole], by_rules)),
    }


def _disagreements(twice: Sequence[TwiceLabelled]) -> Iterator[Report]:
    for one in twice:
        if one.priority != one.first.first_priority:
            labels = {"first": str(one.first.first_priority), "second": str(one.priority)}
            yield {"id": one.id, "label": "priority", **labels}
        for fact, value in one.facts.items():
            known = one.first_facts.get(fact, value)
            if known != value:
                yield {"id": one.id, "label": f"facts.{fact}", "first": known, "second": value}
