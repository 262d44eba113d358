"""`triage sla` as people and programs call it."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sla import Policy

Command = Callable[..., Any]
FOLDER = Path(__file__).with_name("status_page")
SHEET = Path(__file__).parents[1] / "cases" / "response_deadlines.csv"
TICKET = ("--tier", "standard", "--priority", "P0", "--received-at", "2026-07-02T17:50:00-07:00")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_due_tells_the_deadline_of_one_ticket(command: Command) -> None:
    done = command("due", *TICKET)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[:3] == [
        "due        Thu 2026-07-02 18:20:00 PDT",
        "target     30 minutes (calendar clock)",
        "staffed    Mon 2026-07-06 09:20:00 PDT  (the same time in opening hours)",
    ]


def test_due_tells_machines_the_same(command: Command, policy: Policy) -> None:
    assert json.loads(command("due", *TICKET, "--json").out) == {
        "tier": "standard",
        "priority": "P0",
        "received_at": "2026-07-02T17:50:00-07:00",
        "due_at": "2026-07-02T18:20:00-07:00",
        "target": "30 minutes",
        "clock": "calendar",
        "staffed_due_at": "2026-07-06T09:20:00-07:00",
        "outside_availability": False,
        "if_priority": {
            "P0": "2026-07-02T18:20:00-07:00",
            "P1": "2026-07-06T09:50:00-07:00",
            "P2": "2026-07-06T12:50:00-07:00",
            "P3": "2026-07-06T18:00:00-07:00",
            "P4": "2026-07-07T18:00:00-07:00",
        },
        "policy": policy.version,
    }


def test_every_option_that_is_wrong_is_named(command: Command) -> None:
    done = command("due", "--tier", "gold", "--received-at", "2026-07-02T17:50:00")
    assert done.status == 2
    assert done.err.splitlines() == [
        'triage: --tier: unknown tier "gold" (use one of standard, premium)',
        "triage: --priority: is missing (give the priority of the ticket)",
        "triage: --received-at: '2026-07-02T17:50:00' has no UTC offset "
        "(add one, such as -07:00, or name the zone with --timezone)",
    ]


def test_a_time_without_offset_is_read_in_the_zone_given(command: Command) -> None:
    ticket = ("--tier", "premium", "--priority", "P0", "--received-at", "2026-07-02T17:50:00")
    done = command("due", *ticket, "--timezone", "Europe/Berlin")
    assert done.out.startswith("due        Thu 2026-07-02 09:05:00 PDT")
    assert command("due", *ticket, "--timezone", "Berlin").status == 2


def test_a_deadline_beyond_the_horizon_is_refused(command: Command) -> None:
    ticket = ("--tier", "standard", "--priority", "P2")
    done = command("due", *ticket, "--received-at", "2040-12-31T15:00:00-08:00")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("triage: --received-at: the deadline falls after 2040-12-31")


def test_the_answer_sheet_is_answered_as_a_file(command: Command, tmp_path: Path) -> None:
    assert command("due", "--input", str(SHEET), "-o", "out.csv").status == 0
    found = rows(tmp_path / "out.csv")
    assert list(found[0]) == [
        *("case_id", "tier", "priority", "received_at", "input.due_at", "why", "due_at", "error")
    ]
    assert [row["due_at"] for row in found] == [row["due_at"] for row in rows(SHEET)]
    assert {row["error"] for row in found} == {""}


def test_rows_that_fail_say_why_and_the_others_are_answered(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_bytes(
        "\ufeffid;tier;priority;received_at;note\n"
        '1;standard;P2;2026-07-10T18:00:00-07:00;"two\nlines; and a semicolon"\n'
        "2;gold;P9;2026-07-10T18:00:00;\n"
        "3;premium;P0;;\n"
        "4;premium;P0;2040-12-31T17:00:00-08:00\n"
        "5;premium;p3;2026-07-10T18:00:00Z;caf".encode()
        + b"\xe9\n"
        + b"6;Premium;p3;2026-07-10T18:00:00Z;\n"
    )
    done = command("due", "--input", "in.csv", "-o", "out.csv")
    assert done.status == 3
    found = rows(tmp_path / "out.csv")
    assert [row["due_at"] for row in found] == [
        "2026-07-13T13:00:00-07:00",
        *("", "", "", ""),
        "2026-07-10T15:00:00-07:00",
    ]
    assert found[0]["note"] == "two\nlines; and a semicolon"
    assert found[1]["error"] == (
        'tier: unknown tier "gold" (use one of standard, premium); '
        'priority: unknown priority "P9" (use one of P0, P1, P2, P3, P4); '
        "received_at: '2026-07-10T18:00:00' has no UTC offset "
        "(add one, such as -07:00, or name the zone with --timezone)"
    )
    assert found[2]["error"] == "received_at: is missing (give the received_at of the ticket)"
    assert found[3]["error"].startswith("row: has 4 cells where the header has 5")
    assert found[4]["error"].startswith("note: holds bytes that are not UTF-8 text")
    assert done.err.splitlines()[-1] == "triage: 2 deadlines written, 4 rows failed"


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("tier,priority\n1,2\n", 'in.csv: has no column "received_at" (its columns are tier, priority)'),
        ("tier,tier,priority\n1,2,3\n", 'in.csv:1: column "tier" stands twice'),
        ("tier,priority,received_at\n", "in.csv: has no rows"),
        ("", "in.csv: has no header and no rows"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_and_nothing_written(
    command: Command, tmp_path: Path, header: str, problem: str
) -> None:
    (tmp_path / "in.csv").write_text(header, "utf-8")
    done = command("due", "--input", "in.csv", "-o", "out.csv")
    assert done.status == 2
    assert problem in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (("--input", "in.csv"), "--output: is missing"),
        (("-o", "out.csv"), "--input: is missing"),
        (("--input", "in.csv", "-o", "in.csv"), "in.csv: is the input itself"),
        (("--input", "in.csv", "-o", "out.xls"), "out.xls: has an unknown file ending"),
        (("--input", "in.csv", "-o", "nowhere/out.csv"), "its folder does not exist"),
        (("--input", "no.csv", "-o", "out.csv"), "no.csv: does not exist"),
        (("--input", "in.csv", "-o", "out.csv", "--tier", "premium"), "beside a single ticket"),
        (("--policy", "no.yaml", *TICKET), "no.yaml: cannot be read"),
    ],
)
def test_a_call_that_cannot_be_right_is_refused(
    command: Command, tmp_path: Path, call: tuple[str, ...], problem: str
) -> None:
    text = "tier,priority,received_at\nstandard,P2,2026-07-10T18:00:00-07:00\n"
    (tmp_path / "in.csv").write_text(text, "utf-8")
    done = command("due", *call)
    assert (done.status, done.out) == (2, "")
    assert problem in done.err
    assert (tmp_path / "in.csv").read_text("utf-8") == text


def test_a_warning_about_the_policy_goes_to_standard_error(
    command: Command, edited: Callable[..., Path]
) -> None:
    path = edited(("time_zone: America/Los_Angeles #", "time_zone: PST #"))
    done = command("due", *TICKET, "--policy", str(path))
    assert done.status == 0
    assert 'warning: "PST" means UTC-08:00 all year' in done.err


def test_explain_shows_clause_windows_and_skipped_days(command: Command) -> None:
    ticket = ("--tier", "standard", "--priority", "P1")
    done = command("explain", *ticket, "--received-at", "2026-07-02T17:30:00-07:00")
    assert done.status == 0
    assert done.out.splitlines() == [
        "received   Thu 2026-07-02 17:30:00 PDT",
        "due        Mon 2026-07-06 09:30:00 PDT",
        "target     1 business hour (business clock)",
        'clause     "Priority 1 Response SLA | 1 business hour | 30 business minutes"',
        "read as    Monday to Friday, 09:00 to 18:00 on the wall clock, without holidays. "
        "A holiday that falls on a weekend is kept on the observed date.",
        "open       Thu 2026-07-02 17:30:00 PDT to Thu 2026-07-02 18:00:00 PDT  "
        "0:30:00, 0:30:00 in all",
        "open       Mon 2026-07-06 09:00:00 PDT to Mon 2026-07-06 09:30:00 PDT  "
        "0:30:00, 1:00:00 in all",
        "skipped    Fri 2026-07-03  Independence Day (observed)",
        "skipped    Sat 2026-07-04  Saturday",
        "skipped    Sun 2026-07-05  Sunday",
    ]


@pytest.mark.parametrize(
    ("priority", "skipped"),
    [("P0", []), ("P3", ["2026-07-04"]), ("P4", ["2026-07-03", "2026-07-04", "2026-07-05"])],
)
def test_each_clock_skips_its_own_days(command: Command, priority: str, skipped: list[str]) -> None:
    ticket = ("--tier", "premium", "--priority", priority)
    at = "2026-07-03T23:00:00-07:00" if priority == "P3" else "2026-07-02T23:00:00-07:00"
    explained = json.loads(command("explain", *ticket, "--received-at", at, "--json").out)
    assert [each["day"] for each in explained["skipped"]] == skipped
    assert explained["stretches"]


def test_policy_prints_the_table_of_the_source(command: Command) -> None:
    done = command("policy", "--tier", "Premium")
    assert done.status == 0
    assert "Named Customer Success Manager │ ✓" in done.out
    assert "Standard Support" not in done.out
    assert "UJET Status Page: https://status.ujet.co/" in done.out


def test_policy_tells_machines_the_source_of_every_row(command: Command) -> None:
    record = json.loads(command("policy", "--json").out)
    assert record["time_zone"] == "America/Los_Angeles"
    assert record["rows"][9] == {
        "id": "P1",
        "label": "Priority 1 Response SLA",
        "cells": {"standard": "1 business hour", "premium": "30 business minutes"},
        "source": "Priority 1 Response SLA | 1 business hour | 30 business minutes",
        "reading": "",
    }


def test_calendar_prints_open_hours_and_their_sum(command: Command) -> None:
    done = command("calendar", "--from", "2026-11-25", "--until", "2026-11-27")
    assert [line.split() for line in done.out.splitlines()[1:]] == [
        ["Wed", "2026-11-25", "09:00–18:00", "9:00"],
        ["Thu", "2026-11-26", "closed", "0:00", "Thanksgiving", "Day"],
        ["Fri", "2026-11-27", "09:00–18:00", "9:00"],
        ["18:00", "in", "all"],
    ]


def test_calendar_shows_two_weeks_from_today_by_default(command: Command) -> None:
    assert len(json.loads(command("calendar", "--tier", "premium", "--json").out)) == 14


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (("--tier", "gold"), '--tier: unknown tier "gold"'),
        (("--from", "2026-02-30"), '--from: "2026-02-30" is no date'),
        (("--from", "2026-02-03", "--until", "2026-02-01"), "2026-02-01 comes before 2026-02-03"),
        (("--from", "2040-12-25"), "lies outside the policy"),
        (("--from", "9999-12-31", "--until", "9999-12-31"), "lies outside the policy"),
    ],
)
def test_calendar_refuses_what_it_does_not_know(
    command: Command, call: tuple[str, ...], problem: str
) -> None:
    done = command("calendar", *call)
    assert done.status == 2
    assert problem in done.err


def test_uptime_of_saved_files(command: Command) -> None:
    files = [str(path) for path in sorted(FOLDER.iterdir())]
    done = command("uptime", *files, "--month", "2026-06", "--as-of", "2026-07-01T00:00:00Z")
    assert done.status == 0
    assert done.out.splitlines() == [
        "2026-06    99.9421 %, target 99.95 % missed",
        "bad        5 of 8,640 periods",
        "allowed    4, of which -1 left",
        "down       0:29:00 counted, 0:11:00 excluded",
        "outage     Wed 2026-06-10 12:02:00 UTC to Wed 2026-06-10 12:11:00 UTC  "
        "Everything down [inc1]",
        "outage     Sat 2026-06-20 10:00:00 UTC to Sat 2026-06-20 10:20:00 UTC  "
        "Inbound voice down [inc3]; Chat down in Europe [inc2]",
    ]
    assert done.err == (
        'triage: incident inc4 ("Outbound calls delayed") is unresolved, '
        "counted until 2026-07-01T00:00:00+00:00\n"
    )


def test_uptime_without_excluded_incidents(command: Command) -> None:
    path = str(FOLDER / "incidents.json")
    call = ("uptime", path, "--month", "2026-06", "--tier", "premium", "--json")
    excluded = ("--exclude", "inc1=force_majeure,inc3=equipment")
    measured = json.loads(command(*call, *excluded).out)
    assert (measured["bad_periods"], measured["is_met"]) == (3, True)
    done = command(*call, "--exclude", "inc1=weather,inc9=equipment")
    assert done.status == 2
    assert 'unknown name "inc9" (did you mean "inc' in done.err
    assert 'unknown reason "weather"' in command(*call, "--exclude", "inc1=weather").err


@pytest.fixture
def status_page(tmp_path: Path) -> Iterator[str]:
    """The address of a page that answers with the saved files."""
    api = tmp_path / "served" / "api" / "v2"
    api.mkdir(parents=True)
    for path in FOLDER.iterdir():
        (api / path.name).write_bytes(path.read_bytes())

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    handler = partial(Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_uptime_of_a_page_by_its_address(command: Command, status_page: str) -> None:
    done = command("uptime", f"{status_page}/", "--month", "2026-06")
    assert done.status == 0
    assert "bad        5 of 8,640 periods" in done.out


def test_every_source_that_fails_is_named(command: Command, status_page: str) -> None:
    done = command("uptime", "no.json", f"{status_page}/other.json", "http://127.0.0.1:9")
    assert done.status == 2
    assert "no.json: does not exist" in done.err
    assert "/other.json: answers 404" in done.err
    assert "http://127.0.0.1:9/api/v2/incidents.json: does not answer" in done.err


@pytest.mark.parametrize("month", ["2026-13", "june"])
def test_a_month_that_is_none_is_refused(command: Command, month: str) -> None:
    done = command("uptime", str(FOLDER / "incidents.json"), "--month", month)
    assert done.status == 2
    assert f'--month: "{month}" is no month' in done.err


def test_a_month_that_has_not_begun_is_refused(command: Command) -> None:
    call = ("uptime", str(FOLDER / "incidents.json"), "--month", "2026-08")
    done = command(*call, "--as-of", "2026-07-31T23:59:59Z")
    assert done.status == 2
    assert "2026-08 has not begun by 2026-07-31" in done.err


LOG = (
    '{"ticket_id": "1", "at": "2026-07-10T17:00:00-07:00", "kind": "received", '
    '"tier": "standard", "priority": "P2"}\n'
    '{"ticket_id": "2", "at": "2026-07-10T17:00:00-07:00", "kind": "received", '
    '"tier": "premium", "priority": "P0"}'
)
AT = ("--at", "2026-07-10T17:05:00-07:00")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of two open tickets; its last line has no end."""
    path = tmp_path / "events.jsonl"
    path.write_text(LOG, "utf-8")
    return path


