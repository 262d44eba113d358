"""The policy page: every rule with its health, and what would follow from chosen facts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from rules import load_ruleset
from tickets import Priority
from tickets.store import Decision, DecisionKind, Store
from triage.intake import Taken
from triage.service.service import utc_now

Receive = Callable[..., Taken]
Said = Callable[[Any], str]
RULESET = load_ruleset()
PHONES_DOWN = {
    "environment": "unstated",
    "request": "fault",
    "part": "voice",
    "condition": "down",
    "reach": "all",
    "workaround": "none",
    "harm": "severe",
    "cause": "service",
}
FRIDAY = "2026-07-10T09:05"


def test_every_rule_stands_there_with_its_reason_and_clause(ana: Any, said: Said) -> None:
    page = ana.get("/review/policy")
    shown = said(page)
    for rule in RULESET.rules:
        assert f'id="{rule.id}"' in page.text
        assert " ".join(rule.because.split()) in shown
        assert " ".join(rule.clause.split()) in shown
    assert f"All {RULESET.schema.size:,} combinations" in shown


def test_the_form_offers_every_value_and_begins_with_what_nobody_said(ana: Any) -> None:
    page = ana.get("/review/policy").text
    for fact in RULESET.schema:
        select = re.search(rf'<select id="fact-{fact.name}".*?</select>', page, re.S)
        assert select is not None
        for value in fact.values:
            assert f'<option value="{value}"' in select[0]
        chosen = re.findall(r'value="([^"]*)"[^>]* selected', select[0])
        assert chosen == (["unstated"] if "unstated" in fact.values else [])
    assert "What the policy says" not in page


def test_chosen_facts_give_priority_rules_and_deadlines_of_both_tiers(ana: Any, said: Said) -> None:
    page = ana.get("/review/policy", **PHONES_DOWN, received_at=FRIDAY)
    shown = said(page)
    assert "Rules that fire phone-or-chat-down-is-p0 set P0 decides" in shown
    assert "for part voice , condition down , reach all" in shown
    due = set(
        re.findall(
            r'datetime="(2026-07-1[^"]*)"[^<]*>[^<]*</time><br><span class="muted">([^<]*)',
            page.text,
        )
    )
    assert ("2026-07-10T09:35:00-07:00", "30 minutes") in due
    assert ("2026-07-10T09:20:00-07:00", "15 minutes") in due
    assert ("2026-07-10T10:05:00-07:00", "1 business hour") in due
    assert ("2026-07-14T18:00:00-07:00", "2 business days") in due
    assert re.search(r'<tr class="chosen"[^>]*>\s*<th scope="row"><span[^>]*>P0', page.text)


def test_it_says_what_would_move_the_priority(ana: Any, said: Said) -> None:
    degraded = {**PHONES_DOWN, "condition": "degraded", "workaround": "available"}
    shown = said(ana.get("/review/policy", **degraded, received_at=FRIDAY))
    assert "Why not more urgent P0 with condition down" in shown
    assert "phone-or-chat-down-is-p0 would need condition down" in shown
    assert "Why not less urgent" in shown


def test_open_facts_give_the_priorities_that_they_may_lead_to(ana: Any, said: Said) -> None:
    shown = said(ana.get("/review/policy", **{**PHONES_DOWN, "reach": "", "workaround": ""}))
    assert "With some facts open, the rules may give: P0 reach all or many or unstated" in shown
    question = dict.fromkeys(PHONES_DOWN, "") | {"request": "question"}
    assert "P4 whatever the open facts are" in said(ana.get("/review/policy", **question))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"reach": "everybody"}, "reach: has no value"),
        ({"part": "voise"}, "did you mean"),
        ({"reach": "all", "received_at": "yesterday"}, "write it as 2026-07-10T09:05"),
        ({"reach": "all", "received_at": "1999-01-01T00:00"}, "is not between 2000 and 2040"),
    ],
)
def test_an_address_that_asks_for_nothing_there_is_says_so(
    ana: Any, said: Said, asked: dict[str, str], words: str
) -> None:
    page = ana.get("/review/policy", **asked)
    assert page.status_code == 422
    assert words in said(page)


def test_what_an_address_holds_is_escaped(ana: Any) -> None:
    page = ana.get("/review/policy", reach="<script>alert(1)</script>").text
    assert "<script>alert(1)" not in page


def test_health_follows_live_decisions(ana: Any, store: Store, receive: Receive) -> None:
    def decided() -> int:
        page = ana.get("/review/policy").text
        rows = re.findall(r'<tr id="[^"]*">.*?</tr>', page, re.S)
        numbers = [re.findall(r'<td class="num">([\d,]+)</td>', row) for row in rows]
        return sum(int(found[0].replace(",", "")) for found in numbers if found)

    before = decided()
    taken = receive()
    other = next(each for each in Priority if each != taken.suggestion.priority)
    decision = Decision(DecisionKind.OVERRIDE, "Ana", other)
    store.decisions.decide(taken.suggestion.id, decision, None, utc_now())
    for _ in range(20):
        if (after := decided()) > before:
            break
    assert after > before


def test_the_rules_can_be_taken_along_as_csv(ana: Any) -> None:
    answer = ana.get("/review/policy/rules.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["rule"] for row in rows} == {rule.id for rule in RULESET.rules}


def test_an_agent_may_read_it_and_nobody_may_change_it(ana: Any) -> None:
    assert ana.get("/review/policy").status_code == 200
    assert ana.client.post("/review/policy", data={"reach": "all"}).status_code == 405
