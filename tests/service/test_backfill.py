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
from tickets.store import (
    Arrival,
    Decision,
    DecisionKind,
    EventKind,
    QueueQuery,
    QueueState,
    Store,
    StoredTicket,
)
from triage import cli
from triage.desk import Desk
from triage.feedback.labels import feedback_labels
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


def in_queue(store: Store, state: QueueState = QueueState.PENDING) -> set[str | None]:
    page = store.suggestions.queue(QueueQuery(state=state))
    return {item.external_id for item in page.items}


def test_past_tickets_are_stored_as_the_desk_would_have_sent_them(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    code, said = backfill(
        *(export(*ROWS), "--endpoint", "support", "--column", COLUMNS, "--map", "urgent=P0")
    )
    assert (code, said) == (
        0,
        ["triage: 2 tickets stored, 0 known before, 1 decisions recorded, 0 failed"],
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
        ["triage: 0 tickets stored, 2 known before, 0 decisions recorded, 0 failed"],
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
    assert said == ["triage: 0 tickets stored, 2 known before, 1 decisions recorded, 0 failed"]


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
    assert said == ["triage: 0 tickets stored, 1 known before, 0 decisions recorded, 0 failed"]
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
        {"id": "7", "body": "Solved some day.", "solved_at": "2025-03-04"},
    ]
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    code, said = backfill(str(path))
    assert (code, said[-1]) == (
        3,
        "triage: 1 tickets stored, 0 known before, 0 decisions recorded, 6 failed",
    )
    assert [line.split(" (")[0] for line in said[:-1]] == [
        "triage: row 2: id: is missing: the ticket could not be known again",
        "triage: row 3: id: stands in an earlier row",
        "triage: row 4: id: is longer than 255 characters",
        "triage: row 5: body: subject and body are both empty",
        "triage: row 6: organization: holds a NUL character",
        "triage: row 7: solved_at: '2025-03-04' has no UTC offset",
    ]
    assert found(store, "1", "backfill").ticket.body == "It rings forever."


def test_a_past_ticket_is_neither_pending_nor_overdue_whatever_its_priority(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    premium = ROWS[1] | {"company": "Acme Telecom"}
    backfill(export(ROWS[0], premium), "--column", COLUMNS)
    assert (in_queue(store), in_queue(store, QueueState.CLOSED)) == (set(), {"7", "8"})
    assert store.statistics(NOW).overdue == 0


def test_a_status_tells_which_tickets_still_wait(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    told = {
        "a": {"state": "Open"},
        "b": {"state": "Open", "answered": "2025-03-04T09:30:00+00:00"},
        "c": {"state": "pending"},
        "d": {"state": "Closed", "done": "2025-03-06T12:00:00+00:00"},
        "e": {"state": "", "done": "2025-03-01T12:00:00+00:00"},  # before it was received
    }
    usual = ROWS[0] | {"state": "", "done": "", "answered": ""}
    file = export(*(usual | {"number": name} | row for name, row in told.items()))
    columns = f"{COLUMNS},status=state,solved_at=done,replied_at=answered"
    backfill(file, "--endpoint", "support", "--column", columns)
    assert in_queue(store) == {"a", "b", "c"}
    assert in_queue(store, QueueState.CLOSED) == {"d", "e"}
    assert found(store, "c").state == "waiting"
    assert found(store, "b").replied_at == datetime(2025, 3, 4, 9, 30, tzinfo=UTC)
    assert store.statistics(NOW).overdue == 2
    events = [store.clock_events.of_ticket(found(store, name).key)[0] for name in "de"]
    assert [(event.kind, event.at) for event in events] == [
        (EventKind.SOLVED, datetime(2025, 3, 6, 12, tzinfo=UTC)),
        (EventKind.SOLVED, datetime(2025, 3, 4, 9, 5, tzinfo=UTC)),
    ]


@pytest.mark.parametrize("status", ["Done", "SOLVED", "resolved ", "Cancelled", "waiting"])
def test_statuses_of_a_file_of_no_named_desk_are_those_of_any(
    status: str, backfill: Call, export: Callable[..., str], store: Store
) -> None:
    backfill(export(ROWS[0] | {"status": status}, ROWS[1] | {"status": "4"}), "--column", COLUMNS)
    state = found(store, "7", "backfill").state
    assert state == ("waiting" if status == "waiting" else "solved")
    assert found(store, "8", "backfill").state == "open"


def test_a_status_may_be_named_later(
    backfill: Call, export: Callable[..., str], store: Store
) -> None:
    file = export(*(row | {"state": "open"} for row in ROWS))
    backfill(file, "--column", COLUMNS)
    backfill(file, "--column", f"{COLUMNS},status=state")
    assert in_queue(store) == {"7", "8"}
    backfill(file, "--column", f"{COLUMNS},status=state")
    assert len(store.clock_events.of_ticket(found(store, "7", "backfill").key)) == 2


def test_a_file_does_not_close_what_the_desk_has_told_live(
    backfill: Call, export: Callable[..., str], store: Store, desk: Desk
) -> None:
    live = Ticket("7", subject="Phones are dead", body="All of them.")
    arrival = Arrival("zendesk:support", "7", endpoint="support", changed_at=NOW)
    Intake(store).take([(live, arrival)], desk, NOW)
    backfill(export(ROWS[0]), "--endpoint", "support", "--column", COLUMNS)
    assert in_queue(store) == {"7"}


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
