"""What the rules say, in plain Python: the oracle of every other way to evaluate them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.conditions import holds
from rules.ruleset import Ruleset, Verdict
from tickets import Combination


def fired_rules(ruleset: Ruleset, facts: Combination) -> tuple[str, ...]:
    """Return the ids of the rules whose condition holds, sorted."""
    return tuple(rule.id for rule in ruleset.rules if holds(rule.when, facts))


def verdict(ruleset: Ruleset, facts: Combination) -> Verdict:
    """Return the verdict on one combination of facts."""
    return ruleset.verdict(fired_rules(ruleset, facts))


@dataclass(frozen=True)
class PythonMatcher:
    """Plain Python in place of an engine: always at hand."""

    ruleset: Ruleset
    name: str = "python"

    def fired(self, facts: Combination) -> Sequence[str]:
        """Return the ids of the rules that fire."""
        return fired_rules(self.ruleset, facts)

    def restart(self) -> None:
        """Nothing is kept that could be stale."""

    def close(self) -> None:
        """Nothing is held that could be freed."""
