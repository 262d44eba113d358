"""A ticket's page: the text with its evidence, the reasons, what a correction would do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tickets.store import Decision, DecisionKind, Store
from triage.review.highlighting import LONGEST, pieces

Said = Callable[[httpx.Response], str]

INCIDENTS = """{"incidents": [
  {"id": "a", "name": "Calls fail in one region", "impact": "major", "started_at": "%s",
   "shortlink": "https://stspg.io/a", "components": [{"name": "Voice"}]},
  {"id": "b", "name": "A page that lies", "impact": "minor", "started_at": "%s",
   "shortlink": "javascript:alert(1)", "components": []}
]}"""


@pytest.fixture(scope="module")
def furniture(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A status page, saved in a file."""
    now = datetime.now(UTC).isoformat()
    file: Path = tmp_path_factory.mktemp("status") / "incidents.json"
    file.write_text(INCIDENTS % (now, now))
    return {"status_page": str(file)}


def test_the_words_behind_each_fact_are_marked(ana: Any, receive: Any) -> None:
    taken = receive()
    page = ana.get(f"/review/tickets/{taken.ticket.key}").text
    body = taken.ticket.ticket.body
    marked = re.findall(r"<mark[^>]*>(.*?)<sup>(.*?)</sup></mark>", page)
    assert marked
    for name, fact in taken.suggestion.record["facts"].items():
        for span in fact["evidence"]:
            if span["field"] == "body":
                ending = body[: span["end"]].rstrip()[-8:]
                assert any(name in facts.split() for _, facts in marked), (name, ending)


def test_reasons_quote_the_policy_and_stand_before_the_buttons(
    ana: Any, receive: Any, said: Said
) -> None:
    taken = receive()
    page = ana.get(f"/review/tickets/{taken.ticket.key}")
    reason = next(each for each in taken.suggestion.record["reasons"] if each["kind"] == "rule")
    text = said(page)
    assert reason["because"] in text
    assert reason["clause"] in text
    assert reason["id"] in text
    assert text.index(reason["because"]) < text.index("Accept P")


def test_each_priority_shows_its_probability_and_the_deadline_it_would_give(
    ana: Any, receive: Any
) -> None:
    taken = receive()
    page = ana.get(f"/review/tickets/{taken.ticket.key}").text
    buttons = re.findall(r'<button class="alternative.*?</button>', page, re.S)
    response = taken.suggestion.record["response"]
    assert len(buttons) == 5
    for number, button in enumerate(buttons):
        due = datetime.fromisoformat(response["if_priority"][f"P{number}"])
        (shown,) = re.findall(r'<time datetime="([^"]*)"', button)
        assert datetime.fromisoformat(shown) == due
        assert f'data-key="{number}"' in button


def test_correcting_a_fact_changes_priority_deadline_and_reasons_before_saving(
    ana: Any, receive: Any, said: Said, store: Store
) -> None:
    taken = receive()
    key = taken.ticket.key
    assert taken.suggestion.record["facts"]["environment"]["value"] != "non_production"
    page = ana.get(f"/review/tickets/{key}", **{"fact.environment": "non_production"})
    text = said(page)
    assert "by the rules, with your correction" in text
    (proposed,) = re.findall(r'class="alternative proposed"[^>]*value="(P\d)"', page.text)
    assert proposed in ("P3", "P4")
    assert f"Accept {proposed}" in text
    assert "100 %" not in text
    assert store.decisions.of_ticket(key) == []


def test_the_partial_page_says_the_same_as_the_whole_one(ana: Any, receive: Any) -> None:
    taken = receive()
    key = taken.ticket.key
    corrected = {"fact.reach": "one", "fact.harm": "none"}
    whole = ana.get(f"/review/tickets/{key}", **corrected).text
    (seen,) = set(re.findall(r'name="seen" value="([^"]*)"', whole))
    part = ana.get(f"/review/tickets/{key}/outcome", seen=seen, **corrected)
    assert part.text.strip() in whole
    assert part.headers["hx-replace-url"].endswith("fact.reach=one&fact.harm=none")


def test_each_value_of_a_fact_says_what_it_would_make(ana: Any, receive: Any, said: Said) -> None:
    page = said(ana.get(f"/review/tickets/{receive().ticket.key}"))
    assert re.search(r"non production → P[34]", page)


@pytest.mark.parametrize("params", [{"fact.colour": "red"}, {"fact.reach": "everybody"}])
def test_facts_that_the_rules_do_not_know_are_refused(
    ana: Any, receive: Any, params: dict[str, str]
) -> None:
    page = ana.get(f"/review/tickets/{receive().ticket.key}", **params)
    assert page.status_code == 422
    assert "The rules know no fact" in page.text


def test_a_hostile_text_stays_a_text(ana: Any, receive: Any) -> None:
    hostile = '</div><script>alert(1)</script><img src=x onerror="alert(2)"> {{ 7 * 7 }} \u202e rtl'
    taken = receive(hostile, hostile + " Nobody can take calls & all are idle.", url="javascript:x")
    page = ana.get(f"/review/tickets/{taken.ticket.key}").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "javascript:" not in page
    assert "{{ 7 * 7 }}" in page


