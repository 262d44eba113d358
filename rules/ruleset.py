"""A priority policy as data: its facts, its rules, what they cost when wrong, and their law.

Rules commute. Each rule that fires sets a priority, guarantees one (`at_least`) or limits it
(`at_most`); the verdict is the most urgent of what is set and guaranteed, limited by the strictest
limit. A guarantee above a limit in one combination of facts is a fault of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rules.conditions import Condition, atoms
from tickets import FactSchema, Priority, Reason

Costs = Mapping[Priority, Mapping[Priority, float]]
"""`costs[truth][suggested]`: what it costs to suggest one priority where another is true."""


@dataclass(frozen=True)
class Effect:
    """What a rule does to the priority when it fires; at least one of the three."""

    set_to: Priority | None = None
    at_least: Priority | None = None
    at_most: Priority | None = None

    @property
    def floor(self) -> Priority | None:
        """The most urgent priority that is set or guaranteed, if any."""
        raised = [p for p in (self.set_to, self.at_least) if p is not None]
        return min(raised, default=None)

    @property
    def priority(self) -> Priority:
        """The priority that stands for the effect in lists."""
        named = self.floor if self.floor is not None else self.at_most
        assert named is not None, "a rule without an effect is refused by the reader"
        return named

    def items(self) -> Iterator[tuple[str, Priority]]:
        """Yield what stands under `then`: `set`, `at_least`, `at_most`, each with its priority."""
        named = (("set", self.set_to), ("at_least", self.at_least), ("at_most", self.at_most))
        return ((name, priority) for name, priority in named if priority is not None)


@dataclass(frozen=True)
class Rule:
    """One sentence of the policy: when it applies, what follows, and why."""

    id: str
    when: Condition
    then: Effect
    because: str
    """A sentence that an agent may send to the customer."""
    clause: str
    """The words of a priority definition that the rule stands for."""
    owner: str
    line: int = field(default=0, compare=False)

    @cached_property
    def specificity(self) -> int:
        """How many comparisons the rule makes; of two deciding rules the narrower comes first."""
        return sum(1 for _ in atoms(self.when))

    def reason(self, priority: Priority) -> Reason:
        """Return the rule as a cause of `priority`."""
        return Reason("rule", self.id, self.because, priority, self.clause)


@dataclass(frozen=True)
class Default:
    """What holds where no rule sets or guarantees a priority."""

    priority: Priority
    because: str

    def reason(self) -> Reason:
        """Return the default as a cause of its priority."""
        return Reason("default", "default", self.because, self.priority)


@dataclass(frozen=True)
class Bins:
    """How a number becomes a value of a fact: each bin reaches from its start to the next."""

    unit: str
    starts: tuple[tuple[str, float], ...]
    """Bins with their lowest numbers, ascending."""
    missing: str | None = None
    """The value that stands for no number at all."""

    def value(self, number: float) -> str | None:
        """Return the bin that a number falls into; None for NaN and below the first bin."""
        if number != number:
            return None
        return next((name for name, start in reversed(self.starts) if number >= start), None)


@dataclass(frozen=True)
class DerivedFact:
    """A name for a condition, so that rules can be read aloud."""

    name: str
    meaning: str
    when: Condition


@dataclass(frozen=True)
class Verdict:
    """What the rules say of one combination of facts."""

    priority: Priority
    fired: tuple[str, ...]
    """The ids of all rules that fired, sorted."""
    reasons: tuple[Reason, ...]
    """The causes: rules that decided, the deciding one first."""
    is_default: bool = False
    """Whether no rule set or guaranteed a priority."""


@dataclass(frozen=True)
class Ruleset:
    """A policy that has been read and found sound."""

    schema: FactSchema
    rules: tuple[Rule, ...]
    """Sorted by id: their order in the file means nothing."""
    default: Default
    costs: Costs
    definitions: Mapping[Priority, str]
    """The priority definitions that clauses quote."""
    bins: Mapping[str, Bins] = field(default_factory=dict)
    derived: tuple[DerivedFact, ...] = ()
    version: str = ""
    """A hash of the file, stamped on every decision."""
    name: str = "priority.yaml"

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    def rule(self, rule_id: str) -> Rule:
        """Return the rule with this id; `KeyError` when there is none."""
        return self._by_id[rule_id]

    def verdict(self, fired: Iterable[str]) -> Verdict:
        """Return what follows when exactly these rules fire, by the law of combination."""
        rules = [self.rule(rule_id) for rule_id in sorted(set(fired))]
        floor = min((r.then.floor for r in rules if r.then.floor is not None), default=None)
        cap = max((r.then.at_most for r in rules if r.then.at_most is not None), default=None)
        raised = self.default.priority if floor is None else floor
        priority = raised if cap is None else max(raised, cap)
        return Verdict(
            priority=priority,
            fired=tuple(rule.id for rule in rules),
            reasons=tuple(self._causes(rules, floor, cap, priority)),
            is_default=floor is None,
        )

    def _causes(
        self, rules: list[Rule], floor: Priority | None, cap: Priority | None, priority: Priority
    ) -> Iterator[Reason]:
        """Yield the limit first where it lowers the priority, then what had raised it that far."""
        raising = [rule for rule in rules if floor is not None and rule.then.floor == floor]
        limiting = [rule for rule in rules if cap == priority and rule.then.at_most == cap]
        is_lowered = cap is not None and (floor is None or cap > floor)
        first, second = (limiting, raising) if is_lowered else (raising, limiting)
        for rule in _decider_first(first) + _decider_first(r for r in second if r not in first):
            yield rule.reason(priority if rule in limiting else rule.then.priority)
        if floor is None:
            yield self.default.reason()


def _decider_first(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (-rule.specificity, rule.id))
