"""Drift by week: what is found, what it says to do, and where its figures come from."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import LabelledTicket, Reader, Registry
from tickets import InputFaults, Priority, Ticket, parse_ticket
from tickets.store import Arrival, Decision, DecisionKind, Store
from triage.desk import Desk
from triage.drift.advice import advice
from triage.drift.findings import Verdict
from triage.drift.histogram import Histogram
from triage.drift.observation import Observation
from triage.drift.reference import Reference, load_reference, reference_of
from triage.drift.weeks import Week, weeks_of
from triage.intake import AUTOMATIC
from triage.period import Period
from triage.retraining.models import train_models
from triage.retraining.source import Source

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Call = Callable[..., int]
MONDAY = datetime(2026, 7, 6, 9, tzinfo=UTC)
NO_COSTS = np.zeros((5, 5))
WORDS = ("queue", "menu", "agent", "export", "login")


def seen(number: int, **changes: Any) -> Observation:
    """Return one of many unremarkable tickets, each with a few words and a confidence of its own."""
    values = {
        "language": "en",
        "channel": ("web", "email")[number % 2],
        "fact reach": ("one", "few", "many")[number % 3],
        "priority": "P3",
        "action": ("auto", "suggest")[number % 2],
    }
    usual = Observation(
        received_at=MONDAY,
        values={**values, **changes.pop("values", {})},
        numbers={"length": 40 + number % 50, "unknown words": 0.0, "confidence": 0.9},
        words=frozenset({WORDS[number % 5], WORDS[number * 7 % 5]}),
        suggested=Priority.P3,
        probabilities=(0.0, 0.0, 0.05, 0.9, 0.05),
        decided=None,
    )
    return replace(usual, **changes)


@pytest.fixture(scope="module")
def usual(desk: Desk) -> Reference:
    """A reference of 600 unremarkable tickets."""
    return reference_of([seen(number) for number in range(600)], None, desk, "made up")


def week_of(observed: Sequence[Observation], reference: Reference) -> Week:
    (week,) = weeks_of(observed, reference, NO_COSTS)
    return week


def drifted(week: Week) -> set[str]:
    return {one.measure for one in week.findings if one.verdict is not Verdict.STEADY}


def test_a_week_like_the_reference_is_steady(usual: Reference) -> None:
    week = week_of([seen(number * 11) for number in range(60)], usual)
    assert week.verdict is Verdict.STEADY
    assert advice(week, usual) == []


def test_too_few_tickets_tell_nothing(usual: Reference) -> None:
    week = week_of([seen(number, values={"language": "fr"}) for number in range(19)], usual)
    assert (week.verdict, week.findings) == (Verdict.TOO_FEW, ())
    assert week.accuracy.value == pytest.approx(0.9)


def test_another_language_is_to_be_labelled(usual: Reference) -> None:
    """Its words and lengths are not compared: they would only say once more that it is French."""
    french = {"words": None, "numbers": {"confidence": 0.9}}
    observed = [
        seen(number, values={"language": "fr"}, **french) if number % 2 else seen(number)
        for number in range(60)
    ]
    week = week_of(observed, usual)
    assert drifted(week) == {"language"}
    (sentence,) = advice(week, usual)
    assert sentence.startswith("act: 50% (was 0%) are written in fr")
    assert "label 39 of them" in sentence


def test_a_new_matter_is_named_by_its_words(usual: Reference) -> None:
    observed = [seen(number, words=frozenset({"whatsapp", "template"})) for number in range(40)]
    week = week_of(observed, usual)
    assert drifted(week) == {"words"}
    (sentence,) = advice(week, usual)
    assert "more often: template, whatsapp" in sentence or "more often: whatsapp" in sentence


def test_a_form_that_lost_a_field_is_to_be_checked(usual: Reference) -> None:
    observed = [seen(number) for number in range(60)]
    lost = [
        replace(one, values={name: v for name, v in one.values.items() if name != "channel"})
        for one in observed[:40]
    ]
    week = week_of([*lost, *observed[40:]], usual)
    assert drifted(week) == {"channel"}
    (sentence,) = advice(week, usual)
    assert "without channel" in sentence
    assert sentence.endswith("check the intake form")


def test_a_field_that_no_ticket_has_is_not_compared(usual: Reference) -> None:
    observed = [
        replace(one, values={name: v for name, v in one.values.items() if name != "channel"})
        for one in map(seen, range(60))
    ]
    assert week_of(observed, usual).finding("channel") is None


def test_another_mix_of_facts_asks_for_no_retraining(usual: Reference) -> None:
    observed = [seen(number, values={"fact reach": "all"}) for number in range(40)]
    week = week_of(observed, usual)
    assert drifted(week) == {"fact reach"}
    (sentence,) = advice(week, usual)
    assert "fact reach all 100% (was 0%)" in sentence
    assert "no reason to retrain" in sentence


def test_lower_confidence_asks_for_labels(usual: Reference) -> None:
    observed = [
        seen(
            number,
            numbers={"length": 40 + number % 50, "unknown words": 0.0, "confidence": 0.5},
            probabilities=(0.0, 0.0, 0.5, 0.5, 0.0),
        )
        for number in range(120)
    ]
    week = week_of(observed, usual)
    assert drifted(week) == {"confidence"}
    assert week.accuracy.value == pytest.approx(0.5)
    (sentence,) = advice(week, usual)
    assert sentence.startswith("act: the model is less sure (estimated accuracy 0.50, 0.90 in")
    assert "label 97 tickets" in sentence


def test_more_overrides_than_errors_expected_say_that_the_desk_decides_otherwise(
    usual: Reference,
) -> None:
    """Of 60 decisions 6 are expected to be overrides at a confidence of .9; here they are 20."""
    observed = [
        seen(number, decided=Priority.P1 if number % 3 == 0 else Priority.P3)
        for number in range(60)
    ]
    week = week_of(observed, usual)
    assert week.decided is not None
    assert (week.decided.tickets, week.decided.overridden) == (60, 20)
    assert week.decided.expected == pytest.approx(6.0)
    assert drifted(week) == {"overrides"}
    assert "`triage feedback labels`" in advice(week, usual)[0]


def test_as_many_overrides_as_errors_expected_are_steady(usual: Reference) -> None:
    observed = [
        seen(number, decided=Priority.P1 if number % 10 == 0 else Priority.P3)
        for number in range(60)
    ]
    assert week_of(observed, usual).verdict is Verdict.STEADY


def test_weeks_begin_on_monday_in_utc_and_all_follow_together(usual: Reference) -> None:
    """A ticket of Sunday evening in California is one of Monday in UTC."""
    evening = datetime.fromisoformat("2026-07-05T18:30:00-07:00")
    received = [evening, MONDAY + timedelta(days=7), MONDAY - timedelta(days=1), None]
    observed = [replace(seen(number), received_at=at) for number, at in enumerate(received)]
    weeks = weeks_of(observed, usual, NO_COSTS)
    assert [(week.name, week.starts and week.starts.isoformat()) for week in weeks] == [
        ("2026-W27", "2026-06-29"),
        ("2026-W28", "2026-07-06"),
        ("2026-W29", "2026-07-13"),
        ("undated", None),
        ("all", None),
    ]


def test_numbers_are_counted_in_bins_of_like_size() -> None:
    observed = [seen(number, numbers={"length": float(number)}) for number in range(80)]
    histogram = Histogram.of_numbers("length", observed)
    assert list(histogram.counts.values()) == [10] * 8
    assert next(iter(histogram.counts)) == "below 9.88"
    later = [seen(0, numbers={"length": 500.0}), seen(0, numbers={"length": 5.0})]
    assert list(histogram.count(later).values()) == [1, 0, 0, 0, 0, 0, 0, 1]


def test_rare_values_are_counted_together_and_new_ones_by_name() -> None:
    areas = [seen(0, values={"product_area": f"area {number % 35}"}) for number in range(350)]
    histogram = Histogram.of_values("product_area", areas)
    assert histogram.counts["(other)"] == 50
    assert histogram.count(areas[:1] + areas[34:35])["(other)"] == 1
    languages = Histogram.of_values("language", [seen(0)])
    assert languages.count([seen(0, values={"language": "fr"})]) == {"en": 0, "fr": 1}


# --- the training window -------------------------------------------------------------------------


@pytest.fixture
def home(small_home: Path, tmp_path: Path) -> Path:
    """A copy of the home with small models that a test may change."""
    return Path(shutil.copytree(small_home, tmp_path / "home"))


def reference_file(home: Path) -> Path:
    version = Registry(home).current_version(Reader.LIGHT)
    return home / "models" / str(version) / "reference.json"


def loaded(home: Path) -> Reference:
    desk = Desk.load(home, Reader.LIGHT)
    return load_reference(desk, Registry(home), lambda done, total: None)


def test_the_reference_of_our_corpus_is_made_once_and_holds_no_text(home: Path) -> None:
    first = loaded(home)
    assert (first.tickets, first.made_of) == (675, "held out of our corpus")
    assert first.rightness is not None
    assert first.rightness.accuracy == pytest.approx(
        first.estimated_accuracy + first.rightness.accuracy_gap
    )
    kept = reference_file(home).read_text()
    assert all(" " not in word for word in json.loads(kept)["words"])
    reference_file(home).write_text(kept.replace('"tickets": 675', '"tickets": 674'))
    assert loaded(home).tickets == 674
    assert Desk.load(home, Reader.LIGHT).rooms.model.version in str(reference_file(home))


@pytest.mark.parametrize("damage", ['{"format": 1}', '{"format": 0}'])
def test_a_damaged_reference_is_made_again(home: Path, damage: str) -> None:
    reference_file(home).write_text(damage)
    assert loaded(home).tickets == 675


def words_of(number: int) -> str:
    """Return words that no other ticket has, so that it is no near copy of one."""
    dice = random.Random(number)
    return " ".join("".join(dice.choices("abdefgklmnoprstu", k=7)) for _ in range(5))


def test_models_of_own_tickets_get_their_reference_when_they_are_trained(tmp_path: Path) -> None:
    matters = ("the phones are down for everyone", "one small question about colours")
    tickets = [
        LabelledTicket(
            Ticket(
                str(n),
                body=f"{matters[n % 2]} {words_of(n)}",
                received_at=MONDAY + timedelta(hours=n),
            ),
            (Priority.P0, Priority.P4)[n % 2],
        )
        for n in range(160)
    ]
    source = Source.named("export.csv", {}, {})
    train_models(tickets, tmp_path, lambda done, total: None, source=source)
    reference = loaded(tmp_path)
    assert reference.tickets == 32
    assert reference.made_of.endswith("export.csv")


def test_a_model_that_held_nothing_out_needs_another_reference(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    matters = ("the phones are down for everyone", "one small question about colours")
    rows = [f"{matters[n % 2]} {n},{('P0', 'P4')[n % 2]}" for n in range(40)]
    path.write_text("\n".join(["body,priority", *rows]))
    source = Source.named(str(path), {}, {})
    train_models(source.tickets(), tmp_path, lambda done, total: None, source=source)
    with pytest.raises(InputFaults, match=r"held no tickets out.*--reference FILE"):
        loaded(tmp_path)


# --- the command ---------------------------------------------------------------------------------


def inbox(corpus: Sequence[LabelledTicket], count: int) -> list[dict[str, Any]]:
    """Return held-out tickets as rows of one week."""
    held_out = [one for one in corpus if one.split == "test" and one.language == "en"]
    return [
        {
            "id": one.ticket.id,
            "subject": one.ticket.subject,
            "body": one.ticket.body,
            "environment": one.ticket.environment,
            "channel": one.ticket.channel,
            "product_area": one.product_area,
            "received_at": (MONDAY + timedelta(minutes=number)).isoformat(),
            "priority": str(one.priority),
        }
        for number, one in enumerate(held_out[:: len(held_out) // count][:count])
    ]


def written(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_file_is_assessed_and_compared_by_week(
    call: Call, corpus: list[LabelledTicket], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = inbox(corpus, 60)
    for row in rows[30:]:
        row["received_at"] = (MONDAY + timedelta(days=9)).isoformat()
    path = written(tmp_path / "in.jsonl", rows)
    assert call("drift", path, "--reader", "light", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [(week["name"], week["tickets"]) for week in report["weeks"]] == [
        ("2026-W28", 30),
        ("2026-W29", 30),
        ("all", 60),
    ]
    assert report["reference"]["tickets"] == 675
    assert {one["measure"] for one in report["weeks"][0]["findings"]} >= {
        *("language", "length", "unknown words", "words", "environment", "channel"),
        *("product_area", "fact reach", "priority", "confidence", "action", "overrides"),
    }
    assert report["weeks"][0]["decided"]["tickets"] == 30


def test_rows_that_are_no_tickets_are_named_and_left_out(
    triage: Run, corpus: list[LabelledTicket], tmp_path: Path
) -> None:
    rows = [*inbox(corpus, 30), {"id": "bad", "body": " "}]
    done = triage("drift", written(tmp_path / "in.jsonl", rows), "--reader", "light")
    assert done.returncode == 3
    assert done.stderr.startswith("triage: left out row 31: body: subject and body are both empty")
    assert "2026-W28" in done.stdout


def test_tickets_can_be_compared_with_those_of_a_usual_time(
    call: Call, corpus: list[LabelledTicket], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = written(tmp_path / "usual.jsonl", inbox(corpus, 100))
    rows = written(tmp_path / "in.jsonl", inbox(corpus, 50))
    assert call("drift", rows, "--reference", usual, "--reader", "light", "--json") == 0
    reference = json.loads(capsys.readouterr().out)["reference"]
    assert (reference["tickets"], reference["labels"]) == (100, None)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["nowhere.csv"], "^nowhere.csv: does not exist"),
        (["in.jsonl", "--since", "soon"], "^--since: 'soon' is not an ISO 8601 time"),
        (["in.jsonl", "--since", "2026-08-01", "--until", "2026-07-01"], "^--until: 2026-07-01 is"),
        (["in.jsonl", "--since", "2030-01-01"], "^in.jsonl: holds no ticket of this time"),
        (["in.jsonl", "--reader", "heavy"], '^--reader: unknown "heavy"'),
        (["--database-url", "oracle://x"], "oracle"),
        (["--database-url", "sqlite:///empty.db"], "^database: holds no assessment by model"),
    ],
)
def test_a_wrong_call_is_told_with_place_and_remedy(
    call: Call, in_folder: Path, arguments: list[str], fault: str
) -> None:
    written(in_folder / "in.jsonl", [{"body": "No calls.", "received_at": MONDAY.isoformat()}])
    options = [] if "--reader" in arguments else ["--reader", "light"]
    with pytest.raises(InputFaults, match=fault):
        call("drift", *arguments, *options)


def test_stored_assessments_are_compared_with_what_was_decided(
    call: Call,
    corpus: list[LabelledTicket],
    small_home: Path,
    store: Store,
    store_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A suggestion that acted by itself is no decision; those of other models are left out."""
    desk = Desk.load(small_home, Reader.LIGHT)
    tickets = [parse_ticket(row, default_id="1") for row in inbox(corpus, 32)]
    for number, (ticket, assessment) in enumerate(
        zip(tickets, desk.assess_many(tickets), strict=True)
    ):
        record = assessment.as_record()
        if number >= 30:
            record["versions"] = {**record["versions"], "model": "another"}
        key = store.tickets.receive(ticket, Arrival("zendesk", str(number)), MONDAY).key
        suggestion = store.suggestions.record(key, record, MONDAY)
        if number < 3:
            actor = (AUTOMATIC, "ann", "ann")[number]
            accept = Decision(DecisionKind.ACCEPT, actor)
            store.decisions.decide(suggestion.id, accept, None, MONDAY)
    assert call("drift", "--reader", "light", "--database-url", store_url, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    (week,) = report["weeks"]
    assert (week["tickets"], report["left_out"]) == (30, 2)
    assert (week["decided"]["tickets"], week["decided"]["overridden"]) == (2, 0)


def test_a_period_without_ends_holds_tickets_without_a_time() -> None:
    assert Period.named("", "").holds(None)
    assert not Period.named("2026-07-06", "").holds(None)
    assert Period.named("2026-07-06", "2026-07-07").holds(MONDAY)
    assert not Period.named("2026-07-06", "2026-07-06T09:00:00+00:00").holds(MONDAY)
