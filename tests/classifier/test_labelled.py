"""Facts and evidence arrive as mappings, as JSON text from CSV, with nulls from Parquet."""

from __future__ import annotations

from typing import Any

import pytest

from classifier import parse_labelled
from tickets import TicketFault
from triage.retraining.training import current_rules


def parsed(**cells: Any) -> Any:
    record = {"body": "x", "priority": "P1", **cells}
    return parse_labelled(record, current_rules().schema, default_id="1")


@pytest.mark.parametrize(
    "facts", [{"reach": "many"}, '{"reach": "many"}', {"reach": "many", "harm": None}]
)
def test_facts_are_read_however_a_file_carries_them(facts: object) -> None:
    assert parsed(facts=facts).facts == {"reach": "many"}


@pytest.mark.parametrize("facts", [None, "", float("nan"), {}, "{}"])
def test_a_ticket_without_facts_is_labelled_all_the_same(facts: object) -> None:
    assert parsed(facts=facts).facts == {}


@pytest.mark.parametrize("quotes", ["half of us", ["half of us"], ("half of us",)])
def test_evidence_is_one_quote_or_several(quotes: object) -> None:
    assert parsed(evidence={"reach": quotes}).evidence == {"reach": ("half of us",)}


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ("many", "facts is not a mapping by fact"),
        (["many"], "facts is not a mapping by fact"),
        (3, "facts is not a mapping by fact"),
        ({"reech": "all"}, "unknown fact 'reech'"),
        ({"reach": "lots"}, "fact 'reach' has no value 'lots'"),
        ({"reach": ["all"]}, r"fact 'reach' has no value \['all'\]"),
    ],
)
def test_facts_that_the_rules_do_not_know_fail_the_row(facts: object, problem: str) -> None:
    with pytest.raises(TicketFault, match=problem):
        parsed(facts=facts)