def test_reprocess_shows_the_difference_and_leaves_the_log_alone(
    command: Command, log: Path
) -> None:
    done = command("reprocess", "events.jsonl", "--holiday", "2026-07-13", *AT)
    assert done.status == 0
    (_, line) = done.out.splitlines()
    assert " ".join(line.split()) == (
        "1 P2 Mon 2026-07-13 12:00:00 PDT on track Tue 2026-07-14 12:00:00 PDT on track"
    )
    assert "1 of 2 open tickets change" in done.err
    assert "nothing was written; --apply writes it into the log" in done.err
    assert log.read_text("utf-8") == LOG


def test_reprocess_writes_the_change_when_told(
    command: Command, log: Path, edited: Callable[..., Path]
) -> None:
    call = ("reprocess", "events.jsonl", "--holiday", "2026-07-13", *AT)
    applied = command(*call, "--apply", "--json")
    record = json.loads(applied.out)
    assert (record["applied"], record["open_tickets"]) == (True, 2)
    assert [each["ticket_id"] for each in record["changed"]] == ["1"]
    added = [json.loads(line) for line in log.read_text("utf-8").splitlines()[2:]]
    assert [(each["ticket_id"], each["kind"], each["policy"]) for each in added] == [
        ("1", "policy_changed", record["policy"]),
        ("2", "policy_changed", record["policy"]),
    ]
    assert "add 2026-07-13 to holidays.added of the policy" in applied.err
    assert "0 of 0 open tickets change" in command(*call).err
    listed = edited(("added: []", "added: [{ date: 2026-07-13, name: Storm }]"))
    shipped = Path(__file__).parents[2] / "sla" / "policy.yaml"
    back = command(
        "reprocess", "events.jsonl", "--former", str(listed), "--policy", str(shipped), *AT
    )
    assert "1 of 2 open tickets change" in back.err


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ((), "there is nothing to change to"),
        (("--holiday", "2026-09-07"), "the policy stays the same"),
        (("--holiday", "soon"), '"soon" is no date'),
        (("--holiday", "2026-07-13", "--at", "now"), "is not an ISO 8601 time"),
    ],
)
def test_reprocess_refuses_a_call_that_changes_nothing(
    command: Command, log: Path, call: tuple[str, ...], problem: str
) -> None:
    done = command("reprocess", "events.jsonl", *call)
    assert done.status == 2
    assert problem in done.err


def test_reprocess_names_tickets_it_could_not_read(command: Command, log: Path) -> None:
    pinned = LOG.replace('"priority": "P2"}', '"priority": "P2", "policy": "0+000000000000"}')
    log.write_text(pinned, "utf-8")
    done = command("reprocess", "events.jsonl", "--holiday", "2026-07-13", *AT)
    assert done.status == 3
    assert 'ticket 1: policy "0+000000000000" is not at hand' in done.err
