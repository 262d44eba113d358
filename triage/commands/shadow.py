"""The command about a candidate that runs in the shadow."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(shadow)


def shadow(
    version: Annotated[str, typer.Argument(help="Of the model that ran in the shadow.")],
    database_url: Annotated[
        str,
        typer.Option(
            "--database-url",
            help="The service's store; by default TRIAGE_DATABASE_URL, or a file in TRIAGE_HOME.",
            show_default=False,
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare what a candidate would have suggested with what was shown and decided."""
    from triage.retraining.shadow import shadow_report
    from triage.stored import opened_store

    with opened_store(database_url) as store:
        report = shadow_report(store, version)
    if as_json:
        print(json.dumps(report.as_record(), indent=2))
    else:
        from triage.commands.shadow_printed import print_shadow

        print_shadow(report)
