"""Feedback: decisions as labels, labels to read again, what to label next; shadow mode."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import LabelledTicket
from classifier.choosing import spread, worth
from tickets import InputFaults, Priority, Ticket
from tickets.store import Arrival, Decision, DecisionKind, Store
from triage.feedback.labels import Circumstance, load_weights
from triage.intake import AUTOMATIC
from triage.labelled.corpus import load_labelled
from triage.retraining.shadow import Pair, compare_pairs
from triage.retraining.training import current_rules

Call = Callable[..., int]
Keep = Callable[..., str]
NOW = datetime(2026, 7, 10, 9, tzinfo=UTC)
P0, P1, P2, P3, P4 = Priority


def assessment(priority: str = "P2", probabilities: Sequence[float] = (0, 0, 1, 0, 0)) -> Any:
    names = [str(each) for each in Priority]
    return {
        "priority": priority,
        "confidence": 0.8,
        "probabilities": dict(zip(names, probabilities, strict=True)),
        "action": "suggest",
        "facts": {"reach": {"value": "one", "probability": 0.8, "evidence": []}},
        "response": None,
        "versions": {"model": "m1", "rules": "r1", "policy": "p1", "engine": "python"},
    }


@pytest.fixture
def keep(store: Store) -> Keep:
    """Keeps a ticket with a suggestion, P2 unless told otherwise, and returns the suggestion's id."""

    def keep(
        name: str, body: str = "Calls drop.", *, is_blind: bool = False, **assessed: Any
    ) -> str:
        arrival = Arrival("zendesk", name, requester="ann@example.com", product_area="IVR")
        ticket = Ticket(name, subject="Help", body=body, tier="premium", received_at=NOW)
        key = store.tickets.receive(ticket, arrival, NOW).key
        return store.suggestions.record(key, assessment(**assessed), NOW, is_blind=is_blind).id

    return keep


@pytest.fixture
def decide(store: Store) -> Callable[..., str]:
    """Decides on a suggestion: `accept`, `skip`, or the priority that holds instead."""

    def decide(suggestion_id: str, what: str, actor: str = "bea", **said: Any) -> str:
        kind = DecisionKind(what) if what in ("accept", "skip") else DecisionKind.OVERRIDE
        priority = Priority.parse(what) if kind is DecisionKind.OVERRIDE else None
        decision = Decision(kind, actor, priority, **said)
        return store.decisions.decide(suggestion_id, decision, None, NOW).id

    return decide


# --- decisions as labels -------------------------------------------------------------------------


def test_standing_decisions_of_people_become_labels(
    keep: Keep, decide: Callable[..., str], store: Store, store_url: str, call: Call, tmp_path: Path
) -> None:
    decide(keep("accepted"), "accept")
    corrected = {"reach": "many", "colour": "blue", "harm": "unheard of"}
    decide(keep("raised"), "P0", reason="outage", corrected_facts=corrected)
    decide(keep("blind", is_blind=True), "accept")
    decide(keep("skipped"), "skip")
    decide(keep("acted"), "accept", AUTOMATIC)
    store.decisions.undo(decide(keep("undone"), "P1"), "bea", NOW)
    decide(keep("same as suggested, at the desk"), "P2", "zendesk:7", reason="set-at-desk")
    keep("pending")
    target = tmp_path / "labels.jsonl"
    assert call("feedback", "labels", "-o", str(target), "--database-url", store_url) == 0
    labels = [json.loads(line) for line in target.read_text().splitlines()]
    told = ("id", "priority", "decision", "weight", "is_blind", "suggested", "facts", "reason")
    assert [tuple(label[name] for name in told) for label in labels] == [
        ("accepted", "P2", "accepted", 0.5, False, "P2", {}, None),
        ("raised", "P0", "override", 1.0, False, "P2", {"reach": "many"}, "outage"),
        ("blind", "P2", "blind", 1.0, True, "P2", {}, None),
        (
            *("same as suggested, at the desk", "P2", "accepted", 0.5, False, "P2", {}),
            "set-at-desk",
        ),
    ]
    assert labels[1]["decided_by"] == "bea"
    assert labels[1]["decided_at"] == NOW.isoformat()
    assert (labels[1]["tier"], labels[1]["product_area"]) == ("premium", "IVR")


