"""The engine that decides: durable-rules behind one adapter, plain Python where it cannot run.

The only module that imports durable-rules. Used as its documentation shows, that engine loses
firings, mixes up tickets and can take the process with it; what keeps it safe stands beside each
step below and is measured in `benchmarks/rules.py`.
"""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import count
from types import ModuleType
from typing import Literal, Protocol

from rules.atoms import MESSAGE_ID, AtomCode, encode, paths
from rules.combinations import combination, shape
from rules.conditions import ALWAYS, NEVER, Condition, holds, simplified
from rules.reference import fired_rules
from rules.ruleset import Ruleset, Verdict
from tickets import Combination, FactSchema, Fault, InputFaults
from tickets.faults import did_you_mean

Backend = Literal["auto", "durable-rules", "python"]

MOST_ATOMS = 240
"""A message holds 252 properties, and from 512 atoms on the C engine hangs."""
MOST_PATHS = 128
"""Branches of one shard; too many that are true at once exhaust the C engine's stack."""
COMPARED = 200
"""Combinations on which a newly compiled engine must agree with plain Python."""


class EngineFallbackWarning(UserWarning):
    """Plain Python decides in place of durable-rules; the verdicts are the same."""


class EngineUnfit(RuntimeError):  # noqa: N818 - a finding about the engine, told as a warning
    """durable-rules is missing, or cannot run these rules safely."""


class Matcher(Protocol):
    """Finds the rules that fire on a combination."""

    @property
    def name(self) -> str:
        """The name and version stamped on every decision."""

    def fired(self, facts: Combination) -> Sequence[str]:
        """Return the ids of the rules that fire, in any order."""

    def restart(self) -> None:
        """Forget what another process or a failure left behind."""

    def close(self) -> None:
        """Free what the matcher holds; it must not be asked again."""


def load_engine(ruleset: Ruleset, backend: Backend = "auto") -> Engine:
    """Return an engine for a ruleset, ready to decide.

    `auto` takes durable-rules and falls back to plain Python with an `EngineFallbackWarning`;
    `durable-rules` raises `EngineUnfit` instead.
    """
    return Engine(ruleset, backend)


