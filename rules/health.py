"""How the rules fare in daily use: what they decide, and how often people decide otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.engine import Engine
from tickets import Combination, Priority


@dataclass(frozen=True)
class PastDecision:
    """The facts of a past ticket, the priority that a person gave it in the end, and when."""

    facts: Combination
    final: Priority
    decided_at: datetime | None = None
    tickets: int = 1
    """How many were alike; `decided_at` is then that of the last."""


@dataclass
class RuleHealth:
    """What became of the tickets that one rule decided."""

    rule_id: str
    support: int = 0
    """Tickets that the rule decided, alone or with others."""
    raised: int = 0
    """Of these, how many people made more urgent."""
    lowered: int = 0
    """Of these, how many people made less urgent."""
    last_fired_at: datetime | None = field(default=None)

    @property
    def overridden(self) -> float | None:
        """Share that people changed; None where the rule decided nothing."""
        return (self.raised + self.lowered) / self.support if self.support else None


def rule_health(engine: Engine, decisions: Sequence[PastDecision]) -> list[RuleHealth]:
    """Return the health of every rule, and of the default, the most overridden first."""
    health = {rule.id: RuleHealth(rule.id) for rule in engine.ruleset.rules}
    health["default"] = RuleHealth("default")
    for decision in decisions:
        verdict = engine.verdict(decision.facts)
        for reason in verdict.reasons:
            _count(health[reason.id], decision, verdict.priority)
        for rule_id in verdict.fired:
            _note_time(health[rule_id], decision.decided_at)
    return sorted(health.values(), key=lambda each: (-(each.overridden or 0), each.rule_id))


def _count(health: RuleHealth, decision: PastDecision, suggested: Priority) -> None:
    health.support += decision.tickets
    health.raised += decision.tickets * (decision.final < suggested)
    health.lowered += decision.tickets * (decision.final > suggested)


def _note_time(health: RuleHealth, decided_at: datetime | None) -> None:
    if decided_at is not None and (
        health.last_fired_at is None or decided_at > health.last_fired_at
    ):
        health.last_fired_at = decided_at
