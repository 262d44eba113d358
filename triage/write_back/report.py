"""What `triage outbox` says: counts, what waits, what would be written; never any text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from tickets.store import Message, Store
from triage.commands.printed import table_console
from triage.write_back.delivery import deliver
from triage.write_back.line import Line, open_client
from triage.write_back.outcome import GaveUp, Kept, Outcome, Postponed, RetryAt, Sent
from triage.write_back.targets import Targets
from triage.write_back.worker import OutboxWorker

Report = Mapping[str, Any]


def overview(store: Store, limit: int) -> Report:
    """Return the counts, the messages that wait, and those that were given up."""
    waiting, given_up = store.outbox.waiting(limit), store.outbox.given_up(limit)
    return {
        "counts": _counts(store),
        "messages": [_row(message, message.problem or "") for message in waiting],
        "given_up": [_row(message, message.problem or "") for message in given_up],
    }


def looked_up(store: Store, targets: Targets, limit: int, now: datetime) -> Report:
    """Return the counts, and for each waiting message what would be written now."""
    rows = []
    with open_client() as client:
        lines = {name: Line(target, client) for name, target in targets.items()}
        for message in store.outbox.waiting(limit):
            line = lines.get(message.target)
            outcome = deliver(message, line, now, dry_run=True) if line else _untold(message)
            rows.append(_row(message, _in_words(outcome)))
    return {"counts": _counts(store), "messages": rows}


def delivered(store: Store, targets: Targets) -> Report:
    """Deliver what is due; return how it went, and the counts and what waits after it."""
    with open_client() as client:
        worker = OutboxWorker(store, targets, client, lambda: datetime.now(UTC), "triage outbox")
        outcomes = worker.deliver_due()
    return {"delivered": dict(outcomes), **overview(store, limit=20)}


def queue_again(store: Store, now: datetime) -> None:
    """Queue again what was given up; the audit tells of it."""
    count = store.outbox.queue_given_up(now)
    store.audit.note("command line", "messages queued again", "outbox", {"messages": count}, now)


def print_report(report: Report) -> None:
    """Print a report as a table under its counts."""
    console = table_console()
    for name in ("delivered", "counts"):
        if name in report:
            counts = ", ".join(f"{key} {count}" for key, count in report[name].items())
            console.print(f"{name}: {counts or 'nothing was due'}")
    if report["messages"]:
        console.print(_table(report["messages"]))
    if report.get("given_up"):
        console.print("given up, the newest first; when mended, `triage outbox --again`:")
        console.print(_table(report["given_up"]))


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("since", "target", "ticket", "tells", "attempts", "says"):
        table.add_column(heading, no_wrap=heading != "says", overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table


def _row(message: Message, says: str) -> dict[str, Any]:
    payload = message.payload
    return {
        "since": message.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "target": message.target,
        "ticket": message.ticket_key,
        "tells": payload.get("act") or payload.get("type"),
        "attempts": message.attempts,
        "says": says,
    }


def _untold(message: Message) -> GaveUp:
    return GaveUp(f"no target {message.target} in the targets file; add it again")


def _in_words(outcome: Outcome) -> str:
    match outcome:
        case Sent(does):
            return f"would {does}"
        case Kept(why):
            return f"would change nothing: {why}"
        case Postponed(_, why):
            return f"would wait: {why}"
        case RetryAt(_, problem):
            return f"would try again: {problem}"
        case GaveUp(problem):
            return f"would give up: {problem}"


def _counts(store: Store) -> dict[str, int]:
    return {str(state): count for state, count in store.outbox.counts().items()}
