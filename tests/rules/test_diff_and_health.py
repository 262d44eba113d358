"""What other rules would have made of past tickets, and how rules fared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from rules import Engine, Ruleset, load_engine, parse_ruleset
from rules.diff import diff
from rules.health import PastDecision, rule_health
from tickets import InputFaults, Priority


@dataclass(frozen=True)
class Past:
    """A past ticket."""

    id: str
    facts: Mapping[str, object]
    place: str = "tickets.csv, row 1"


GREAT = {"part": "engine", "harm": "great", "live": "yes"}
SOME = {"part": "engine", "harm": "some", "live": "yes"}
LAMP = {"part": "lamp", "harm": "none", "live": "yes"}


@pytest.fixture
def engines(small: Ruleset, small_policy: str) -> Iterator[tuple[Engine, Engine]]:
    """The small policy, and one in which a broken engine is P2 and a lamp P2."""
    softer = parse_ruleset(
        small_policy.replace("then: {set: P1}", "then: {set: P2}").replace(
            "then: {set: P3}", "then: {set: P2}"
        )
    )
    with load_engine(small) as old, load_engine(softer) as new:
        yield old, new


def test_only_tickets_that_change_are_listed_with_what_decides(
    engines: tuple[Engine, Engine],
) -> None:
    found = diff(*engines, [Past("a", GREAT), Past("b", SOME), Past("c", LAMP)])
    assert found.tickets == 3
    assert [
        (change.ticket.id, str(change.old.priority), str(change.new.priority))
        for change in found.changed
    ] == [("b", "P1", "P2"), ("c", "P3", "P2")]
    assert found.changed[0].new.reasons[0].id == "broken-engine-is-p1"


def test_moves_and_combinations_are_counted(engines: tuple[Engine, Engine]) -> None:
    found = diff(*engines, [Past("b", SOME), Past("b2", SOME), Past("c", LAMP)])
    assert found.moves == {(Priority.P1, Priority.P2): 2, (Priority.P3, Priority.P2): 1}
    assert found.combinations == 7  # one of a broken engine in use, six of lamps


def test_a_policy_does_not_differ_from_itself(engines: tuple[Engine, Engine]) -> None:
    old, _ = engines
    found = diff(old, old, [Past("a", GREAT)])
    assert found.changed == ()
    assert found.combinations == 0


def test_policies_with_other_facts_have_no_common_combinations(
    engines: tuple[Engine, Engine], small_policy: str
) -> None:
    old, _ = engines
    with load_engine(parse_ruleset(small_policy.replace("lamp", "light"))) as new:
        found = diff(old, new, [Past("a", GREAT)])
    assert found.combinations is None


def test_facts_that_a_policy_does_not_know_are_told_at_their_row(
    engines: tuple[Engine, Engine],
) -> None:
    with pytest.raises(InputFaults, match=r'tickets.csv, row 1: fact "harm" has no value "huge"'):
        diff(*engines, [Past("a", GREAT | {"harm": "huge"})])


def on(day: int) -> datetime:
    return datetime(2026, 7, day, tzinfo=UTC)


def test_health_counts_what_a_rule_decided_and_how_people_changed_it(small: Ruleset) -> None:
    decisions = [
        PastDecision(SOME, Priority.P1, on(1)),
        PastDecision(SOME, Priority.P0, on(3)),
        PastDecision(SOME, Priority.P2, on(2)),
        PastDecision(GREAT, Priority.P0, on(4)),
        PastDecision(LAMP, Priority.P3),
    ]
    with load_engine(small) as engine:
        health = {each.rule_id: each for each in rule_health(engine, decisions)}
    broken = health["broken-engine-is-p1"]
    assert (broken.support, broken.raised, broken.lowered) == (3, 1, 1)
    assert broken.overridden == pytest.approx(2 / 3)
    assert broken.last_fired_at == on(4)  # it fired there, though another rule decided
    assert health["lamp-is-p3"].overridden == 0
    assert health["lamp-is-p3"].last_fired_at is None
    assert health["idle-is-at-most-p2"].support == 0
    assert health["idle-is-at-most-p2"].overridden is None


def test_the_most_overridden_rule_comes_first_and_the_default_has_a_line(small: Ruleset) -> None:
    idle = {"part": "engine", "harm": "none", "live": "yes"}
    with load_engine(small) as engine:
        health = rule_health(engine, [PastDecision(idle, Priority.P1, on(1))])
    assert health[0].rule_id == "default"
    assert (health[0].support, health[0].raised) == (1, 1)