def test_labels_are_counted_and_the_others_explained(
    keep: Keep,
    decide: Callable[..., str],
    store_url: str,
    call: Call,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    decide(keep("accepted"), "accept")
    decide(keep("skipped"), "skip")
    call("feedback", "labels", "-o", str(tmp_path / "labels.csv"), "--database-url", store_url)
    assert capsys.readouterr().err.splitlines() == [
        "triage: 1 labels: 0 blind, 0 override, 1 accepted",
        "triage: left out: 1 skipped",
    ]


def test_a_replaced_decision_and_an_erased_ticket_give_no_label(
    keep: Keep, decide: Callable[..., str], store: Store, store_url: str, call: Call, tmp_path: Path
) -> None:
    suggestion = keep("changed mind")
    decide(suggestion, "P1")
    again = Decision(DecisionKind.OVERRIDE, "cem", P3)
    stored = store.tickets.find("zendesk", "changed mind")
    assert stored is not None
    store.decisions.decide(suggestion, again, stored.version, NOW + timedelta(minutes=1))
    decide(keep("erased"), "P0")
    erased = store.tickets.find("zendesk", "erased")
    assert erased is not None
    store.personal_data.erase_ticket(erased.key, NOW)
    target = tmp_path / "labels.jsonl"
    call("feedback", "labels", "-o", str(target), "--database-url", store_url)
    (label,) = map(json.loads, target.read_text().splitlines())
    assert (label["id"], label["priority"], label["decided_by"]) == ("changed mind", "P3", "cem")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_labels_are_a_file_that_training_takes(
    keep: Keep, decide: Callable[..., str], store_url: str, call: Call, tmp_path: Path, ending: str
) -> None:
    decide(keep("raised", "Zwölf Leute,\nkein Ton"), "P0", corrected_facts={"reach": "many"})
    decide(keep("accepted"), "accept")
    target = str(tmp_path / f"labels.{ending}")
    call("feedback", "labels", "-o", target, "--database-url", store_url)
    tickets, faults = load_labelled(target, current_rules().schema)
    assert faults == []
    assert [(one.ticket.body, one.priority, dict(one.facts)) for one in tickets] == [
        ("Zwölf Leute,\nkein Ton", P0, {"reach": "many"}),
        ("Calls drop.", P2, {}),
    ]
    assert tickets[0].ticket.received_at == NOW


def test_only_decisions_of_the_period_are_written(
    keep: Keep, decide: Callable[..., str], store_url: str, call: Call, tmp_path: Path
) -> None:
    decide(keep("today"), "accept")
    target = str(tmp_path / "labels.jsonl")
    later = ("--since", "2026-07-11", "--database-url", store_url)
    with pytest.raises(InputFaults, match=r"^database: holds no label of this time"):
        call("feedback", "labels", "-o", target, *later)
    assert not Path(target).exists()


def test_weights_come_from_a_file_that_is_checked(tmp_path: Path) -> None:
    assert load_weights() == {
        Circumstance.BLIND: 1.0,
        Circumstance.OVERRIDE: 1.0,
        Circumstance.ACCEPTED: 0.5,
    }
    file = tmp_path / "feedback.yaml"
    file.write_text("weights:\n  blind: 1.0\n  override: much\n  accepted: 0\n")
    with pytest.raises(InputFaults) as faults:
        load_weights(file)
    assert [fault.place for fault in faults.value.faults] == ["feedback.yaml:3", "feedback.yaml:4"]


# --- labels to read again ------------------------------------------------------------------------


def rows_of(tickets: Sequence[LabelledTicket]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.ticket.id,
            "subject": one.ticket.subject,
            "body": one.ticket.body,
            "priority": str(one.priority),
        }
        for one in tickets
    ]


