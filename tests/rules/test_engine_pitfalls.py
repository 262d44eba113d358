"""What durable-rules does to those who use it as documented, and does not do to us.

Each test stands for a crash, a hang or a silently wrong result that was reproduced with the engine
alone; the adapter in `rules/durable_matcher.py` names the step that prevents it.
"""

import gc
import json
import multiprocessing
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from rules import (
    Engine,
    EngineFallbackWarning,
    Rule,
    Ruleset,
    load_engine,
    parse_facts,
    parse_ruleset,
)
from rules.atoms import encode
from rules.conditions import AllOf, Atom, Condition, holds, simplified
from rules.durable_matcher import DurableMatcher, Shard, _library
from rules.reference import fired_rules
from tickets import Fact, FactSchema, InputFaults, Priority

pytestmark = pytest.mark.usefixtures("durable_rules")

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
CALM = WORST | {"part": "none", "condition": "none", "reach": "one", "harm": "none"}


@pytest.fixture(scope="module")
def true_of_the_worst(shipped: Ruleset) -> Callable[[int], list[Condition]]:
    """A function that returns so many distinct conditions, all true of the worst ticket."""

    def conditions(number: int) -> list[Condition]:
        chance = random.Random(0)
        found: dict[Condition, None] = {}
        while len(found) < number:
            facts = chance.sample(list(shipped.schema.names), chance.randint(2, 4))
            parts = tuple(_with_worst(shipped.schema[fact], chance) for fact in facts)
            found[simplified(AllOf(parts), shipped.schema)] = None
        return list(found)

    return conditions


def _with_worst(fact: Fact, chance: random.Random) -> Atom:
    others = [value for value in fact.values if value != WORST[fact.name]]
    more = chance.sample(others, chance.randint(0, len(others) - 1))
    return Atom(fact.name, frozenset([WORST[fact.name], *more]))


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_a_ticket_that_fires_400_rules_at_once_gets_them_all(
    is_shuffled: bool,
    true_of_the_worst: Callable[[int], list[Condition]],
    policy_of: Callable[..., Ruleset],
    rule_of: Callable[..., Rule],
    shipped: Ruleset,
) -> None:
    conditions = true_of_the_worst(400)
    if is_shuffled:
        random.Random(1).shuffle(conditions)
    rules = [
        rule_of(f"r{n}", condition, set_to=Priority.P0) for n, condition in enumerate(conditions)
    ]
    ruleset = policy_of(shipped.schema, *rules)
    with load_engine(ruleset, "durable-rules") as engine:
        assert len(engine.verdict(WORST).fired) == 400
        assert engine.verdict(CALM).fired == fired_rules(ruleset, CALM)


def test_a_failing_shard_is_answered_by_python_and_leaves_nothing_for_the_next_ticket(
    true_of_the_worst: Callable[[int], list[Condition]],
    policy_of: Callable[..., Ruleset],
    rule_of: Callable[..., Rule],
    shipped: Ruleset,
) -> None:
    conditions = true_of_the_worst(400)
    rules = [
        rule_of(f"r{n}", condition, set_to=Priority.P0) for n, condition in enumerate(conditions)
    ]
    ruleset = policy_of(shipped.schema, *rules)
    entries = [(condition, [f"r{n}"]) for n, condition in enumerate(conditions)]
    oversize = Shard(_library(), entries, shipped.schema)
    matcher = DurableMatcher(ruleset, "durable-rules", [oversize])

    with pytest.warns(EngineFallbackWarning, match="error code: 303"):
        assert len(matcher.fired(WORST)) == 400
    assert matcher.failures == 1
    for facts in (CALM, CALM | {"reach": "all"}, CALM | {"harm": "severe"}, CALM):
        assert sorted(matcher.fired(facts)) == list(fired_rules(ruleset, facts))
    assert matcher.failures == 1
    matcher.close()


def test_300_rules_with_one_condition_all_fire(
    policy_of: Callable[..., Ruleset], rule_of: Callable[..., Rule], shipped: Ruleset
) -> None:
    condition = Atom("part", frozenset({"voice"}))
    rules = [rule_of(f"r{n:03}", condition, set_to=Priority.P1) for n in range(300)]
    with load_engine(policy_of(shipped.schema, *rules), "durable-rules") as engine:
        assert len(engine.verdict(WORST).fired) == 300


def test_600_distinct_comparisons_are_spread_and_none_is_lost(
    policy_of: Callable[..., Ruleset], rule_of: Callable[..., Rule]
) -> None:
    values = {f"v{n}": "A value." for n in range(10)}
    schema = FactSchema((Fact("a", "A?", values), Fact("b", "B?", values)))
    chance = random.Random(0)
    subsets = {frozenset(chance.sample(list(values), chance.randint(2, 8))) for _ in range(900)}
    rules = [
        rule_of(f"r{n}", Atom("a", subset), set_to=Priority.P1)
        for n, subset in enumerate(sorted(subsets, key=sorted)[:600])
    ]
    ruleset = policy_of(schema, *rules)
    assert len(rules) > 512
    with load_engine(ruleset, "durable-rules") as engine:
        for value in values:
            facts = {"a": value, "b": "v0"}
            assert engine.verdict(facts).fired == fired_rules(ruleset, facts)


def test_rules_whose_ids_collide_in_a_32_bit_hash_both_fire(
    policy_of: Callable[..., Ruleset], rule_of: Callable[..., Rule], shipped: Ruleset
) -> None:
    ids = ("inc0112789", "inc0349192")
    rules = [
        rule_of(ids[0], Atom("part", frozenset({"voice"})), set_to=Priority.P1),
        rule_of(ids[1], Atom("harm", frozenset({"severe"})), set_to=Priority.P2),
    ]
    with load_engine(policy_of(shipped.schema, *rules), "durable-rules") as engine:
        assert engine.verdict(WORST).fired == ids


