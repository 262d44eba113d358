"""The engine: durable-rules and plain Python say the same, and each combination is decided once."""

import pickle
import sys
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rules import (
    Engine,
    EngineFallbackWarning,
    EngineUnfit,
    Rule,
    Ruleset,
    VerdictTable,
    load_engine,
)
from rules.conditions import AllOf, AnyOf, Atom
from rules.reference import fired_rules, verdict
from tickets import Fact, FactSchema, InputFaults, Priority

WORST = {
    "environment": "production",
    "request": "fault",
    "part": "voice",
    "condition": "down",
    "reach": "all",
    "workaround": "none",
    "harm": "severe",
    "cause": "service",
}


@pytest.mark.usefixtures("durable_rules")
def test_durable_rules_agrees_with_plain_python_on_every_combination(
    shipped: Ruleset,
    shipped_engine: Engine,
    shipped_table: VerdictTable,
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    assert shipped_engine.name == "durable-rules 2.0.28"
    decided = [
        int(shipped_engine.verdict(facts).priority) for facts in every_combination(shipped.schema)
    ]
    assert decided == shipped_table.tolist()


def test_the_rules_that_fire_agree_too(
    shipped: Ruleset,
    shipped_engine: Engine,
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    for facts in list(every_combination(shipped.schema))[::53]:
        assert shipped_engine.verdict(facts).fired == fired_rules(shipped, facts)


@pytest.mark.usefixtures("durable_rules")
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_on_random_rulesets_both_engines_agree_with_the_reference_everywhere(
    data: st.DataObject,
    any_ruleset: SearchStrategy[Ruleset],
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    ruleset = data.draw(any_ruleset)
    python = load_engine(ruleset, "python")
    with load_engine(ruleset, "durable-rules") as durable:
        for facts in every_combination(ruleset.schema):
            expected = verdict(ruleset, facts)
            assert durable.verdict(facts) == expected
            assert python.verdict(facts) == expected


def test_the_python_engine_agrees_on_every_combination_and_names_itself(
    shipped: Ruleset,
    shipped_engine: Engine,
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    python = load_engine(shipped, "python")
    assert python.name == "python"
    for facts in every_combination(shipped.schema):
        assert python.verdict(facts) == shipped_engine.verdict(facts)


def test_a_decided_combination_is_remembered(shipped_engine: Engine) -> None:
    assert shipped_engine.verdict(WORST) is shipped_engine.verdict(dict(WORST))


def test_equal_firings_share_one_verdict(shipped_engine: Engine) -> None:
    one = shipped_engine.verdict(WORST | {"part": "voice"})
    assert shipped_engine.verdict(WORST | {"part": "chat"}) is one


def test_facts_out_of_the_schema_are_told_all_at_once(shipped_engine: Engine) -> None:
    facts = WORST | {"harm": "sever", "reach": cast(str, 0.3)}
    del facts["cause"]
    with pytest.raises(InputFaults) as caught:
        shipped_engine.verdict(facts)
    assert [str(fault) for fault in caught.value.faults] == [
        'fact "reach": has no value 0.3 (use one of all, many, few, one, unstated)',
        'fact "harm": has no value "sever" (did you mean "severe"?)',
        'fact "cause": is missing (give one of service, elsewhere)',
    ]


def test_where_the_c_engine_is_missing_plain_python_decides_with_a_warning(
    small: Ruleset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
    with pytest.warns(EngineFallbackWarning, match="cannot be imported"):
        engine = load_engine(small)
    assert engine.name == "python"
    facts = {"part": "engine", "harm": "great", "live": "yes"}
    assert engine.verdict(facts).priority == Priority.P0


def test_who_asks_for_durable_rules_alone_is_refused_where_it_is_missing(
    small: Ruleset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
    with pytest.raises(EngineUnfit, match="cannot be imported"):
        load_engine(small, "durable-rules")


def test_a_rule_too_branched_for_the_c_engine_is_left_to_plain_python(
    policy_of: Callable[..., Ruleset], rule_of: Callable[..., Rule], shipped: Ruleset
) -> None:
    facts = [fact for fact in shipped.schema if len(fact.values) > 2]
    branched = AllOf(
        tuple(
            AnyOf(
                (
                    AllOf((Atom(a.name, frozenset(list(a.values)[:1])), _second(b))),
                    AllOf((_second(a), Atom(b.name, frozenset(list(b.values)[:1])))),
                )
            )
            for n, a in enumerate(facts)
            for b in facts[n + 1 :]
        )
    )
    ruleset = policy_of(shipped.schema, rule_of("r", branched, set_to=Priority.P1))
    with pytest.warns(EngineFallbackWarning, match='rule "r" can come true in'):
        engine = load_engine(ruleset)
    assert engine.verdict(WORST) == verdict(ruleset, WORST)


def _second(fact: Fact) -> Atom:
    return Atom(fact.name, frozenset(list(fact.values)[1:2]))


def test_an_engine_travels_to_other_processes(shipped_engine: Engine) -> None:
    arrived = pickle.loads(pickle.dumps(shipped_engine))
    assert arrived.name == shipped_engine.name
    assert arrived.verdict(WORST) == shipped_engine.verdict(WORST)


def test_a_reload_decides_by_the_new_rules_at_once(small_policy: str, small: Ruleset) -> None:
    from rules import parse_ruleset

    changed = parse_ruleset(small_policy.replace("then: {set: P0}", "then: {set: P1}"))
    facts = {"part": "engine", "harm": "great", "live": "yes"}
    with load_engine(small) as engine:
        assert engine.verdict(facts).priority == Priority.P0
        engine.reload(changed)
        assert engine.ruleset.version == changed.version
        assert engine.verdict(facts).priority == Priority.P1


def test_closing_twice_and_asking_a_closed_engine_do_no_harm(small: Ruleset) -> None:
    engine = load_engine(small)
    engine.close()
    engine.close()
    facts = {"part": "engine", "harm": "great", "live": "yes"}
    assert engine.verdict(facts).priority == Priority.P0