class Engine:
    """Decides combinations of facts, each distinct one once; safe to share between threads."""

    def __init__(self, ruleset: Ruleset, backend: Backend = "auto") -> None:
        self._backend: Backend = backend
        self._policy = _Policy(ruleset, _matcher(ruleset, backend))
        this = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _restart(this()))

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset that decides now."""
        return self._policy.ruleset

    @property
    def name(self) -> str:
        """What decides, such as `durable-rules 2.0.28` or `python`."""
        return self._policy.matcher.name

    def verdict(self, facts: Combination) -> Verdict:
        """Return the verdict on one value for each fact; `InputFaults` for anything else."""
        return self._policy.verdict(facts)

    def verdict_of_problems(self, problems: Iterable[Combination]) -> Verdict:
        """Return the verdict on a ticket with several problems: that of the most urgent one."""
        return min(map(self.verdict, problems), key=lambda verdict: verdict.priority)

    def reload(self, ruleset: Ruleset) -> None:
        """Decide by another ruleset from now on, and free the old one."""
        former = self._policy
        self._policy = _Policy(ruleset, _matcher(ruleset, self._backend))
        former.matcher.close()

    def close(self) -> None:
        """Free the engine; it must not be asked again."""
        self._policy.matcher.close()

    def restart(self) -> None:
        """Make the engine fit for a process that was forked from another."""
        self._policy.matcher.restart()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        return load_engine, (self.ruleset, self._backend)


def _restart(engine: Engine | None) -> None:
    if engine is not None:
        engine.restart()


class _Policy:
    """A ruleset, its matcher, and the verdicts given so far; exchanged as one."""

    def __init__(self, ruleset: Ruleset, matcher: Matcher) -> None:
        self.ruleset = ruleset
        self.matcher = matcher
        self._steps = _steps(ruleset.schema)
        self._verdicts: list[Verdict | None] = [None] * ruleset.schema.size
        self._by_fired: dict[tuple[str, ...], Verdict] = {}

    def verdict(self, facts: Combination) -> Verdict:
        try:
            number = sum([steps[facts[name]] for name, steps in self._steps])
        except (KeyError, TypeError):
            raise InputFaults(*_faults(self.ruleset.schema, facts)) from None
        found = self._verdicts[number]
        if found is None:
            found = self._verdicts[number] = self._decide(facts)
        return found

    def _decide(self, facts: Combination) -> Verdict:
        fired = tuple(sorted(self.matcher.fired(facts)))
        if fired not in self._by_fired:
            self._by_fired[fired] = self.ruleset.verdict(fired)
        return self._by_fired[fired]


def _steps(schema: FactSchema) -> list[tuple[str, dict[str, int]]]:
    """Return what each value adds to the number of its combination."""
    steps, size = [], schema.size
    for fact, values in zip(schema, shape(schema), strict=True):
        size //= values
        steps.append((fact.name, {value: code * size for code, value in enumerate(fact.values)}))
    return steps


def _faults(schema: FactSchema, facts: Combination) -> Iterator[Fault]:
    for fact in schema:
        if fact.name not in facts:
            remedy = f"give one of {', '.join(fact.values)}"
            yield Fault(f'fact "{fact.name}"', "is missing", remedy)
        elif not isinstance(value := facts[fact.name], str):
            remedy = f"use one of {', '.join(fact.values)}"
            yield Fault(f'fact "{fact.name}"', f"has no value {value!r:.40}", remedy)
        elif value not in fact.values:
            remedy = did_you_mean(value[:40], fact.values)
            yield Fault(f'fact "{fact.name}"', f'has no value "{value:.40}"', remedy)


def _matcher(ruleset: Ruleset, backend: Backend) -> Matcher:
    if backend == "python":
        return PythonMatcher(ruleset)
    try:
        return DurableMatcher.compile(ruleset)
    except EngineUnfit as unfit:
        if backend == "durable-rules":
            raise
        _warn(f"{unfit}; plain Python decides instead, with the same verdicts")
        return PythonMatcher(ruleset)


def _warn(message: str) -> None:
    warnings.warn(message, EngineFallbackWarning, stacklevel=4)


@dataclass(frozen=True)
class PythonMatcher:
    """Plain Python: always at hand."""

    ruleset: Ruleset
    name: str = "python"

    def fired(self, facts: Combination) -> Sequence[str]:
        """Return the ids of the rules that fire."""
        return fired_rules(self.ruleset, facts)

    def restart(self) -> None:
        """Nothing is kept that could be stale."""

    def close(self) -> None:
        """Nothing is held that could be freed."""


@dataclass
class DurableMatcher:
    """durable-rules as a matcher of atoms, in shards small enough for its stack."""

    ruleset: Ruleset
    name: str
    shards: list[Shard]
    rule_ids: dict[Condition, list[str]]
    """Equal conditions are sent once: more than 256 of them in one place crash the C engine."""
    failures: int = 0
    """How often the C engine gave up and plain Python answered."""
    is_closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def compile(cls, ruleset: Ruleset) -> DurableMatcher:
        """Return a matcher that has been tested on this ruleset; `EngineUnfit` if it fails."""
        rule_ids: dict[Condition, list[str]] = {}
        for rule in ruleset.rules:
            rule_ids.setdefault(simplified(rule.when, ruleset.schema), []).append(rule.id)
        conditions = [c for c in rule_ids if c not in (ALWAYS, NEVER)]
        _refuse_branched(conditions, rule_ids)
        library = _library()
        shards = list(_saturated_shards(library, conditions, ruleset.schema))
        matcher = cls(ruleset, f"durable-rules {version('durable-rules')}", shards, rule_ids)
        matcher._refuse_unequal()
        return matcher

    def fired(self, facts: Combination) -> Sequence[str]:
        """Return the ids of the rules that fire; from plain Python where the C engine fails."""
        # One lock: with several threads on one state, nearly every answer is incomplete.
        with self._lock:
            if self.is_closed:
                return fired_rules(self.ruleset, facts)
            try:
                return [*self.rule_ids.get(ALWAYS, ()), *self._fired_in_shards(facts)]
            except EngineUnfit as unfit:
                self.failures += 1
                self._rebuild()
                _warn(f"{unfit}; plain Python decided this combination")
                return fired_rules(self.ruleset, facts)

    def _fired_in_shards(self, facts: Combination) -> Iterator[str]:
        for shard in self.shards:
            for condition in shard.true_conditions(facts):
                yield from self.rule_ids[condition]

    def _rebuild(self) -> None:
        """Replace every shard: after a failure nothing of its state is to be trusted."""
        stale, self.shards = self.shards, [shard.renewed() for shard in self.shards]
        for shard in stale:
            shard.close()

    def _refuse_unequal(self) -> None:
        schema = self.ruleset.schema
        stride = max(1, schema.size // COMPARED)
        for number in range(0, schema.size, stride):
            facts = combination(schema, number)
            if sorted(self.fired(facts)) != list(fired_rules(self.ruleset, facts)):
                self.close()
                raise EngineUnfit(f"durable-rules and plain Python disagree on {facts}")

    def restart(self) -> None:
        """Start afresh after a fork: another thread may have been half-way through a ticket."""
        self._lock = threading.Lock()
        self.shards = [shard.renewed() for shard in self.shards]

    def close(self) -> None:
        """Free the memory of the C engine."""
        with self._lock:
            self.is_closed = True
            for shard in self.shards:
                shard.close()


def _refuse_branched(
    conditions: Iterable[Condition], rule_ids: dict[Condition, list[str]]
) -> None:
    for condition in conditions:
        if paths(condition) > MOST_PATHS:
            rule_id = rule_ids[condition][0]
            ways = paths(condition)
            raise EngineUnfit(f'rule "{rule_id}" can come true in {ways} ways, durable-rules '
                              f"is trusted with {MOST_PATHS}")


def _library() -> ModuleType:
    try:
        import durable_rules_engine
    except ImportError as error:
        raise EngineUnfit(f"durable-rules cannot be imported ({error})") from None
    library: ModuleType = durable_rules_engine
    return library


def _saturated_shards(
    library: ModuleType, conditions: list[Condition], schema: FactSchema
) -> Iterator[Shard]:
    """Yield shards of which each survives a message with all its atoms true."""
    if not conditions:
        return
    if _is_small(conditions, schema):
        shard = Shard(library, conditions, encode(conditions, schema))
        if shard.is_saturable():
            yield shard
            return
        shard.close()
    if len(conditions) == 1:
        raise EngineUnfit("durable-rules cannot run one of the rules")
    half = len(conditions) // 2
    yield from _saturated_shards(library, conditions[:half], schema)
    yield from _saturated_shards(library, conditions[half:], schema)


def _is_small(conditions: Sequence[Condition], schema: FactSchema) -> bool:
    is_narrow = sum(map(paths, conditions)) <= MOST_PATHS
    return is_narrow and len(encode(conditions, schema).names) <= MOST_ATOMS


_numbers = count()


class Shard:
    """Some conditions compiled into one durable-rules ruleset."""

    def __init__(
        self, library: ModuleType, conditions: Sequence[Condition], code: AtomCode
    ) -> None:
        self._library = library
        self._conditions = list(conditions)
        self._code = code
        self._has_state = False
        self._handle = self._create()

    def _create(self) -> int:
        try:
            handle: int = self._library.create_ruleset(f"shard{next(_numbers)}", self._code.rules)
        except self._library.error as error:
            raise EngineUnfit(f"durable-rules cannot compile the rules ({error})") from None
        return handle

    def true_conditions(self, facts: Combination) -> list[Condition]:
        """Return the conditions that hold; `EngineUnfit` when the C engine gives up."""
        return [self._conditions[n] for n in self._fired(self._code.message(facts))]

    def is_saturable(self) -> bool:
        """Tell whether every condition fires on the message with every atom true."""
        try:
            return self._fired(self._code.saturated_message) == set(range(len(self._conditions)))
        except EngineUnfit:
            return False

    def renewed(self) -> Shard:
        """Return a shard of the same conditions without any history."""
        return Shard(self._library, self._conditions, self._code)

    def _fired(self, message: str) -> set[int]:
        """Assert a message, take every action there is, and retract it whatever happens.

        A set: a condition of which two alternatives are true fires twice.
        """
        engine, handle = self._library, self._handle
        fired = set()
        try:
            outcome, state = engine.assert_fact(handle, message)
            self._has_state = True
            if outcome == 0:
                started = engine.start_action_for_state(handle, state)
                action = started[1] if started else None
                while action:
                    fired.add(int(action[3 : action.index('"', 3)]))  # {"r17":{…
                    action = engine.complete_and_start_action(handle, state)
        except (engine.error, MemoryError) as error:
            raise EngineUnfit(f"durable-rules gave up ({error})") from None
        finally:
            self._retract()
        if outcome not in (0, 1):  # 1: nothing matched
            raise EngineUnfit(f"durable-rules answered with code {outcome}")
        return fired

    def _retract(self) -> None:
        """Take the fact back: one that stays would fire again with the next ticket."""
        try:
            self._library.retract_fact(self._handle, f'{{"id":"{MESSAGE_ID}"}}')
        except (self._library.error, MemoryError):
            self._has_state = False

    def close(self) -> None:
        """Free the shard; a state that was never used must not be deleted."""
        if self._has_state:
            self._library.delete_state(self._handle, None)
        self._library.delete_ruleset(self._handle)
        self._has_state = False