def test_a_very_long_line_is_cut_and_can_be_had_whole(ana: Any, receive: Any, said: Said) -> None:
    key = receive("Log", "Calls fail. " + "x" * 200_000).ticket.key
    page = ana.get(f"/review/tickets/{key}")
    assert len(page.text) < 3 * LONGEST
    assert "160,012 more characters are not shown" in said(page)
    whole = ana.get(f"/review/tickets/{key}/text")
    assert whole.headers["content-type"].startswith("text/plain")
    assert whole.text.endswith("x" * 200_000)


def test_scripts_and_directions_of_all_kinds_are_shown(ana: Any, receive: Any) -> None:
    text = "المكالمات لا تعمل 📞🔥 電話が使えません"
    page = ana.get(f"/review/tickets/{receive(text, text).ticket.key}").text
    assert page.count(text) >= 2
    assert '<div class="letter" dir="auto">' in page


def test_similar_tickets_come_with_what_was_decided(
    ana: Any, receive: Any, said: Said, store: Store
) -> None:
    words = "zebrafinch quokkadesk wombatflow"
    past = receive("An earlier one", f"The {words} integration loses calls.")
    store.decisions.decide(
        past.suggestion.id, Decision(DecisionKind.ACCEPT, "Ben"), None, datetime.now(UTC)
    )
    undecided = receive("Not decided", f"The {words} integration loses calls.")
    page = said(ana.get(f"/review/tickets/{undecided.ticket.key}"))
    assert f"{past.suggestion.priority} An earlier one" in page
    assert re.search(r"shares .*(zebrafinch|quokkadesk|wombatflow)", page)
    again = said(ana.get(f"/review/tickets/{past.ticket.key}"))
    assert "Similar tickets, as decided No decided ticket" in again


def test_incidents_of_the_status_page_stand_beside_a_ticket(
    ana: Any, receive: Any, said: Said
) -> None:
    page = ana.get(f"/review/tickets/{receive().ticket.key}")
    assert "Calls fail in one region" in said(page)
    assert 'href="https://stspg.io/a"' in page.text
    assert "A page that lies" in said(page)
    assert "javascript:" not in page.text
    old = ana.get(f"/review/tickets/{receive(age=timedelta(days=3)).ticket.key}")
    assert "The status page tells of none" in said(old)


def test_what_the_tier_does_not_include_is_said(ana: Any, receive: Any, said: Said) -> None:
    key = receive(tier="standard", channel="phone").ticket.key
    assert "Entitlement: Phone Support is not part of Standard" in said(
        ana.get(f"/review/tickets/{key}")
    )


def test_a_ticket_without_tier_has_no_deadline(ana: Any, receive: Any, said: Said) -> None:
    page = said(ana.get(f"/review/tickets/{receive(tier=None).ticket.key}"))
    assert page.count("no deadline") == 5


def test_neighbours_in_the_view_are_a_step_away(ana: Any, receive: Any, area: str) -> None:
    first = receive(age=timedelta(minutes=20)).ticket.key
    second = receive(age=timedelta(minutes=10)).ticket.key
    after = ana.get(f"/review/tickets/{first}/after", area=area)
    assert (after.url.path, after.url.params["area"]) == (f"/review/tickets/{second}", area)
    assert ana.get(f"/review/tickets/{second}/before", area=area).url.path.endswith(first)
    assert ana.get(f"/review/tickets/{second}/after", area=area).url.path == "/review"


def test_no_suggestion_is_told_as_certain(ana: Any, receive: Any, store: Store, said: Said) -> None:
    taken = receive()
    record = {**taken.suggestion.record, "confidence": 0.9996}
    store.suggestions.record(taken.ticket.key, record, datetime.now(UTC))
    page = said(ana.get(f"/review/tickets/{taken.ticket.key}"))
    assert ">99 % sure" in page
    assert ">99% sure" in page
    assert "100%" not in page


def test_facts_and_rules_lead_to_what_they_mean(ana: Any, receive: Any) -> None:
    taken = receive()
    page = ana.get(f"/review/tickets/{taken.ticket.key}").text
    rule = next(each for each in taken.suggestion.record["reasons"] if each["kind"] == "rule")
    policy = ana.get("/review/policy").text
    for name in ("facts", "definitions", rule["id"]):
        assert f'href="/review/policy#{name}"' in page
        assert f'id="{name}"' in policy
    for described in re.findall(r'aria-describedby="(meaning-[^"]*)"', page):
        assert f'id="{described}"' in page


def test_a_ticket_that_there_is_not_has_a_page_that_says_so(ana: Any, said: Said) -> None:
    for name in ("999999", "nonsense", "%00"):
        page = ana.get(f"/review/tickets/{name}")
        assert page.status_code == 404
        assert "There is no such ticket" in said(page)


def test_pieces_add_up_to_the_text_and_name_each_fact_once() -> None:
    found = list(pieces("all lines are dead", [("reach", 0, 9), ("part", 4, 9), ("harm", 14, 99)]))
    assert "".join(piece.text for piece in found) == "all lines are dead"
    assert [(piece.text, piece.facts, piece.ending) for piece in found] == [
        ("all ", ("reach",), ()),
        ("lines", ("reach", "part"), ("reach", "part")),
        (" are ", (), ()),
        ("dead", ("harm",), ("harm",)),
    ]
    assert [piece.text for piece in pieces("plain", [])] == ["plain"]
    assert list(pieces("", [])) == []
