"""Commands about the support policy: deadlines, their explanation, calendars."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tickets import Fault, InputFaults
from tickets.faults import did_you_mean
from triage.options import zone

if TYPE_CHECKING:
    from sla import Policy
    from triage.sla_due import Case

SOME_ROWS_FAILED = 3
SHOWN_DAYS = 14

app = typer.Typer(
    help="Response deadlines and the support policy behind them.", no_args_is_help=True
)

PolicyFile = Annotated[
    str, typer.Option("--policy", help="Policy file; by default, the one shipped.")
]
Tier = Annotated[str, typer.Option(help="standard or premium.")]
PriorityName = Annotated[str, typer.Option("--priority", help="P0 to P4.")]
ReceivedAt = Annotated[str, typer.Option(help="ISO 8601 with offset.")]
Timezone = Annotated[
    str, typer.Option(help="Zone of receipt times without offset, as America/Los_Angeles.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def due(
    tier: Tier = "",
    priority: PriorityName = "",
    received_at: ReceivedAt = "",
    source: Annotated[
        str, typer.Option("--input", help="Row file with columns tier, priority, received_at.")
    ] = "",
    target: Annotated[
        str, typer.Option("--output", "-o", help="Row file to write, with due_at added; or -.")
    ] = "",
    timezone: Timezone = "",
    policy_file: PolicyFile = "",
    as_json: AsJson = False,
) -> None:
    """Tell when a first response is due, for one ticket or for each row of a file."""
    if source or target:
        _refuse_mixed_call(source, target, tier or priority or received_at)
        _due_of_file(source, target, _policy(policy_file), timezone)
        return
    from triage.sla_printed import plain, response_lines

    case, policy = _case(tier, priority, received_at, timezone), _policy(policy_file)
    with _covered("--received-at"):
        response = policy.response(case.tier, case.priority, case.received_at)
    record = {**plain(case), **plain(response), "policy": policy.version}
    _print(as_json, record, lambda: response_lines(response))


@app.command()
def explain(
    tier: Tier = "",
    priority: PriorityName = "",
    received_at: ReceivedAt = "",
    timezone: Timezone = "",
    policy_file: PolicyFile = "",
    as_json: AsJson = False,
) -> None:
    """Show how a deadline comes about: its clause, the windows consumed, the days skipped."""
    from sla.explanation import explain
    from triage.sla_printed import explanation_lines, plain

    case, policy = _case(tier, priority, received_at, timezone), _policy(policy_file)
    with _covered("--received-at"):
        explanation = explain(policy, **vars(case))
    record = {"policy": policy.version, **plain(explanation)}
    _print(as_json, record, lambda: explanation_lines(explanation))


@app.command()
def policy(
    tier: Tier = "",
    policy_file: PolicyFile = "",
    as_json: AsJson = False,
) -> None:
    """Print the support policy as the table of its source."""
    from triage.sla_printed import policy_record, policy_table, resource_lines

    edition = _policy(policy_file)
    tiers = [_tier(tier, edition)] if tier else list(edition.tiers)
    if as_json:
        _print_json(policy_record(edition, tiers))
        return
    _print_table(policy_table(edition, tiers))
    for line in resource_lines(edition):
        print(line)


@app.command()
def calendar(
    tier: Tier = "standard",
    first: Annotated[str, typer.Option("--from", help="First date; by default, today.")] = "",
    last: Annotated[
        str, typer.Option("--until", help=f"Last date; by default, {SHOWN_DAYS} days are shown.")
    ] = "",
    policy_file: PolicyFile = "",
    as_json: AsJson = False,
) -> None:
    """Print the open hours of a tier, day by day."""
    from sla.open_days import open_days
    from triage.sla_printed import calendar_table, plain

    edition = _policy(policy_file)
    tier = _tier(tier, edition)
    begins, ends = _period(first, last, datetime.now(edition.zone).date())
    with _covered("--from, --until"):
        days = list(open_days(edition, tier, begins, ends))
    if as_json:
        _print_json([plain(day) for day in days])
    else:
        _print_table(calendar_table(days))


def _refuse_mixed_call(source: str, target: str, single: str) -> None:
    if single:
        remedy = "drop --tier, --priority and --received-at, or --input"
        raise InputFaults(Fault("--input", "stands beside a single ticket", remedy))
    absent = [name for name, path in (("--input", source), ("--output", target)) if not path]
    if absent:
        raise InputFaults(Fault(absent[0], "is missing", "name both files; - is standard output"))


def _due_of_file(source: str, target: str, policy: Policy, timezone: str) -> None:
    from triage.sla_due import write_due

    report = write_due(source, target, policy, zone(timezone))
    for line in report.lines():
        print(f"triage: {line}", file=sys.stderr)
    if report.failed:
        raise typer.Exit(SOME_ROWS_FAILED)


def _policy(path: str) -> Policy:
    from sla import load_policy

    policy = load_policy(path or None)
    for warning in policy.warnings:
        print(f"triage: {warning}", file=sys.stderr)
    return policy


def _case(tier: str, priority: str, received_at: str, timezone: str) -> Case:
    """Return the ticket of a call; every option that is wrong is named."""
    from triage.sla_due import parse_case

    try:
        cells = {"tier": tier, "priority": priority, "received_at": received_at}
        return parse_case(cells, zone(timezone))
    except InputFaults as wrong:
        raise InputFaults(
            *(
                Fault(f"--{fault.place.replace('_', '-')}", fault.problem, fault.remedy)
                for fault in wrong.faults
            )
        ) from None


def _tier(given: str, policy: Policy) -> str:
    if given.lower() in policy.tiers:
        return given.lower()
    raise InputFaults(Fault("--tier", f'unknown tier "{given}"', did_you_mean(given, policy.tiers)))


def _period(first: str, last: str, today: date) -> tuple[date, date]:
    begins = _date("--from", first) if first else today
    ends = _date("--until", last) if last else begins + timedelta(days=SHOWN_DAYS - 1)
    if ends < begins:
        raise InputFaults(Fault("--until", f"{ends} comes before {begins}", "swap the dates"))
    return begins, ends


def _date(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        problem = f'"{text}" is no date'
        raise InputFaults(Fault(option, problem, "write dates as 2026-07-03")) from None


@contextmanager
def _covered(place: str) -> Iterator[None]:
    """Turn a time beyond the policy's horizon into a fault of the call."""
    from sla import OutsideHorizon

    try:
        yield
    except OutsideHorizon as beyond:
        raise InputFaults(Fault(place, str(beyond))) from None


def _print(as_json: bool, record: Any, lines: Callable[[], Iterable[str]]) -> None:
    if as_json:
        _print_json(record)
    else:
        print(*lines(), sep="\n")


def _print_json(record: Any) -> None:
    print(json.dumps(record, ensure_ascii=False, indent=2))


def _print_table(table: Any) -> None:
    from triage.printed import table_console

    table_console().print(table)