def test_no_id_or_text_of_a_ticket_reaches_the_c_engine(shipped: Ruleset) -> None:
    code = encode([simplified(rule.when, shipped.schema) for rule in shipped.rules], shipped.schema)
    assert code.message(WORST).startswith('{"id":"t","a')
    assert set(code.message(WORST)) <= set('{}":,idta0123456789')


@pytest.mark.parametrize(
    ("written", "binned"),
    [(1e-05, "few"), ("1e-05", "few"), (1e16, "all"), (float("inf"), "all"), (24.999, "few")],
)
def test_numbers_that_the_c_engine_cannot_parse_fall_into_bins(
    written: object, binned: str, shipped: Ruleset
) -> None:
    facts = parse_facts(shipped, WORST | {"reach": written})
    assert facts["reach"] == binned


@pytest.mark.parametrize("missing", [None, float("nan"), ""])
def test_none_and_nan_are_no_number_but_the_value_for_missing_ones(
    missing: object, shipped: Ruleset
) -> None:
    assert parse_facts(shipped, WORST | {"reach": missing})["reach"] == "unstated"
    with pytest.raises(InputFaults, match='fact "harm" is missing'):
        parse_facts(shipped, WORST | {"harm": missing})


@pytest.mark.parametrize("value", [None, float("nan"), 1e-05, 1, True, ["down"], {"a": 1}])
def test_the_engine_itself_refuses_what_is_no_value_of_a_fact(
    value: object, shipped_engine: Engine
) -> None:
    with pytest.raises(InputFaults, match='fact "condition": has no value'):
        shipped_engine.verdict(WORST | {"condition": cast(str, value)})


def test_70_kilobytes_of_text_are_no_value_and_are_not_repeated(shipped_engine: Engine) -> None:
    with pytest.raises(InputFaults) as caught:
        shipped_engine.verdict(WORST | {"condition": "down" * 18_000})
    assert len(str(caught.value)) < 300


def test_long_and_unicode_texts_and_quotes_in_rules_come_back_unharmed(small_policy: str) -> None:
    text = 'Sag "hallo" \\ 电话坏了 📞 \\u0000 ' + "ä" * 70_000
    quoted = json.dumps(text, ensure_ascii=False)
    policy = small_policy.replace("because: The engine is lost.", f"because: {quoted}")
    with load_engine(parse_ruleset(policy), "durable-rules") as engine:
        facts = {"part": "engine", "harm": "great", "live": "yes"}
        assert engine.verdict(facts).reasons[0].because == text


def test_eight_threads_at_once_all_get_whole_answers(
    shipped: Ruleset, every_combination: Callable[[FactSchema], Iterator[dict[str, str]]]
) -> None:
    combinations = list(every_combination(shipped.schema))[::29]
    expected = {n: fired_rules(shipped, facts) for n, facts in enumerate(combinations)}
    wrong = []

    with load_engine(shipped, "durable-rules") as engine:

        def work(start: int) -> None:
            for n in range(start, len(combinations), 3):
                if engine.verdict(combinations[n]).fired != expected[n]:
                    wrong.append(n)

        threads = [threading.Thread(target=work, args=(n % 3,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # 3.12 on fork with threads
def test_a_forked_process_decides_even_if_a_ticket_was_half_way_through(shipped: Ruleset) -> None:
    with load_engine(shipped, "durable-rules") as engine:
        engine.verdict(CALM)
        matcher = cast(DurableMatcher, engine._policy.matcher)
        with matcher._lock:  # as another thread would hold it at the moment of the fork
            context = multiprocessing.get_context("fork")
            queue = context.SimpleQueue()
            child = context.Process(
                target=lambda: queue.put(str(engine.verdict(WORST).priority)), daemon=True
            )
            child.start()
            child.join(timeout=30)
        assert child.exitcode == 0
        assert queue.get() == "P0"
        assert engine.verdict(WORST).priority == Priority.P0


def _resident_kilobytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_100_reloads_do_not_grow_the_memory(shipped: Ruleset) -> None:
    with load_engine(shipped, "durable-rules") as engine:
        for _ in range(20):
            engine.reload(shipped)
        gc.collect()
        before = _resident_kilobytes()
        for _ in range(100):
            engine.reload(shipped)
        gc.collect()
        assert _resident_kilobytes() - before < 5_000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_many_evaluations_do_not_grow_the_memory(
    shipped: Ruleset, every_combination: Callable[[FactSchema], Iterator[dict[str, str]]]
) -> None:
    combinations = list(every_combination(shipped.schema))[::7]
    matcher = DurableMatcher.compile(shipped)
    for facts in combinations:
        matcher.fired(facts)
    before = _resident_kilobytes()
    for _ in range(3):
        for facts in combinations:
            matcher.fired(facts)
    assert _resident_kilobytes() - before < 5_000
    matcher.close()


def test_a_condition_that_can_never_hold_is_not_sent_and_never_fires(
    policy_of: Callable[..., Ruleset], rule_of: Callable[..., Rule], shipped: Ruleset
) -> None:
    never = AllOf((Atom("part", frozenset({"voice"})), Atom("part", frozenset({"chat"}))))
    always = Atom("cause", frozenset({"service", "elsewhere"}))
    rules = (rule_of("n", never, set_to=Priority.P0), rule_of("a", always, set_to=Priority.P2))
    assert not holds(never, WORST)
    with load_engine(policy_of(shipped.schema, *rules), "durable-rules") as engine:
        assert engine.verdict(WORST).fired == ("a",)
        assert engine.verdict(CALM).fired == ("a",)
