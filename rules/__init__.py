"""Facts to a priority: a written policy that can be checked exhaustively, explained and edited."""

from rules.distribution import Diagram, Outlook, diagram, distribution, distributions
from rules.durable_matcher import EngineFallbackWarning, EngineUnfit
from rules.engine import Engine, load_engine
from rules.facts import parse_facts
from rules.rulefile import load_ruleset, parse_ruleset
from rules.ruleset import Rule, Ruleset, Verdict
from rules.table import VerdictTable, verdict_table

__all__ = [
    "Diagram",
    "Engine",
    "EngineFallbackWarning",
    "EngineUnfit",
    "Outlook",
    "Rule",
    "Ruleset",
    "Verdict",
    "VerdictTable",
    "diagram",
    "distribution",
    "distributions",
    "load_engine",
    "load_ruleset",
    "parse_facts",
    "parse_ruleset",
    "verdict_table",
]
