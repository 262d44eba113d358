"""The overview: what people made of suggestions, counted right, and quick to bring up to date."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rules import load_engine, load_ruleset
from tickets import Priority
from tickets.store import Decision, DecisionKind, Role, Store
from triage.intake import AUTOMATIC, Taken
from triage.review.judged import WINDOW, Facts, Judged, JudgedLog, Lately
from triage.review.kept import Kept
from triage.review.overview_figures import OverviewFigures, overview_figures
from triage.review.passwords import hashed

SignIn = Callable[[str], AbstractContextManager[Any]]
Receive = Callable[..., Taken]
NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
RULESET = load_ruleset()
PHONES_DOWN: Facts = (
    ("environment", "production"),
    ("request", "fault"),
    ("part", "voice"),
    ("condition", "down"),
    ("reach", "all"),
    ("workaround", "none"),
    ("harm", "severe"),
    ("cause", "service"),
)


@pytest.fixture(scope="module")
def agents(store: Store) -> tuple[str, ...]:
    """An agent and a lead; the password of each is their name, three times."""
    for name, role in {"Ana": Role.AGENT, "Lea": Role.LEAD}.items():
        store.users.add(name, hashed(name * 3), role, NOW)
    return ("Ana", "Lea")


@pytest.fixture
def lead(sign_in: SignIn) -> Iterator[Any]:
    with sign_in("Lea") as person:
        yield person


def judged(
    suggested: Priority = Priority.P0, decided: Priority | None = Priority.P0, **other: Any
) -> Judged:
    values: dict[str, Any] = {
        "decision_id": uuid.uuid4().hex,
        "at": NOW,
        "by_person": True,
        "is_blind": False,
        "confidence": 0.9,
        "probabilities": (0.9, 0.1, 0.0, 0.0, 0.0),
        "action": "suggest",
        "product_area": "voice",
        "facts": PHONES_DOWN,
        "corrected": (),
        "model": "m1",
        "rules": RULESET.version,
        "policy": "p1",
    }
    return Judged(suggested=suggested, decided=decided, **{**values, **other})


def figures_of(*ones: Judged) -> OverviewFigures:
    lately = Lately(NOW - WINDOW, NOW, ones, is_cut=False, revision=1)
    return overview_figures(lately, load_engine(RULESET))


def test_suggestions_are_counted_by_class_and_what_became_of_them() -> None:
    figures = figures_of(
        judged(),
        judged(decided=Priority.P2),
        judged(suggested=Priority.P3, decided=Priority.P1),
        judged(suggested=Priority.P3, decided=None),
        judged(by_person=False),
    )
    assert (figures.decided, figures.skipped, figures.automatic) == (3, 1, 1)
    assert (figures.agreed.part, figures.agreed.total) == (1, 3)
    by_class = {one.suggested: one for one in figures.classes}
    assert by_class[Priority.P0].decided[Priority.P2] == 1
    assert (by_class[Priority.P0].raised, by_class[Priority.P0].lowered) == (0, 1)
    assert (by_class[Priority.P3].raised, by_class[Priority.P3].skipped) == (1, 1)
    assert by_class[Priority.P4].agreed.value is None


def test_rules_are_counted_by_what_they_say_of_the_facts_that_were_read() -> None:
    later = NOW + timedelta(hours=1)
    figures = figures_of(
        judged(), judged(decided=Priority.P1, at=later), judged(rules="other rules")
    )
    [rule] = [one for one in figures.rules if one.support]
    assert rule.rule_id == "phone-or-chat-down-is-p0"
    assert (rule.support, rule.overridden, rule.raised, rule.lowered) == (2, 0.5, 0, 1)
    assert rule.last_fired_at == later
    assert figures.by_other_rules == 1


def test_facts_are_counted_by_how_they_were_set_right() -> None:
    figures = figures_of(
        judged(corrected=(("reach", "few"),)),
        judged(corrected=(("reach", "few"), ("harm", "none"))),
        judged(corrected=(("reach", "one"),)),
    )
    assert [(fact.name, fact.corrected) for fact in figures.facts] == [("reach", 3), ("harm", 1)]
    assert figures.facts[0].changes == (("all", "few", 2), ("all", "one", 1))


def test_blind_decisions_are_not_mixed_with_those_that_saw_the_suggestion() -> None:
    figures = figures_of(
        judged(is_blind=True, confidence=0.95, decided=Priority.P1),
        judged(is_blind=True, confidence=0.91),
        judged(confidence=0.45),
    )
    assert figures.blind is not None
    [(bin_, agreed)] = figures.blind.points
    assert (bin_.low, bin_.high, agreed.part, agreed.total) == (0.9, 1.0, 1, 2)
    assert figures.blind.confidence == pytest.approx(0.93)
    assert figures.shown is not None
    assert [(one.low, one.right) for one in figures.shown.bins] == [(0.4, 1)]
    assert figures_of(judged()).blind is None


def test_weeks_and_versions_stand_with_the_latest_first() -> None:
    figures = figures_of(
        judged(at=NOW - timedelta(days=7), model="m0", decided=Priority.P1), judged()
    )
    assert [(one.name, one.agreed.part) for one in figures.weeks] == [
        ("2026-W28", 1),
        ("2026-W27", 0),
    ]
    assert [one.version for one in figures.versions["model"]] == ["m1", "m0"]
    assert figures.agreed_with("model", "m0").total == 1
    assert figures.agreed_with("model", "never heard of").total == 0


def test_what_is_slow_to_count_is_kept_for_twenty_times_as_long() -> None:
    now, made = [0.0], []
    kept: Kept[int] = Kept(lambda: now[0])

    def count() -> int:
        now[0] += 0.5
        made.append(now[0])
        return len(made)

    assert [kept.get(count), kept.get(count)] == [1, 1]
    now[0] = 10.4
    assert kept.get(count) == 1
    now[0] = 10.5
    assert kept.get(count) == 2


def decide(store: Store, taken: Taken, kind: str = "accept", **more: Any) -> str:
    priority = more.pop("priority", None)
    now = more.pop("now", datetime.now(UTC))
    decision = Decision(DecisionKind(kind), more.pop("actor", "Ana"), priority, **more)
    return store.decisions.decide(taken.suggestion.id, decision, None, now).id


class TestTheLogThatIsFollowed:
    """Read once, then only what has come since, it says the same as read anew."""

    def same(self, log: JudgedLog, store: Store, now: datetime) -> bool:
        ours, anew = log.read(now), JudgedLog(store).read(now)
        return set(ours.judged) == set(anew.judged)

    def test_it_follows_decisions_and_what_takes_them_back(
        self, store: Store, receive: Receive
    ) -> None:
        log, now = JudgedLog(store), datetime.now(UTC)
        before = len(log.read(now).judged)
        decision = decide(store, receive())
        other = receive()
        decide(store, other, "skip")
        assert len(log.read(datetime.now(UTC)).judged) == before + 2
        assert self.same(log, store, datetime.now(UTC))
        store.decisions.undo(decision, "Ana", datetime.now(UTC))
        assert len(log.read(datetime.now(UTC)).judged) == before + 1
        assert self.same(log, store, datetime.now(UTC))

    def test_it_changes_its_number_only_with_the_decisions(
        self, store: Store, receive: Receive
    ) -> None:
        log, now = JudgedLog(store), datetime.now(UTC)
        first = log.read(now).revision
        assert log.read(now).revision == first
        decide(store, receive())
        assert log.read(datetime.now(UTC)).revision > first

    def test_it_keeps_no_more_than_it_may(self, store: Store, receive: Receive) -> None:
        for _ in range(3):
            decide(store, receive())
        now = datetime.now(UTC)
        lately = JudgedLog(store, most=2).read(now)
        assert (len(lately.judged), lately.is_cut) == (2, True)
        assert not JudgedLog(store).read(now).is_cut

    def test_what_is_older_than_the_window_does_not_count(
        self, store: Store, receive: Receive
    ) -> None:
        log, now = JudgedLog(store), datetime.now(UTC)
        old = decide(store, receive(), now=now - WINDOW + timedelta(minutes=5))
        assert old in {one.decision_id for one in log.read(now).judged}
        later = now + timedelta(minutes=30)
        assert old not in {one.decision_id for one in log.read(later).judged}


def test_the_page_says_what_became_of_suggestions(
    lead: Any, store: Store, receive: Receive, said: Any
) -> None:
    taken = receive()
    wrong = next(each for each in Priority if each != taken.suggestion.priority)
    decide(store, taken, "override", priority=wrong, corrected_facts={"reach": "one"})
    decide(store, receive(), actor=AUTOMATIC)
    page = lead.get("/review/overview")
    assert page.status_code == 200
    shown = said(page)
    for words in ("By class", "By rule", "reach", "→ one", "Biased", "No blind decision", "in use"):
        assert words in shown
    assert taken.suggestion.model_version in shown


def test_what_is_due_next_is_listed_unless_it_is_blind(
    lead: Any, receive: Receive, said: Any
) -> None:
    due = receive(subject="Nothing rings since nine", age=timedelta(seconds=5))
    receive(subject="A secret outage", age=timedelta(seconds=5), is_blind=True)
    page = lead.get("/review/overview")
    assert f'href="/review/tickets/{due.ticket.key}"' in page.text
    assert "Nothing rings since nine" in page.text
    assert "A secret outage" not in page.text


def test_texts_of_tickets_are_escaped(lead: Any, receive: Receive) -> None:
    receive(subject="<script>alert(1)</script>", age=timedelta(seconds=1))
    page = lead.get("/review/overview").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


class TestExport:
    """The audit trail as a file."""

    def test_it_holds_decisions_and_changes_and_no_ticket_text(
        self, lead: Any, store: Store, receive: Receive
    ) -> None:
        taken = receive(subject="Words of a customer", body="Nobody can take calls today.")
        decision = decide(store, taken, note="=HYPERLINK(1)")
        answer = lead.get("/review/overview/audit.jsonl")
        assert answer.headers["content-type"] == "application/x-ndjson"
        records = [json.loads(line) for line in answer.text.splitlines()]
        [found] = [one for one in records if one["id"] == decision]
        assert (found["entry"], found["actor"], found["kind"]) == ("decision", "Ana", "accept")
        assert "Words of a customer" not in answer.text
        assert "Nobody can take calls today" not in answer.text
        assert any(one.get("action") == "signed in" for one in records)

    def test_as_csv_no_cell_is_a_formula(self, lead: Any, store: Store, receive: Receive) -> None:
        decision = decide(store, receive(), note="=HYPERLINK(1)")
        answer = lead.get("/review/overview/audit.csv")
        assert "attachment" in answer.headers["content-disposition"]
        rows = {row["id"]: row for row in csv.DictReader(io.StringIO(answer.text))}
        assert rows[decision]["note"] == "'=HYPERLINK(1)"
        assert rows[decision]["entry"] == "decision"

    def test_it_takes_a_period_and_is_noted_itself(self, lead: Any, store: Store) -> None:
        answer = lead.get("/review/overview/audit.jsonl", since="2039-01-01")
        assert answer.text == ""
        assert lead.get("/review/overview/audit.csv", since="yesterday").status_code == 422
        assert lead.get("/review/overview/audit.xlsx").status_code == 404
        exported = [
            entry
            for entry in store.audit.export(NOW, datetime.now(UTC) + timedelta(minutes=1))
            if entry["action"] == "audit exported"
        ]
        assert exported[-1]["actor"] == "Lea"
        assert exported[-1]["detail"]["since"].startswith("2039-01-01")
