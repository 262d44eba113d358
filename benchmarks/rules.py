"""How fast priorities are decided, beside durable-rules as its README shows it and other engines.

Run `python benchmarks/rules.py`. Peers are measured where they are installed:
`pip install zen-engine rule-engine business-rules clipspy`. All of them find the ids of the rules
that fire, on the same random tickets, and their answers are compared before anything is timed.
Rounds take turns and the best one counts, so that ratios hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

# As a script, this file would itself pass for the room `rules`: its folder comes first in the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rules import Ruleset, load_engine, load_ruleset, verdict_table
from rules.combinations import combination
from rules.conditions import AllOf, AnyOf, Atom, Condition, simplified
from rules.durable_matcher import DurableMatcher
from rules.python_matcher import PythonMatcher
from rules.reference import fired_rules
from rules.ruleset import Effect, Rule
from tickets import Combination, FactSchema, Priority

Fired = Callable[[Combination], set[str]]
"""Finds the ids of the rules that fire on one ticket."""

BULK = 200_000


@dataclass(frozen=True)
class Measured:
    """What one way of deciding achieved on one ruleset."""

    name: str
    per_second: float
    p50: float
    p99: float


def main() -> None:
    """Measure every way on every ruleset and print one table."""
    options = _options()
    shipped = load_ruleset()
    rulesets = {f"shipped, {len(shipped.rules)} rules": shipped} | {
        f"generated, {size} rules": generated(shipped, size) for size in (25, 100, 400)
    }
    for title, ruleset in rulesets.items():
        _compare(title, ruleset, options)
    _memory(shipped, options.evaluations)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.6, help="for one round of one way")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--evaluations", type=int, default=200_000, help="before memory is read")
    return parser.parse_args()


def generated(shipped: Ruleset, size: int) -> Ruleset:
    """Return a ruleset of random rules with two to four comparisons each, some of them joined."""
    chance = random.Random(size)
    conditions: dict[Condition, None] = {}
    while len(conditions) < size:
        conditions[simplified(_random_condition(shipped.schema, chance), shipped.schema)] = None
    rules = tuple(
        Rule(f"r{n:03}", when, Effect(set_to=Priority(n % 5)), "So it is.", "", "benchmark")
        for n, when in enumerate(conditions)
    )
    return replace(shipped, rules=rules)


def _random_condition(schema: FactSchema, chance: random.Random) -> Condition:
    facts = chance.sample(list(schema), chance.randint(2, 4))
    parts = tuple(
        Atom(fact.name, frozenset(chance.sample(list(fact.values), _width(fact.values, chance))))
        for fact in facts
    )
    has_alternatives = len(parts) > 2 and chance.random() < 0.3
    return AllOf((parts[0], AnyOf(parts[1:]))) if has_alternatives else AllOf(parts)


def _width(values: Any, chance: random.Random) -> int:
    return chance.randint(1, max(1, len(values) // 2))


def _compare(title: str, ruleset: Ruleset, options: argparse.Namespace) -> None:
    tickets = _tickets(ruleset.schema, 5_000)
    ways = dict(_ways(ruleset))
    checked = _refuse_unequal(ruleset, ways, tickets[:300])
    best: dict[str, Measured] = {}
    for _ in range(options.rounds):
        for name, fired in ways.items():
            measured = _timed(name, fired, tickets, options.seconds)
            if name not in best or measured.per_second > best[name].per_second:
                best[name] = measured
    _print_table(f"{title}; {checked}", [*best.values(), *_remembered(ruleset, tickets)])


def _tickets(schema: FactSchema, number: int) -> list[dict[str, str]]:
    chance = random.Random(1)
    return [combination(schema, chance.randrange(schema.size)) for _ in range(number)]


def _refuse_unequal(ruleset: Ruleset, ways: dict[str, Fired], tickets: Sequence[Any]) -> str:
    """Stop where a way finds other rules; only the stock use, which does at times, is counted."""
    wanted = [set(fired_rules(ruleset, facts)) for facts in tickets]
    for name, fired in ways.items():
        pairs = zip(tickets, wanted, strict=True)
        unequal = sum(fired(facts) != expected for facts, expected in pairs)
        if unequal and name != STOCK:
            raise SystemExit(f"{name} differs on {unequal} of {len(tickets)} tickets")
        if unequal:
            print(f"{name} differs on {unequal} of {len(tickets)} tickets")
    mean = sum(map(len, wanted)) / len(wanted)
    return f"{mean:.1f} fire on a ticket; results equal on {len(tickets)} tickets"


def _timed(name: str, fired: Fired, tickets: Sequence[Any], seconds: float) -> Measured:
    """Decide tickets until the time is up, at least 100."""
    clock = time.perf_counter
    taken = []
    until = clock() + seconds
    for n in range(10**9):
        facts = tickets[n % len(tickets)]
        start = clock()
        fired(facts)
        end = clock()
        taken.append(end - start)
        if end > until and n >= 100:
            break
    p50, p99 = np.percentile(taken, [50, 99])
    return Measured(name, len(taken) / sum(taken), float(p50) * 1e6, float(p99) * 1e6)


def _remembered(ruleset: Ruleset, tickets: Sequence[Any]) -> Iterator[Measured]:
    """Measure whole verdicts, each combination decided before; then a bulk by look-up."""
    with load_engine(ruleset) as engine:
        for facts in tickets:
            engine.verdict(facts)
        rounds = [_timed("ours, remembered", _decided(engine), tickets, 0.5) for _ in range(3)]
    yield max(rounds, key=lambda measured: measured.per_second)
    numbers = np.random.default_rng(1).integers(0, ruleset.schema.size, BULK)
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        verdict_table(ruleset)[numbers]
        taken.append(time.perf_counter() - start)
    yield Measured("ours, bulk with its table built anew", BULK / min(taken), 0.0, 0.0)


def _decided(engine: Any) -> Fired:
    verdict: Fired = engine.verdict
    return verdict


def _print_table(title: str, rows: Sequence[Measured]) -> None:
    stock = next(row.per_second for row in rows if row.name == STOCK)
    print(f"\n{title}")
    print(f"  {'':<40} {'tickets/s':>12} {'ratio':>9} {'p50 µs':>9} {'p99 µs':>9}")
    for row in rows:
        latency = f"{row.p50:>9.1f} {row.p99:>9.1f}" if row.p50 else f"{'–':>9} {'–':>9}"
        ratio = row.per_second / stock
        print(f"  {row.name:<40} {row.per_second:>12,.0f} {ratio:>8.1f}x {latency}")


def _memory(ruleset: Ruleset, evaluations: int) -> None:
    """Print how much the resident memory grows over many evaluations."""
    tickets = _tickets(ruleset.schema, 20_000)
    print(f"\nmemory over {evaluations:,} evaluations of the shipped policy")
    engine = load_engine(ruleset)
    ways = {
        STOCK: _stock(ruleset, "memory"),
        "ours, adapter": _adapter(ruleset),
        "ours, remembered": _decided(engine),
    }
    for name, fired in ways.items():
        for facts in tickets:
            fired(facts)
        gc.collect()
        before = _resident_megabytes()
        for n in range(evaluations):
            fired(tickets[n % len(tickets)])
        gc.collect()
        print(f"  {name:<40} {before:8.1f} MB, grows by {_resident_megabytes() - before:.1f} MB")


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


STOCK = "durable-rules, Host, assert and retract"


def _ways(ruleset: Ruleset) -> Iterator[tuple[str, Fired]]:
    yield STOCK, _stock(ruleset, f"stock{len(ruleset.rules)}")
    yield "ours, adapter", _adapter(ruleset)
    yield "ours, plain Python", _plain(ruleset)
    peers = {
        "zen-engine, one expression": ("zen", _zen),
        "clipspy": ("clips", _clips),
        "rule-engine": ("rule_engine", _rule_engine),
        "business-rules": ("business_rules", _business_rules),
    }
    for name, (module, way) in peers.items():
        try:
            library = importlib.import_module(module)
        except ImportError:
            print(f"{name} is not installed")
            continue
        yield name, way(library, ruleset)


def _adapter(ruleset: Ruleset) -> Fired:
    matcher = DurableMatcher.compile(ruleset)
    return lambda facts: set(matcher.fired(facts))


def _plain(ruleset: Ruleset) -> Fired:
    matcher = PythonMatcher(ruleset)
    return lambda facts: set(matcher.fired(facts))


def _stock(ruleset: Ruleset, name: str) -> Fired:
    """Use durable-rules as its README shows: when_all over m, a Host, assert_fact, retract_fact."""
    lang = importlib.import_module("durable.lang")
    engine = importlib.import_module("durable.engine")
    fired: set[str] = set()
    number = iter(range(10**9))
    with lang.ruleset(name):
        for rule in ruleset.rules:
            condition = _durable(lang, simplified(rule.when, ruleset.schema))
            lang.when_all(condition)(_noting(fired, rule.id))

    def decide(facts: Combination) -> set[str]:
        fired.clear()
        fact = {"id": next(number), **facts}
        try:
            lang.assert_fact(name, dict(fact))
        except engine.MessageNotHandledException:
            return set()
        finally:
            lang.retract_fact(name, dict(fact))
        return set(fired)

    return decide


def _noting(fired: set[str], rule_id: str) -> Callable[[Any], None]:
    def run(c: Any) -> None:
        fired.add(rule_id)

    return run


def _durable(lang: Any, condition: Condition) -> Any:
    """Write a condition as the README does: (m.part == 'voice') | (m.part == 'chat')."""
    if isinstance(condition, Atom):
        return _any([getattr(lang.m, condition.fact) == v for v in sorted(condition.values)])
    parts = [_durable(lang, part) for part in condition.parts]
    if isinstance(condition, AnyOf):
        return _any(parts)
    joined = parts[0]
    for part in parts[1:]:
        joined = joined & part
    return joined


def _any(parts: list[Any]) -> Any:
    joined = parts[0]
    for part in parts[1:]:
        joined = joined | part
    return joined


def _text(condition: Condition, *, all_of: str, any_of: str, atom: Callable[[Atom], str]) -> str:
    """Write a condition in the expression language of a peer."""
    if isinstance(condition, Atom):
        return atom(condition)
    write = partial(_text, all_of=all_of, any_of=any_of, atom=atom)
    joint = all_of if isinstance(condition, AllOf) else any_of
    return "(" + joint.join(map(write, condition.parts)) + ")"


def _in_list(atom: Atom) -> str:
    return f"{atom.fact} in {json.dumps(sorted(atom.values))}"


def _zen(zen: Any, ruleset: Ruleset) -> Fired:
    """One expression for all rules, which is the fastest of its ways."""
    ids = [rule.id for rule in ruleset.rules]
    written = (
        _text(rule.when, all_of=" and ", any_of=" or ", atom=_in_list) for rule in ruleset.rules
    )
    compiled = zen.compile_expression("[" + ", ".join(written) + "]")
    return lambda facts: {
        rule_id for rule_id, is_true in zip(ids, compiled.evaluate(facts), strict=True) if is_true
    }


def _clips(clips: Any, ruleset: Ruleset) -> Fired:
    environment = clips.Environment()
    fired: set[str] = set()
    environment.define_function(fired.add, name="fired")
    slots = " ".join(f"(slot {name})" for name in ruleset.schema.names)
    environment.build(f"(deftemplate ticket {slots})")
    for rule in ruleset.rules:
        for n, row in enumerate(_alternatives(rule.when)):
            pattern = " ".join(f"({a.fact} {'|'.join(sorted(a.values))})" for a in row)
            environment.build(f'(defrule {rule.id}-{n} (ticket {pattern}) => (fired "{rule.id}"))')
    template = environment.find_template("ticket")
    symbols = {value: clips.Symbol(value) for fact in ruleset.schema for value in fact.values}

    def decide(facts: Combination) -> set[str]:
        fired.clear()
        fact = template.assert_fact(**{name: symbols[value] for name, value in facts.items()})
        environment.run()
        fact.retract()
        return set(fired)

    return decide


def _alternatives(condition: Condition) -> list[tuple[Atom, ...]]:
    """Return a condition as conjunctions; the generated and shipped ones have few."""
    if isinstance(condition, Atom):
        return [(condition,)]
    parts = [_alternatives(part) for part in condition.parts]
    if isinstance(condition, AnyOf):
        return [row for part in parts for row in part]
    rows: list[tuple[Atom, ...]] = [()]
    for part in parts:
        rows = [(*row, *more) for row in rows for more in part]
    return [_merged(row) for row in rows]


def _merged(row: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """A CLIPS pattern names each slot once."""
    values: dict[str, frozenset[str]] = {}
    for atom in row:
        values[atom.fact] = values.get(atom.fact, atom.values) & atom.values
    return tuple(Atom(fact, allowed) for fact, allowed in values.items())


def _rule_engine(rule_engine: Any, ruleset: Ruleset) -> Fired:
    compiled = [
        (rule.id, rule_engine.Rule(_text(rule.when, all_of=" and ", any_of=" or ", atom=_in_list)))
        for rule in ruleset.rules
    ]
    return lambda facts: {rule_id for rule_id, rule in compiled if rule.matches(facts)}


def _business_rules(business_rules: Any, ruleset: Ruleset) -> Fired:
    variables = importlib.import_module("business_rules.variables")
    actions = importlib.import_module("business_rules.actions")
    fields = importlib.import_module("business_rules.fields")
    fired: set[str] = set()

    class Ticket(variables.BaseVariables):  # type: ignore[misc, name-defined]
        """The facts of one ticket."""

        def __init__(self, facts: Combination) -> None:
            self.facts = facts

    for name in ruleset.schema.names:
        variable = variables.string_rule_variable()(_reading(name))
        setattr(Ticket, name, variable)

    class Noted(actions.BaseActions):  # type: ignore[misc, name-defined]
        """Notes the rules that fire."""

        @actions.rule_action(params={"rule_id": fields.FIELD_TEXT})  # type: ignore[untyped-decorator]
        def note(self, rule_id: str) -> None:
            fired.add(rule_id)

    written = [
        {
            "conditions": _business_conditions(rule.when),
            "actions": [{"name": "note", "params": {"rule_id": rule.id}}],
        }
        for rule in ruleset.rules
    ]
    noted = Noted()

    def decide(facts: Combination) -> set[str]:
        fired.clear()
        business_rules.run_all(
            rule_list=written,
            defined_variables=Ticket(facts),
            defined_actions=noted,
            stop_on_first_trigger=False,
        )
        return set(fired)

    return decide


def _reading(name: str) -> Callable[[Any], str]:
    def read(self: Any) -> str:
        value: str = self.facts[name]
        return value

    read.__name__ = name
    return read


def _business_conditions(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Atom):
        return {
            "any": [
                {"name": condition.fact, "operator": "equal_to", "value": value}
                for value in sorted(condition.values)
            ]
        }
    key = "all" if isinstance(condition, AllOf) else "any"
    return {key: [_business_conditions(part) for part in condition.parts]}


if __name__ == "__main__":
    main()