def written(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_spoilt_labels_lead_the_list_of_suspects(
    call: Call, corpus: list[LabelledTicket], tmp_path: Path
) -> None:
    """Of 80 held-out tickets that the rules agree on, four are labelled as far off as can be."""
    held_out = [one for one in corpus if one.split == "test" and one.difficulty == "easy"]
    rows = rows_of(held_out[::3][:80])
    spoilt = [row for row in rows if row["priority"] in ("P0", "P4")][:4]
    for row in spoilt:
        row["priority"] = {"P0": "P4", "P4": "P0"}[row["priority"]]
    target = tmp_path / "suspects.csv"
    data = written(tmp_path / "labels.jsonl", rows)
    assert call("feedback", "suspects", data, "-o", str(target), "--reader", "light") == 0
    with target.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["id"] for row in spoilt} <= {row["id"] for row in found[:8]}
    assert {row["judged_by"] for row in found} == {"current model"}
    assert all(row["because"] and row["facts"] for row in found)


# --- what to label next --------------------------------------------------------------------------


def test_a_label_is_worth_more_where_the_model_is_unsure_and_a_mistake_is_dear() -> None:
    costs = np.array([[0, 3, 9, 20, 30], *(5 * [1] for _ in range(4))], float)
    np.fill_diagonal(costs, 0)
    sure = [0.98, 0.02, 0, 0, 0]
    unsure_and_cheap = [0, 0, 0, 0.5, 0.5]
    unsure_and_dear = [0.5, 0, 0, 0, 0.5]
    worths = worth(np.array([sure, unsure_and_cheap, unsure_and_dear]), costs)
    assert worths.argsort().tolist() == [0, 1, 2]
    assert worths[1] == pytest.approx(0.25)


def test_copies_are_asked_for_once() -> None:
    copy, other = [1.0, 0.0], [0.0, 1.0]
    rows = np.array([copy, copy, other], np.float32)
    assert spread(np.array([0.9, 0.8, 0.1]), rows, 3) == [0, 2]


def test_what_to_label_next_shows_no_suggestion_and_no_labelled_ticket(
    call: Call, corpus: list[LabelledTicket], tmp_path: Path
) -> None:
    """Neither tickets with a label nor those that the model has learnt from, nor copies."""
    learnt = next(one for one in corpus if one.split == "train")
    new = [one for one in corpus if one.split == "test"][:12]
    rows = rows_of([*new, learnt])
    for row in rows[2:]:
        row.pop("priority")
    rows.append({**rows[5], "id": "copy"})
    target = tmp_path / "next.csv"
    data = written(tmp_path / "in.jsonl", rows)
    arguments = ("-o", str(target), "-n", "20", "--reader", "light")
    assert call("feedback", "next", data, *arguments) == 0
    with target.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["id"] for row in found} == {row["id"] for row in rows[2:12]}
    assert {row["priority"] for row in found} == {""}
    assert not {"suggested", "confidence", "facts"} & set(found[0])


