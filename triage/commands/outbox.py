"""The command about the outbox: what waits to be written back, and sending it now."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from tickets import Fault, InputFaults


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(outbox)


def outbox(
    targets: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Targets; by default, targets.yaml in the home.",
            show_default=False,
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look at the tickets; say what would be written.")
    ] = False,
    send: Annotated[bool, typer.Option("--send", help="Deliver once what is due now.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Queue again what was given up, once it is mended.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Messages of each list.")] = 20,
    database_url: Annotated[
        str, typer.Option(help="By default, TRIAGE_DATABASE_URL.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what waits to be written back to help desks and programs, without any text."""
    if dry_run + send + again > 1:
        problem = "--dry-run, --send and --again do not go together"
        raise InputFaults(Fault("triage outbox", problem, "give one of them"))
    from tickets.store import StoreUnavailable, open_store
    from triage.settings import Settings
    from triage.write_back import load_targets
    from triage.write_back.report import (
        delivered,
        looked_up,
        overview,
        print_report,
        queue_again,
    )

    settings = Settings.from_environment(database_url=database_url)
    known = load_targets(targets or settings.home / "targets.yaml") if send or dry_run else {}
    store = open_store(settings.database_url)
    try:
        if again:
            queue_again(store, datetime.now(UTC))
        if send:
            report = delivered(store, known)
        elif dry_run:
            report = looked_up(store, known, limit, datetime.now(UTC))
        else:
            report = overview(store, limit)
    except StoreUnavailable as error:
        raise InputFaults(Fault("database", str(error))) from None
    finally:
        store.close()
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print_report(report)
