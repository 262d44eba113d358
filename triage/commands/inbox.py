"""The command about the inbox: deliveries of help desks that could not be worked on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.commands.options import DatabaseUrl

if TYPE_CHECKING:
    from tickets.store import Store


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(inbox)


def inbox(
    again: Annotated[
        bool, typer.Option("--again", help="Queue again what was given up, once it is mended.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Deliveries to list.")] = 20,
    database_url: DatabaseUrl = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which deliveries of help desks could not be worked on, and why; without any text."""
    from triage.stored import opened_store

    with opened_store(database_url) as store:
        if again:
            _queue_again(store, datetime.now(UTC))
        report = _report(store, limit)
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return
    print("deliveries: " + ", ".join(f"{state} {n}" for state, n in report["counts"].items()))
    for row in report["given_up"]:
        print("  ".join(row.values()))
    if report["given_up"]:
        print("when mended: `triage inbox --again`")


def _queue_again(store: Store, now: datetime) -> None:
    count = store.inbox.queue_given_up(now)
    store.audit.note("command line", "deliveries queued again", "inbox", {"deliveries": count}, now)


def _report(store: Store, limit: int) -> dict[str, Any]:
    return {
        "counts": {str(state): count for state, count in store.inbox.counts().items()},
        "given_up": [
            {
                "received_at": each.received_at.isoformat(timespec="seconds"),
                "endpoint": each.endpoint,
                "delivery_id": each.delivery_id,
                "problem": each.problem,
            }
            for each in store.inbox.given_up(limit)
        ],
    }