def test_of_stored_tickets_those_without_a_decision_are_asked_for(
    keep: Keep, decide: Callable[..., str], store_url: str, call: Call, tmp_path: Path
) -> None:
    decide(keep("decided", "No ringback on transfers."), "P1")
    decide(keep("acted", "How do I rename a queue?"), "accept", AUTOMATIC)
    keep("sure", "Please add three licences.", probabilities=(0, 0, 0.99, 0.01, 0))
    keep("unsure", "Half our callers hear nothing.", probabilities=(0.4, 0.1, 0.5, 0, 0))
    target = tmp_path / "next.jsonl"
    call("feedback", "next", "-o", str(target), "--database-url", store_url)
    found = [json.loads(line) for line in target.read_text().splitlines()]
    assert [(row["rank"], row["id"]) for row in found] == [(1, "unsure"), (2, "sure")]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["labels", "-o", "labels.txt"], "^labels.txt: has an unknown file ending"),
        (["suspects", "nowhere.csv", "-o", "out.csv"], "^nowhere.csv: does not exist"),
        (["suspects", "in.jsonl", "-o", "in.jsonl"], "^in.jsonl: is the input itself"),
        (["suspects", "in.jsonl", "-o", "out.csv"], "^in.jsonl: holds no labelled ticket"),
        (["next", "in.jsonl", "-o", "in.jsonl"], "^in.jsonl: is the input itself"),
        (
            ["next", "-o", "next.csv", "--database-url", "sqlite:///new.db"],
            "^database: has no ticket left to label",
        ),
    ],
)
def test_a_wrong_call_writes_nothing(
    call: Call, in_folder: Path, arguments: list[str], fault: str
) -> None:
    written(in_folder / "in.jsonl", [{"body": "No calls."}])
    with pytest.raises(InputFaults, match=fault):
        call("feedback", *arguments)
    assert {path.name for path in in_folder.iterdir()} <= {"in.jsonl", "new.db"}


# --- shadow mode ---------------------------------------------------------------------------------

COSTS = np.abs(np.subtract.outer(np.arange(5), np.arange(5))).astype(float)


def test_a_candidate_is_compared_where_people_decided() -> None:
    pairs = [
        Pair("both right", P2, P2, P2, False),
        Pair("only shown", P1, P2, P1, False),
        Pair("only candidate", P1, P0, P0, True),
        Pair("neither", P3, P3, P0, False),
        Pair("pending", P4, P3, None, True),
    ]
    report = compare_pairs("m2", pairs, COSTS)
    assert (report.tickets, report.agreement) == (5, 0.4)
    assert report.table[1] == (1, 0, 1, 0, 0)
    assert report.decided is not None
    told = report.decided
    assert (told.both_right, told.only_shown_right, told.only_candidate_right) == (1, 1, 1)
    assert told.neither_right == 1
    assert (told.by_class["P0"].tickets, told.by_class["P0"].candidate_right) == (2, 1)
    assert told.p0_missed_by_shown == ("only candidate", "neither")
    assert told.p0_missed_by_candidate == ("neither",)
    assert told.comparison.p0_recall.candidate == 0.5
    assert report.blind is not None
    assert (report.blind.tickets, report.blind.only_candidate_right) == (1, 1)


def test_without_decisions_nobody_was_right() -> None:
    report = compare_pairs("m2", [Pair("one", P2, P2, None, False)], COSTS)
    assert (report.agreement, report.decided, report.blind) == (1.0, None, None)


def test_the_shadow_is_read_from_the_store(
    keep: Keep,
    decide: Callable[..., str],
    store: Store,
    store_url: str,
    call: Call,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What acted by itself proves nothing, and a candidate is not compared with itself."""
    decide(keep("outage"), "P0")
    decide(keep("acted"), "accept", AUTOMATIC)
    for name in ("outage", "acted"):
        stored = store.tickets.find("zendesk", name)
        assert stored is not None
        store.shadow.record(stored.key, "m2", P0, 0.9, dict.fromkeys(Priority, 0.2), NOW)
        store.shadow.record(stored.key, "m1", P0, 0.9, dict.fromkeys(Priority, 0.2), NOW)
    assert call("shadow", "m2", "--database-url", store_url, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tickets"], report["agreement"]) == (2, 0.0)
    assert report["decided"]["tickets"] == 1
    assert report["decided"]["p0_missed_by_shown"] == ["outage"]
    assert report["decided"]["p0_missed_by_candidate"] == []
    with pytest.raises(InputFaults, match="no shadow suggestion of model m1 beside another"):
        call("shadow", "m1", "--database-url", store_url)
