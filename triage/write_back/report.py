"""What `triage outbox` says: counts, what waits, what would be written; never any text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from tickets.store import Message, Store
from triage.printed import table_console
from triage.write_back.delivery import deliver
from triage.write_back.line import Line, open_client
from triage.write_back.outcome import GaveUp, Kept, Outcome, RetryAt, Sent
from triage.write_back.targets import Targets
from triage.write_back.worker import OutboxWorker

Report = Mapping[str, Any]


def overview(store: Store, limit: int) -> Report:
    """Return the counts and the messages that wait."""
    waiting = [_row(message, message.problem or "") for message in store.outbox.waiting(limit)]
    return {"counts": _counts(store), "messages": waiting}


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


def print_report(report: Report) -> None:
    """Print a report as a table under its counts."""
    console = table_console()
    for name in ("delivered", "counts"):
        if name in report:
            counts = ", ".join(f"{key} {count}" for key, count in report[name].items())
            console.print(f"{name}: {counts or 'nothing was due'}")
    if not report["messages"]:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("since", "target", "ticket", "tells", "attempts", "says"):
        table.add_column(heading, no_wrap=heading != "says", overflow="fold")
    for row in report["messages"]:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)


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
        case RetryAt(_, problem):
            return f"would try again: {problem}"
        case GaveUp(problem):
            return f"would give up: {problem}"


def _counts(store: Store) -> dict[str, int]:
    return {str(state): count for state, count in store.outbox.counts().items()}
