"""`triage rules` from outside."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rules.cases import SHIPPED as CASES
from rules.rulefile import SHIPPED
from triage.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int | str | None
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `triage rules` in an empty folder, as a user does."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["triage", "rules", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Done(ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def softer(tmp_path: Path) -> Path:
    """The shipped rules, except that a system or channel that is down is P1."""
    path = tmp_path / "softer.yaml"
    text = SHIPPED.read_text(encoding="utf-8").replace("then: {set: P0}", "then: {set: P1}")
    path.write_text(text, encoding="utf-8")
    return path


TICKETS = """\
id,tier,received_at,environment,facts.environment.value,facts.request.value,facts.part.value,\
facts.condition.value,facts.reach.value,facts.workaround.value,facts.harm.value,facts.cause.value,\
final
a,premium,2026-07-06T09:00:00-07:00,,production,fault,voice,down,all,none,severe,service,P0
b,standard,2026-07-06T09:00:00-07:00,sandbox,production,fault,voice,down,all,none,severe,service,P1
c,standard,2026-07-06T09:00:00-07:00,,production,fault,feature,failing,one,none,minor,service,P3
d,,,,production,fault,chat,down,all,none,severe,service,
"""


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    """Past tickets as `triage batch` writes them, with the priority that people gave."""
    path = tmp_path / "tickets.csv"
    path.write_text(TICKETS, encoding="utf-8")
    return path


def test_check_finds_nothing_to_mend_in_the_shipped_policy(rules: Run) -> None:
    done = rules("check")
    assert done.returncode == 0, done.stderr
    assert "all 69,120 combinations of 8 facts checked" in done.stdout
    assert "decided by default: none" in done.stdout
    assert done.stdout.endswith("nothing to mend\n")


def test_check_tells_findings_with_line_example_and_status_2(rules: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    promise = "reproducible: true, harm: severe}"
    path.write_text(text.replace(promise, "reproducible: true, harm: minor}"), encoding="utf-8")
    done = rules("check", "--rules", path)
    assert done.returncode == 2
    assert 'monotonicity: mine.yaml: harm: "harm" from minor to moderate is worse' in done.stdout
    report = json.loads(rules("check", "--rules", path, "--json").stdout)
    assert {finding["kind"] for finding in report["findings"]} == {"monotonicity"}
    assert report["findings"][0]["example"]["request"] == "fault"


def test_a_wrong_file_is_told_line_by_line_without_a_traceback(rules: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(text.replace("condition: degraded,", "conditoin: degraded,"), encoding="utf-8")
    done = rules("check", "--rules", path)
    line = text[: text.index("condition: degraded,")].count("\n") + 1
    assert done.returncode == 2
    assert done.stderr == (
        f'triage: mine.yaml:{line}: rule "degraded-component-with-severe-harm-is-p1": unknown fact '
        '"conditoin" (did you mean "condition"?)\n'
    )


def test_the_shipped_cases_pass_with_full_coverage(rules: Run) -> None:
    done = rules("test")
    assert done.returncode == 0, done.stderr
    assert "55 of 55 cases as expected\ncoverage 100 % of 26 rules" in done.stdout


def test_a_failing_case_and_low_coverage_give_status_2(rules: Run, tmp_path: Path) -> None:
    text = CASES.read_text(encoding="utf-8")
    path = tmp_path / "cases.yaml"
    first = text.index("  - ticket: Phones")
    path.write_text(text[:first].replace("priority: P0", "priority: P3"), encoding="utf-8")
    done = rules("test", "--cases", path, "--threshold", "0")
    assert done.returncode == 2
    assert "expected P3 by whole-system-down-is-p0, got P0 by whole-system" in done.stdout
    path.write_text(text[:first], encoding="utf-8")
    assert rules("test", "--cases", path, "--threshold", "0").returncode == 0
    assert rules("test", "--cases", path, "--threshold", "90").returncode == 2


def test_explain_names_rules_facts_and_what_would_move_the_priority(rules: Run) -> None:
    done = rules(
        "explain",
        "request=fault",
        "part=voice",
        "condition=degraded",
        "reach=35",
        "harm=moderate",
        "cause=service",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("P2   environment unstated, request fault, part voice")
    assert "* failures-for-many-are-p2: set P2" in done.stdout
    assert "why not more urgent\n  P0 with condition down\n" in done.stdout


def test_explain_tells_unknown_missing_and_wrong_facts(rules: Run) -> None:
    done = rules("explain", "part=vioce", "harm=none")
    assert done.returncode == 2
    assert 'fact "part" has no value "vioce" (did you mean "voice"?)' in done.stderr
    assert 'fact "request" is missing' in done.stderr
    assert rules("explain", "prat=voice").stderr.count("did you mean") == 1


def test_a_table_edited_and_compiled_is_a_rules_file(rules: Run, tmp_path: Path) -> None:
    assert rules("table", "--format", "csv", "-o", "table.csv").returncode == 0
    table = tmp_path / "table.csv"
    edited = table.read_text(encoding="utf-8").replace("is-p0,,,platform,", "is-p0,,,,")
    table.write_text(edited, encoding="utf-8-sig")
    done = rules("table", "--from", "table.csv", "-o", "new.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "triage: 26 rules compiled from table.csv\n"
    explained = rules(
        "explain",
        "--rules",
        "new.yaml",
        "request=fault",
        "part=feature",
        "condition=down",
        "reach=all",
        "harm=none",
        "cause=service",
        "--json",
    )
    assert json.loads(explained.stdout)["priority"] == "P0"


def test_the_verdict_table_is_there_for_people_and_machines(rules: Run) -> None:
    markdown = rules("table", "--verdicts").stdout.splitlines()
    assert markdown[-1] == "| – | – | – | – | – | – | – | – | P4 |"
    records = json.loads(rules("table", "--verdicts", "--json").stdout)
    assert records[-1]["priority"] == "P4"
    assert len(records) == len(markdown) - 2


def test_an_unknown_table_format_is_told(rules: Run) -> None:
    done = rules("table", "--format", "markdwon")
    assert done.returncode == 2
    assert 'unknown format "markdwon" (did you mean "markdown"?)' in done.stderr


def test_diff_counts_and_lists_who_would_change_with_deadlines(
    rules: Run, softer: Path, tickets: Path
) -> None:
    done = rules("diff", SHIPPED, softer, tickets)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "3 of 4 tickets would change priority",
        "288 combinations of facts would",
        "  P0 to P1: 3",
        "deadlines: 0 earlier, 2 later",
    ]
    assert lines[4] == (
        "  a: P0 to P1, due 2026-07-06 09:30 instead of 2026-07-06 09:15; by "
        "dead-component-that-disrupts-work-is-p1 instead of phone-or-chat-down-is-p0"
    )
    assert lines[6].startswith("  d: P0 to P1; by")


def test_diff_lists_all_for_machines(rules: Run, softer: Path, tickets: Path) -> None:
    record = json.loads(rules("diff", SHIPPED, softer, tickets, "--json").stdout)
    assert record["moves"] == [{"old": "P0", "new": "P1", "tickets": 3}]
    assert [changed["id"] for changed in record["changed"]] == ["a", "b", "d"]
    assert record["changed"][0]["new_due_at"] == "2026-07-06T09:30:00-07:00"
    assert record["changed"][2]["new_due_at"] is None


def test_diff_reads_nested_facts_from_json_lines(rules: Run, softer: Path, tmp_path: Path) -> None:
    facts = {
        "environment": "production",
        "request": "fault",
        "part": "chat",
        "condition": "down",
        "reach": "all",
        "workaround": "none",
        "harm": "severe",
        "cause": "service",
    }
    path = tmp_path / "corpus.jsonl"
    path.write_text(json.dumps({"id": "x", "body": "down", "facts": facts}) + "\n")
    done = rules("diff", SHIPPED, softer, path)
    assert done.stdout.startswith("1 of 1 tickets would change priority"), done.stderr


def test_a_file_with_neither_facts_nor_texts_is_told(
    rules: Run, softer: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("id,tier\na,premium\n")
    done = rules("diff", SHIPPED, softer, path)
    assert done.returncode == 2
    assert "has neither facts nor texts (give columns facts.NAME.value" in done.stderr


def test_wrong_rows_are_left_out_and_told_with_status_3(
    rules: Run, softer: Path, tickets: Path
) -> None:
    text = TICKETS.replace("a,premium,2026-07-06T09:00:00-07:00", "a,gold,2026-07-06T09:00:00Z")
    text = text.replace("service,P1", "service,urgent").replace("chat,down", "chat,dwon")
    tickets.write_text(text + TICKETS.splitlines()[1].replace("a,", "e,"), encoding="utf-8")
    done = rules("diff", SHIPPED, softer, tickets)
    assert done.returncode == 3
    assert done.stdout.startswith("1 of 2 tickets would change priority\n")
    assert "  e: P0 to P1, due" in done.stdout
    assert [line.split(" (")[0] for line in done.stderr.splitlines()] == [
        'triage: left out row 1: tier: unknown tier "gold"',
        "triage: left out row 2: final: 'urgent' is not one of P0, P1, P2, P3, P4",
        'triage: left out row 4: facts: fact "condition" has no value "dwon"',
    ]


def test_health_leaves_wrong_rows_out_as_well(rules: Run, tickets: Path) -> None:
    tickets.write_text(TICKETS.replace("service,P1", "service,urgent"), encoding="utf-8")
    done = rules("health", tickets)
    assert done.returncode == 3
    (fired,) = [
        line for line in done.stdout.splitlines() if line.endswith("phone-or-chat-down-is-p0")
    ]
    assert fired.split()[:2] == ["1", "0%"]
    assert "left out row 2: final: 'urgent'" in done.stderr


def test_a_file_without_one_usable_row_fails_the_call(
    rules: Run, softer: Path, tickets: Path
) -> None:
    head, first = TICKETS.splitlines()[:2]
    tickets.write_text(f"{head}\n{first.replace('premium', 'gold')}\n", encoding="utf-8")
    done = rules("diff", SHIPPED, softer, tickets)
    assert (done.returncode, done.stdout) == (2, "")
    place = f"{tickets}: holds no past ticket: left out row 1: tier"
    assert done.stderr == f'triage: {place}: unknown tier "gold" (use one of standard, premium)\n'


@pytest.mark.parametrize("command", ["diff", "health"])
def test_rows_that_a_batch_could_not_assess_are_counted(
    rules: Run, softer: Path, tickets: Path, command: str
) -> None:
    head, *rows = TICKETS.splitlines()
    failed = f"f{',' * head.count(',')}"
    lines = [f"{head},error.field", *(f"{row}," for row in rows), f"{failed},body"]
    tickets.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = rules("diff", SHIPPED, softer, tickets) if command == "diff" else rules(command, tickets)
    assert done.returncode == 3
    assert done.stdout
    assert done.stderr == "triage: left out 1 rows that `triage batch` could not assess\n"


def test_health_tells_how_often_people_decided_otherwise(rules: Run, tickets: Path) -> None:
    done = rules("health", tickets)
    assert done.returncode == 0, done.stderr
    header, first = done.stdout.splitlines()[:2]
    assert header.split() == ["decided", "overridden", "raised", "lowered", "last", "fired", "rule"]
    assert first.split() == ["2", "50%", "0", "1", "2026-07-06", "phone-or-chat-down-is-p0"]


def test_health_needs_decisions(rules: Run, tickets: Path) -> None:
    tickets.write_text(TICKETS.replace(",final", ",other"), encoding="utf-8")
    done = rules("health", tickets)
    assert done.returncode == 2
    assert "no ticket has a final priority" in done.stderr


def test_every_command_says_what_it_does(rules: Run) -> None:
    for command in ("check", "test", "table", "explain", "diff", "health"):
        done = rules(command, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout


@pytest.mark.parametrize("command", ["check", "test"])
def test_the_page_for_policy_owners_shows_what_is_printed(command: str, rules: Run) -> None:
    page = (SHIPPED.parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")
    shown = [line.strip() for line in page.splitlines()]
    for line in rules(command).stdout.splitlines():
        assert line.strip() in shown
