"""Commands about the support policy: deadlines, calendars, uptime, and changes of policy."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tickets import Fault, InputFaults
from tickets.faults import did_you_mean
from triage.commands.options import pairs, zone

if TYPE_CHECKING:
    from sla import Policy
    from sla.status_page import StatusPage
    from sla.uptime import Month, UptimeTerms
    from triage.commands.sla_due import Case

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
    from triage.commands.sla_printed import plain, response_lines

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
    from triage.commands.sla_printed import explanation_lines, plain

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
    from triage.commands.sla_printed import policy_record, policy_table, resource_lines

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
    from triage.commands.sla_printed import calendar_table, plain

    edition = _policy(policy_file)
    tier = _tier(tier, edition)
    begins, ends = _period(first, last, datetime.now(edition.zone).date())
    with _covered("--from, --until"):
        days = list(open_days(edition, tier, begins, ends))
    if as_json:
        _print_json([plain(day) for day in days])
    else:
        _print_table(calendar_table(days))


@app.command()
def uptime(
    sources: Annotated[
        list[str], typer.Argument(metavar="INCIDENTS.json", help="Files or a page's address.")
    ],
    month: Annotated[str, typer.Option(help="YYYY-MM; by default, the current month.")] = "",
    tier: Annotated[
        str, typer.Option(help="Whose promise to measure; by default, the strictest.")
    ] = "",
    exclude: Annotated[
        list[str] | None, typer.Option(help="INCIDENT=REASON: an exclusion of the policy.")
    ] = None,
    as_of: Annotated[
        str, typer.Option(help="ISO 8601: how long unresolved incidents last; by default, now.")
    ] = "",
    policy_file: PolicyFile = "",
    as_json: AsJson = False,
) -> None:
    """Measure a month's uptime from a status page's incidents (Atlassian Statuspage JSON)."""
    from sla.status_page import parse_status_page
    from sla.uptime import monthly_uptime
    from triage.commands.sla_printed import plain, uptime_lines
    from triage.status_source import status_documents

    edition = _policy(policy_file)
    terms = edition.uptime
    page = parse_status_page(status_documents(sources))
    known_until = _instant("--as-of", as_of) or datetime.now(terms.zone)
    measured = monthly_uptime(
        page,
        _month(month, known_until, terms),
        terms,
        terms.targets[_tier(tier, edition)] if tier else max(terms.targets.values()),
        as_of=known_until,
        excluded_incidents=_excluded(exclude, page, terms),
    )
    for incident in page.incidents:
        if incident.resolved_at is None:
            notice = f'incident {incident.id} ("{incident.name}") is unresolved'
            print(f"triage: {notice}, counted until {known_until.isoformat()}", file=sys.stderr)
    _print(as_json, plain(measured), lambda: uptime_lines(measured, page))


@app.command()
def reprocess(
    log_path: Annotated[
        str, typer.Argument(metavar="EVENTS.jsonl", help="Event log, one JSON object a line.")
    ],
    former_file: Annotated[
        str, typer.Option("--former", help="Policy file that open tickets are under.")
    ] = "",
    policy_file: Annotated[
        str, typer.Option("--policy", help="Policy file to move to; by default, the former.")
    ] = "",
    holiday: Annotated[
        list[str] | None, typer.Option(help="An unplanned holiday, YYYY-MM-DD; may be repeated.")
    ] = None,
    at: Annotated[str, typer.Option(help="ISO 8601: when tickets move; by default, now.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Write the change into the log.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what another policy or an unplanned holiday changes for open tickets."""
    from triage.commands.sla_reprocess import Reprocessing

    days = [_date("--holiday", text) for text in holiday or ()]
    if not policy_file and not days:
        remedy = "name a policy file with --policy, or a date with --holiday"
        raise InputFaults(Fault("--policy", "there is nothing to change to", remedy))
    former = _policy(former_file)
    current = _policy(policy_file or former_file, dict.fromkeys(days, "unplanned holiday"))
    if current.version == former.version:
        remedy = "name another policy file, or a date inside its years that is no holiday yet"
        raise InputFaults(Fault("--policy, --holiday", "the policy stays the same", remedy))
    work = Reprocessing.of(
        log_path,
        former=former,
        current=current,
        instant=_instant("--at", at) or datetime.now().astimezone(),
    )
    if as_json:
        _print_json(work.record(is_applied=apply))
    else:
        _print_table(work.table())
    if apply:
        work.apply()
    for line in work.notes(days, is_applied=apply):
        print(f"triage: {line}", file=sys.stderr)
    if work.stuck:
        raise typer.Exit(SOME_ROWS_FAILED)


def _refuse_mixed_call(source: str, target: str, single: str) -> None:
    if single:
        remedy = "drop --tier, --priority and --received-at, or --input"
        raise InputFaults(Fault("--input", "stands beside a single ticket", remedy))
    absent = [name for name, path in (("--input", source), ("--output", target)) if not path]
    if absent:
        raise InputFaults(Fault(absent[0], "is missing", "name both files; - is standard output"))


def _due_of_file(source: str, target: str, policy: Policy, timezone: str) -> None:
    from triage.commands.sla_due import write_due

    report = write_due(source, target, policy, zone(timezone))
    for line in report.lines():
        print(f"triage: {line}", file=sys.stderr)
    if report.failed:
        raise typer.Exit(SOME_ROWS_FAILED)


def _policy(path: str, added_holidays: Mapping[date, str] | None = None) -> Policy:
    from sla import load_policy

    policy = load_policy(path or None, added_holidays=added_holidays)
    for warning in policy.warnings:
        print(f"triage: {warning}", file=sys.stderr)
    return policy


def _case(tier: str, priority: str, received_at: str, timezone: str) -> Case:
    """Return the ticket of a call; every option that is wrong is named."""
    from triage.commands.sla_due import parse_case

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


def _instant(option: str, text: str) -> datetime | None:
    from tickets.ticket import TicketFault, parse_instant

    try:
        return parse_instant(text, field=option) if text else None
    except TicketFault as fault:
        remedy = "write it as 2026-07-10T09:05:00-07:00"
        raise InputFaults(Fault(option, fault.problem, remedy)) from None


def _month(text: str, now: datetime, terms: UptimeTerms) -> Month:
    from sla.uptime import Month

    local = now.astimezone(terms.zone)
    if not text:
        return Month(local.year, local.month, terms.zone)
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InputFaults(Fault("--month", f'"{text}" is no month', "write 2026-07")) from None
    if first > local.date():
        problem = f"{text} has not begun by {local:%Y-%m-%d}"
        raise InputFaults(Fault("--month", problem, "name an earlier month, or a later --as-of"))
    return Month(first.year, first.month, terms.zone)


def _excluded(given: list[str] | None, page: StatusPage, terms: UptimeTerms) -> frozenset[str]:
    known = [incident.id for incident in page.incidents]
    excluded = pairs("--exclude", given, keys=known)
    faults = [
        Fault("--exclude", f'unknown reason "{reason}"', did_you_mean(reason, terms.exclusions))
        for reason in excluded.values()
        if reason not in terms.exclusions
    ]
    if faults:
        raise InputFaults(*faults)
    return frozenset(excluded)


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
    from triage.commands.printed import table_console

    table_console().print(table)
