"""The nearest change: one fact, read differently, that would have changed the suggestion."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import Engine, Ruleset, load_engine, load_ruleset, verdict_table
from tickets import PRIORITIES, Change, Priority, Ticket
from triage import Desk
from triage.flat import flat_columns, flat_record
from triage.nearest_change import nearest_changes

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Read = dict[str, dict[str, float]]
"""For each fact the probability of each value."""

RULESET = load_ruleset()
TABLE = verdict_table(RULESET)
CHAT_DOWN = {
    "environment": "production",
    "request": "fault",
    "part": "chat",
    "condition": "down",
    "reach": "all",
    "workaround": "unstated",
    "harm": "moderate",
    "cause": "service",
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(RULESET)


def sure(facts: dict[str, str], **doubts: tuple[str, float]) -> Read:
    """Read these facts for certain, but for doubts: another value with its probability."""
    read = {
        fact.name: {value: float(value == facts[fact.name]) for value in fact.values}
        for fact in RULESET.schema
    }
    for name, (value, probability) in doubts.items():
        read[name][facts[name]] = 1 - probability
        read[name][value] = probability
    return read


def nearest(read: Read, suggested: Priority) -> Change | None:
    facts = {name: np.array([list(values.values())]) for name, values in read.items()}
    return nearest_changes(RULESET.schema, TABLE, facts, np.array([suggested]))[0]


def likeliest(read: Read) -> dict[str, str]:
    return {name: max(values, key=lambda value: values[value]) for name, values in read.items()}


def outcomes(read: Read, engine: Engine) -> list[tuple[Change, Priority]]:
    """Every change of one fact, with the verdict that it leads to, asked of the engine."""
    facts = likeliest(read)
    return [
        (change, verdict)
        for name, values in read.items()
        for value, probability in values.items()
        if value != facts[name]
        for verdict in [engine.verdict({**facts, name: value}).priority]
        for change in [Change(name, value, probability, verdict)]
    ]


def test_the_likelier_of_two_changes_is_named() -> None:
    read = sure(CHAT_DOWN, part=("critical", 0.3), reach=("few", 0.2))
    assert nearest(read, Priority.P0) == Change("part", "critical", 0.3, Priority.P1)


def test_a_likelier_doubt_that_changes_nothing_is_passed_over() -> None:
    read = sure(CHAT_DOWN, part=("voice", 0.4), reach=("few", 0.2))
    assert nearest(read, Priority.P0) == Change("reach", "few", 0.2, Priority.P1)


def test_a_change_that_only_leads_to_what_is_suggested_already_is_passed_over() -> None:
    """The likeliest facts say P0, P1 was suggested as both views were weighed."""
    read = sure(CHAT_DOWN, part=("critical", 0.4), condition=("degraded", 0.1))
    assert nearest(read, Priority.P1) == Change("condition", "degraded", 0.1, Priority.P2)


def test_facts_held_for_certain_have_no_nearest_change() -> None:
    assert nearest(sure(CHAT_DOWN), Priority.P0) is None


def readings(ruleset: Ruleset) -> st.SearchStrategy[Read]:
    """Any reading: for each fact, weights of its values made to sum to 1."""

    def read(weights: list[list[int]]) -> Read:
        return {
            fact.name: {
                value: weight / sum(of_fact)
                for value, weight in zip(fact.values, of_fact, strict=True)
            }
            for fact, of_fact in zip(ruleset.schema, weights, strict=True)
        }

    shares = [
        st.lists(st.integers(0, 9), min_size=n, max_size=n).filter(any)
        for n in (len(fact.values) for fact in ruleset.schema)
    ]
    return st.tuples(*shares).map(list).map(read)


@given(readings(RULESET), st.sampled_from(PRIORITIES))
def test_the_change_named_is_real_and_none_is_likelier(
    engine: Engine, read: Read, suggested: Priority
) -> None:
    here = engine.verdict(likeliest(read)).priority
    counting = [
        change for change, verdict in outcomes(read, engine) if verdict not in (here, suggested)
    ]
    change = nearest(read, suggested)
    if change is None:
        assert all(other.probability == 0 for other in counting)
    else:
        assert change in counting
        assert change.probability == max(other.probability for other in counting)


@settings(max_examples=20)
@given(st.lists(readings(RULESET), min_size=2, max_size=5))
def test_a_ticket_has_the_same_nearest_change_alone_and_in_company(together: list[Read]) -> None:
    facts = {
        name: np.array([list(read[name].values()) for read in together])
        for name in RULESET.schema.names
    }
    suggested = np.zeros(len(together), np.int64)
    alone = [nearest(read, Priority.P0) for read in together]
    assert nearest_changes(RULESET.schema, TABLE, facts, suggested) == alone


def test_it_costs_less_than_a_tenth_of_a_millisecond_a_ticket() -> None:
    random = np.random.default_rng(7)
    facts = {
        fact.name: random.dirichlet(np.ones(len(fact.values)), 2_000) for fact in RULESET.schema
    }
    suggested = random.integers(0, 5, 2_000)
    started = time.process_time()
    nearest_changes(RULESET.schema, TABLE, facts, suggested)
    assert (time.process_time() - started) / 2_000 < 0.000_1


TEXT = "The wallboard shows yesterday's numbers for the supervisors, we count by hand meanwhile"


def test_an_assessment_names_a_change_that_the_rules_confirm(desk: Desk) -> None:
    assessment = desk.assess(Ticket("T-1", body=TEXT))
    suggestion = assessment.suggestion
    assert suggestion is not None
    change = suggestion.nearest_change
    assert change is not None
    assert change.probability == suggestion.facts[change.fact].probabilities[change.value]
    read = {name: fact.value for name, fact in suggestion.facts.items()}
    assert desk.rooms.engine.verdict(read).priority != change.priority
    changed = desk.rooms.engine.verdict({**read, change.fact: change.value})
    assert changed.priority == change.priority
    assert change.priority != suggestion.priority


def test_machines_find_it_beside_the_reasons(desk: Desk) -> None:
    assessment = desk.assess(Ticket("T-1", body=TEXT))
    assert assessment.suggestion is not None
    change = assessment.suggestion.nearest_change
    assert change is not None
    expected = {
        "fact": change.fact,
        "value": change.value,
        "probability": round(change.probability, 4),
        "priority": str(change.priority),
    }
    assert assessment.as_record()["nearest_change"] == expected
    flat = flat_record(assessment, flat_columns(desk.rooms.ruleset.schema))
    assert {key: flat[f"nearest_change.{key}"] for key in expected} == expected


def test_people_read_it_as_the_last_line_of_why(triage: Run) -> None:
    change = json.loads(triage("suggest", TEXT, "--json").stdout)["nearest_change"]
    lines = triage("suggest", TEXT).stdout.splitlines()
    assert lines[lines.index("facts") - 1] == (
        f'  would be {change["priority"]} if {change["fact"]} were "{change["value"]}"'
        f" ({change['probability']:.2f})"
    )
