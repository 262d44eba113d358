"""A desk's history goes into the store once, and its past priorities become labels."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tickets import Priority, Ticket
from tickets.store import Arrival, Decision, DecisionKind, Store, StoredTicket
from triage import cli
from triage.desk import Desk
from triage.feedback import feedback_labels
from triage.intake import Intake
from triage.period import Period
from triage.settings import HOME_VARIABLE

NOW = datetime(2026, 7, 10, 9, tzinfo=UTC)
LATER = datetime(2040, 1, 1, tzinfo=UTC)
ROWS = [
    {
        "number": "7",
        "subject": "All phones are dead",
        "body": "Nobody can take calls since 9am.",
        "created_at": "2025-03-04T09:05:00+00:00",
        "company": "Acme Telecom",
        "urgency": "Urgent",
    },
    {
        "number": "8",
        "subject": "How do I export a report?",
        "body": "I cannot find the button.",
        "created_at": "2025-03-05T10:00:00+00:00",
        "company": "Nobody Knows Ltd",
        "urgency": "",
    },
]
COLUMNS = "id=number,organization=company,priority=urgency"

Call = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def home(small_home: Path, tmp_path: Path) -> Path:
    """A home with a Zendesk that is written back to, and its customers."""
    home = tmp_path / "home"
    home.mkdir()
    for entry in small_home.iterdir():
        (home / entry.name).symlink_to(entry)
    (home / "support.secret").write_text("0123456789abcdef0123")
    (home / "endpoints.yaml").write_text(
        "endpoints:\n  - {name: support, source: zendesk, secret_file: support.secret}\n"
    )
    (home / "targets.yaml").write_text(
        "targets:\n  - {name: support, kind: zendesk, url: 'http://127.0.0.1:9',"
        " user: bot@acme.example, token_file: support.secret}\n"
    )
    (home / "customers.csv").write_text("organization,tier\nAcme Telecom,premium\n")
    return home


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., str]:
    """Writes rows to a CSV file and returns its path."""

    def write(*rows: dict[str, str]) -> str:
        path = tmp_path / "export.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    return write


@pytest.fixture
def backfill(
    home: Path,
    store_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    """Runs `triage backfill` and returns its exit status and what it said."""

    def run(*arguments: str) -> tuple[int, list[str]]:
        monkeypatch.setenv(HOME_VARIABLE, str(home))
        call = ["triage", "backfill", *arguments, "--reader", "light", "--database-url", store_url]
        monkeypatch.setattr("sys.argv", call)
        with pytest.raises(SystemExit) as ending:
            cli.main()
        assert isinstance(ending.value.code, int)
        said = capsys.readouterr().err.splitlines()
        return ending.value.code, [line for line in said if "durable-rules" not in line]

    return run


def found(store: Store, external_id: str, source: str = "zendesk:support") -> StoredTicket:
    stored = store.tickets.find(source, external_id)
    assert stored is not None
    return stored


def standing(store: Store, stored: StoredTicket) -> Any:
    assert stored.standing_decision_id is not None
    return store.decisions.load(stored.standing_decision_id)


def test_past_tickets_are_stored_as_the_desk_would_have_sent_them(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    code, said = backfill(
        *(export(*ROWS), "--endpoint", "support", "--column", COLUMNS, "--map", "urgent=P0")
    )
    assert (code, said) == (
        0,
        ["triage: 2 tickets stored, 0 known before, 1 decisions recorded, 0 rows failed"],
    )
    first, second = found(store, "7"), found(store, "8")
    assert (first.ticket.subject, first.ticket.tier) == ("All phones are dead", "premium")
    assert first.received_at == datetime(2025, 3, 4, 9, 5, tzinfo=UTC)
    assert (first.arrival.endpoint, first.arrival.organization) == ("support", "Acme Telecom")
    assert first.is_assessed
    assert (second.ticket.tier, second.standing_decision_id) == (None, None)
    assert store.outbox.waiting(10) == []


def test_a_past_priority_is_a_label_that_nobody_was_led_to(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    backfill(export(*ROWS), "--column", COLUMNS, "--map", "urgent=P0")
    decision = standing(store, found(store, "7", "backfill"))
    assert (decision.actor, decision.reason, decision.priority) == (
        "desk history",
        "history",
        Priority.P0,
    )
    (label,) = feedback_labels(store, Period.named("", "")).labels
    told = ("id", "priority", "tier", "decision", "weight", "decided_by")
    assert [label[name] for name in told] == ["7", "P0", "premium", "blind", 1.0, "desk history"]


@pytest.mark.parametrize(("agrees", "kind"), [(True, "accept"), (False, "override")])
def test_what_was_decided_as_suggested_is_an_accept(
    agrees: bool,
    kind: str,
    backfill: Call,
    export: Callable[..., str],
    store: Store,
) -> None:
    backfill(export(ROWS[0]), "--column", COLUMNS)
    suggestion_id = found(store, "7", "backfill").suggestion_id
    assert suggestion_id is not None
    suggestion = store.suggestions.load(suggestion_id)
    assert suggestion is not None
    other = Priority.P4 if suggestion.priority == Priority.P0 else Priority.P0
    past = suggestion.priority if agrees else other
    backfill(export(ROWS[0]), "--column", COLUMNS, "--map", f"Urgent={past}")
    decision = standing(store, found(store, "7", "backfill"))
    assert (decision.kind, decision.priority) == (kind, past)


def test_the_same_file_twice_stores_nothing_twice(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    arguments = (export(*ROWS), "--column", COLUMNS, "--map", "urgent=P0")
    backfill(*arguments)
    before = found(store, "7", "backfill")
    code, said = backfill(*arguments)
    assert (code, said) == (
        0,
        ["triage: 0 tickets stored, 2 known before, 0 decisions recorded, 0 rows failed"],
    )
    assert found(store, "7", "backfill") == before
    assert len(list(store.decisions.export(datetime(2000, 1, 1, tzinfo=UTC), LATER))) == 1


def test_a_priority_that_nobody_explained_is_asked_for_and_can_be_given_later(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    code, said = backfill(export(*ROWS), "--column", COLUMNS)
    assert (code, said[0]) == (
        0,
        'triage: priority "Urgent" of 1 rows: unknown; name it with --map "Urgent=P2"',
    )
    assert found(store, "7", "backfill").standing_decision_id is None
    _, said = backfill(export(*ROWS), "--column", COLUMNS, "--map", "urgent=P1")
    assert said == ["triage: 0 tickets stored, 2 known before, 1 decisions recorded, 0 rows failed"]


def test_a_live_ticket_keeps_its_text_and_its_decision(
    backfill: Call, export: Callable[..., str], store: Store, desk: Desk
) -> None:
    live = Ticket("7", subject="Phones are back", body="Thank you.")
    arrival = Arrival("zendesk:support", "7", endpoint="support", changed_at=NOW)
    [taken] = Intake(store).take([(live, arrival)], desk, NOW)
    decision = Decision(DecisionKind.OVERRIDE, "bea", Priority.P4)
    store.decisions.decide(taken.suggestion.id, decision, None, NOW)
    _, said = backfill(
        *(export(ROWS[0]), "--endpoint", "support", "--column", COLUMNS, "--map", "urgent=P0")
    )
    assert said == ["triage: 0 tickets stored, 1 known before, 0 decisions recorded, 0 rows failed"]
    kept = found(store, "7")
    assert (kept.key, kept.ticket.subject) == (taken.ticket.key, "Phones are back")
    assert standing(store, kept).actor == "bea"


def test_a_webhook_of_the_desk_renews_the_ticket_of_its_history(
    backfill: Call, export: Callable[..., str], store: Store, desk: Desk
) -> None:
    backfill(export(ROWS[0]), "--endpoint", "support", "--column", COLUMNS)
    arrival = Arrival("zendesk:support", "7", delivery_id="d1", changed_at=NOW)
    live = Ticket("7", subject="Phones dead again", body="Since noon.")
    [taken] = Intake(store).take([(live, arrival)], desk, NOW)
    assert taken.is_new
    assert found(store, "7").ticket.subject == "Phones dead again"


def test_rows_that_are_no_past_ticket_are_named_and_the_others_stored(
    backfill: Call, tmp_path: Path, store: Store
) -> None:
    rows = [
        {"id": "1", "body": "It rings forever."},
        {"id": "", "body": "No id."},
        {"id": "1", "body": "The same id."},
        {"id": "x" * 256, "body": "A long id."},
        {"id": "5", "body": " "},
        {"id": "6", "body": "Odd customer.", "organization": "A\x00B"},
    ]
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    code, said = backfill(str(path))
    assert (code, said[-1]) == (
        3,
        "triage: 1 tickets stored, 0 known before, 0 decisions recorded, 5 rows failed",
    )
    assert [line.split(" (")[0] for line in said[:-1]] == [
        "triage: row 2: id: is missing: the ticket could not be known again",
        "triage: row 3: id: stands in an earlier row",
        "triage: row 4: id: is longer than 255 characters",
        "triage: row 5: body: subject and body are both empty",
        "triage: row 6: organization: holds a NUL character",
    ]
    assert found(store, "1", "backfill").ticket.body == "It rings forever."


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--endpoint", "suport"), 'triage: --endpoint: unknown "suport"'),
        (("--column", "urgency=number"), 'triage: --column: unknown name "urgency"'),
        (("--column", "id=nummer"), 'has no column "nummer"'),
        (("--map", "urgent=P7"), "triage: --map: "),
        (("--timezone", "Mars/Olympus"), "triage: --timezone: unknown time zone"),
    ],
)
def test_a_wrong_call_stores_nothing(
    arguments: tuple[str, ...],
    fault: str,
    backfill: Call,
    export: Callable[..., str],
    store: Store,
) -> None:
    code, said = backfill(export(*ROWS), *arguments)
    assert code == 2
    assert fault in said[0]
    assert list(store.tickets.stored_since(datetime(2000, 1, 1, tzinfo=UTC))) == []
