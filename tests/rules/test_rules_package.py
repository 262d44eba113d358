"""The room from outside: what it offers, and what it does not drag in."""

import subprocess
import sys
from pathlib import Path

import rules


def test_the_public_names_are_these() -> None:
    assert rules.__all__ == [
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


def test_every_public_name_exists_and_says_what_it_is() -> None:
    undocumented = [
        name
        for name in rules.__all__
        if name != "VerdictTable" and not getattr(rules, name).__doc__
    ]
    assert undocumented == []


def test_importing_the_room_needs_neither_an_nlp_library_nor_the_c_engine() -> None:
    script = (
        "import sys, rules; "
        "print([m for m in ('spacy', 'sklearn', 'pandas', 'durable_rules_engine', 'classifier')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=Path(rules.__file__).parents[1],
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr
