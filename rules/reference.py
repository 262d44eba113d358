"""What the rules say, as plainly as it can be written: the oracle of every other way."""

from __future__ import annotations

from rules.conditions import holds
from rules.ruleset import Ruleset, Verdict
from tickets import Combination


def fired_rules(ruleset: Ruleset, facts: Combination) -> tuple[str, ...]:
    """Return the ids of the rules whose condition holds, sorted."""
    return tuple(rule.id for rule in ruleset.rules if holds(rule.when, facts))


def verdict(ruleset: Ruleset, facts: Combination) -> Verdict:
    """Return the verdict on one combination of facts."""
    return ruleset.verdict(fired_rules(ruleset, facts))
