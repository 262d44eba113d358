"""durable-rules behind one adapter; no other module imports it.

Used as its documentation shows, that engine loses firings, mixes up tickets and can take the
process with it. What keeps it safe stands beside each step, and a test stands for each danger.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from types import ModuleType

from rules.atoms import MESSAGE_ID, AtomCode, encode, paths
from rules.combinations import combination
from rules.conditions import ALWAYS, NEVER, Condition, atoms, simplified
from rules.reference import fired_rules
from rules.ruleset import Ruleset
from tickets import Combination, FactSchema

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


def warn_of_fallback(message: str) -> None:
    """Say that plain Python takes over, where the caller of the engine will see it."""
    warnings.warn(message, EngineFallbackWarning, stacklevel=5)


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
                warn_of_fallback(f"{unfit}; plain Python decided this combination")
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
        """Free the memory of the C engine; a second call does nothing."""
        with self._lock:
            self.is_closed = True
            for shard in self.shards:
                shard.close()
            self.shards = []


def _refuse_branched(conditions: Iterable[Condition], rule_ids: dict[Condition, list[str]]) -> None:
    for condition in conditions:
        if paths(condition) > MOST_PATHS:
            rule_id = rule_ids[condition][0]
            ways = paths(condition)
            raise EngineUnfit(
                f'rule "{rule_id}" can come true in {ways} ways, durable-rules '
                f"is trusted with {MOST_PATHS}"
            )


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
    if _is_small(conditions):
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


def _is_small(conditions: Sequence[Condition]) -> bool:
    distinct = {atom for condition in conditions for atom in atoms(condition)}
    return sum(map(paths, conditions)) <= MOST_PATHS and len(distinct) <= MOST_ATOMS


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
            handle: int = self._library.create_ruleset("shard", self._code.rules)
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
            self._has_state = False  # then deleting the state would be no safer

    def close(self) -> None:
        """Free the shard, once; a state that was never used must not be deleted."""
        if self._has_state:
            self._library.delete_state(self._handle, None)
        self._library.delete_ruleset(self._handle)
