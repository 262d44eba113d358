"""Each phrase of the lexicon speaks for its fact, and what stands around it turns its meaning."""

import time
from pathlib import Path

import pytest

from classifier.cues import CueFinder
from classifier.lexicon import CueEntry, Scope, load_lexicon
from rules import load_ruleset
from tickets import InputFaults

LEXICON = load_lexicon()
FINDER = CueFinder(LEXICON)


def found(text: str) -> set[tuple[str, str]]:
    return {(cue.fact, cue.value) for cue in FINDER.find(text)}


def scopes(text: str, value: str) -> set[tuple[str, ...]]:
    return {cue.scopes for cue in FINDER.find(text) if cue.value == value}


@pytest.mark.parametrize("entry", LEXICON.cues, ids=lambda entry: f"{entry.fact}={entry.value}")
def test_each_cue_is_found_in_its_example_and_not_in_its_near_miss(entry: CueEntry) -> None:
    assert (entry.fact, entry.value) in found(entry.example)
    assert (entry.fact, entry.value) not in found(entry.near_miss)


@pytest.mark.parametrize("scope", LEXICON.scopes, ids=lambda scope: scope.name)
def test_each_scope_holds_in_its_example_and_not_in_its_near_miss(scope: Scope) -> None:
    assert any(scope.name in cue.scopes for cue in FINDER.find(scope.example))
    assert not any(scope.name in cue.scopes for cue in FINDER.find(scope.near_miss))


def test_a_negation_does_not_reach_over_a_comma() -> None:
    assert scopes("It is not the mail, the chat is silent", "chat") == {()}


def test_a_phrase_with_its_own_negation_is_not_negated_by_it() -> None:
    assert ("workaround", "none") in found("There is no workaround")
    assert scopes("There is no workaround", "none") == {()}


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("12 of our 40 agents", "many"),
        ("3 of our 40 agents", "few"),
        ("about 30 % of calls", "many"),
        ("5% of calls", "few"),
        ("all 200 of them", "all"),
        ("40 of 40 lines", "all"),
        ("1 agent", "one"),
        ("7 users", "few"),
        ("85 people", "many"),
    ],
)
def test_numbers_and_shares_are_binned_into_reach(text: str, reach: str) -> None:
    assert {cue.value for cue in FINDER.find(text) if cue.scopes == ("quantity",)} == {reach}


@pytest.mark.parametrize("text", ["50 of 40", "released 2 of the year 2026.4", ""])
def test_numbers_that_are_no_shares_are_left_alone(text: str) -> None:
    assert ("reach", "many") not in found(text)


@pytest.mark.parametrize("phrase", ["5% ", "not down ", "3 of 4 "])
def test_a_phrase_repeated_without_end_is_read_in_no_time(phrase: str) -> None:
    """Comparing each with each took up to twenty seconds."""
    started = time.process_time()
    FINDER.find(phrase * (20_000 // len(phrase)))
    assert time.process_time() - started < 4


def test_every_cue_of_the_lexicon_is_for_a_declared_value() -> None:
    assert load_lexicon(schema=load_ruleset().schema) == LEXICON


def test_undeclared_facts_and_values_are_refused_together(tmp_path: Path) -> None:
    entry = "{phrases: [x], example: x, near_miss: y}"
    path = tmp_path / "lexicon.yaml"
    path.write_text(
        "scopes: {}\n"
        "quantities: {all_from_share: 0.9, many_from_share: 0.2, many_above_count: 9, people: [x]}\n"
        f"cues:\n  reech:\n    all: {entry}\n  reach:\n    every: {entry}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputFaults) as caught:
        load_lexicon(path, load_ruleset().schema)
    assert [str(fault) for fault in caught.value.faults] == [
        'lexicon.yaml:4: unknown fact "reech" (did you mean "reach"?)',
        'lexicon.yaml:7: fact "reach" has no value "every"'
        " (use one of all, many, few, one, unstated)",
    ]
