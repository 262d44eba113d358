"""durable-rules behind one adapter; no other module imports it.

Used as its documentation shows, that engine loses firings, mixes up tickets and can take the
process with it. What keeps it safe stands beside each step, and a test stands for each danger.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from types import ModuleType

from rules.atoms import MESSAGE_ID, encode, paths
from rules.combinations import combination
from rules.conditions import ALWAYS, NEVER, Condition, atoms, simplified
from rules.reference import fired_rules
from rules.ruleset import Ruleset
from tickets import Combination, FactSchema

MOST_ATOMS = 240
"""A message holds 252 properties, and from 512 atoms on the C engine hangs."""
MOST_PATHS = 240
"""Branches of one shard; from 257 that end in one place on, the C engine crashes."""
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
    always: tuple[str, ...] = ()
    """Rules that fire on every combination; the C engine need not be asked."""
    failures: int = 0
    """How often the C engine gave up and plain Python answered."""
    is_closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def compile(cls, ruleset: Ruleset) -> DurableMatcher:
        """Return a matcher that has been tested on this ruleset; `EngineUnfit` if it fails."""
        rule_ids = _ids_by_condition(ruleset)
        always = tuple(rule_ids.pop(ALWAYS, ()))
        rule_ids.pop(NEVER, None)
        _refuse_branched(rule_ids)
        shards = list(_saturated_shards(_library(), list(rule_ids.items()), ruleset.schema))
        name = f"durable-rules {version('durable-rules')}"
        matcher = cls(ruleset, name, shards, always)
        matcher._refuse_unequal()
        return matcher

    def fired(self, facts: Combination) -> Sequence[str]:
        """Return the ids of the rules that fire; from plain Python where the C engine fails."""
        # One lock: with several threads on one state, nearly every answer is incomplete.
        with self._lock:
            if self.is_closed:
                return fired_rules(self.ruleset, facts)
            try:
                found = list(self.always)
                for shard in self.shards:
                    found += shard.fired(facts)
                return found
            except EngineUnfit as unfit:
                self.failures += 1
                self._rebuild()
                warn_of_fallback(f"{unfit}; plain Python decided this combination")
                return fired_rules(self.ruleset, facts)

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


def _ids_by_condition(ruleset: Ruleset) -> dict[Condition, list[str]]:
    """Equal conditions are sent once: more than 256 of them in one place crash the C engine."""
    rule_ids: dict[Condition, list[str]] = {}
    for rule in ruleset.rules:
        rule_ids.setdefault(simplified(rule.when, ruleset.schema), []).append(rule.id)
    return rule_ids


def _refuse_branched(rule_ids: Mapping[Condition, Sequence[str]]) -> None:
    for condition, ids in rule_ids.items():
        if paths(condition) > MOST_PATHS:
            raise EngineUnfit(
                f'rule "{ids[0]}" can come true in {paths(condition)} ways, durable-rules is '
                f"trusted with {MOST_PATHS}"
            )


def _library() -> ModuleType:
    try:
        import durable_rules_engine
    except ImportError as error:
        raise EngineUnfit(f"durable-rules cannot be imported ({error})") from None
    library: ModuleType = durable_rules_engine
    return library


Entries = Sequence[tuple[Condition, Sequence[str]]]
"""Conditions, each with the ids of the rules that it makes fire."""


def _saturated_shards(library: ModuleType, entries: Entries, schema: FactSchema) -> Iterator[Shard]:
    """Yield shards of which each survives a message with all its atoms true."""
    if not entries:
        return
    if _is_small(entries):
        shard = Shard(library, entries, schema)
        if shard.is_saturable():
            yield shard
            return
        shard.close()
    if len(entries) == 1:
        raise EngineUnfit(f'durable-rules cannot run rule "{entries[0][1][0]}"')
    half = len(entries) // 2
    yield from _saturated_shards(library, entries[:half], schema)
    yield from _saturated_shards(library, entries[half:], schema)


def _is_small(entries: Entries) -> bool:
    distinct = {atom for condition, _ in entries for atom in atoms(condition)}
    branches = sum(paths(condition) for condition, _ in entries)
    return branches <= MOST_PATHS and len(distinct) <= MOST_ATOMS


class Shard:
    """Some conditions compiled into one durable-rules ruleset."""

    def __init__(self, library: ModuleType, entries: Entries, schema: FactSchema) -> None:
        self._library = library
        self._entries = entries
        self._schema = schema
        self._code = encode([condition for condition, _ in entries], schema)
        self._rule_ids = {f"r{number}": ids for number, (_, ids) in enumerate(entries)}
        self._has_state = False
        self._handle = self._create()

    def _create(self) -> int:
        try:
            handle: int = self._library.create_ruleset("shard", self._code.rules)
        except self._library.error as error:
            raise EngineUnfit(f"durable-rules cannot compile the rules ({error})") from None
        return handle

    def fired(self, facts: Combination) -> list[str]:
        """Return the ids of the rules that fire; `EngineUnfit` when the C engine gives up."""
        names = self._fired(self._code.message(facts))
        return [rule_id for name in names for rule_id in self._rule_ids[name]]

    def is_saturable(self) -> bool:
        """Tell whether every condition fires on the message with every atom true."""
        try:
            return self._fired(self._code.saturated_message) == self._rule_ids.keys()
        except EngineUnfit:
            return False

    def renewed(self) -> Shard:
        """Return a shard of the same conditions without any history."""
        return Shard(self._library, self._entries, self._schema)

    def _fired(self, message: str) -> set[str]:
        """Assert a message, take every action there is, and retract it whatever happens.

        A set: a condition of which two alternatives are true fires twice.
        """
        engine, handle = self._library, self._handle
        fired: set[str] = set()
        try:
            outcome, state = engine.assert_fact(handle, message)
            self._has_state = True
            if outcome == 0:
                started = engine.start_action_for_state(handle, state)
                action = started[1] if started else None
                while action:
                    fired.add(action[2 : action.index('"', 2)])  # of {"r17":{…
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
