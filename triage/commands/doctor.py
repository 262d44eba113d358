"""The command that says what is wrong with an installation."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from triage.commands.options import DatabaseUrl

BROKEN = 2


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(doctor)


def doctor(
    database_url: DatabaseUrl = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at every part of this installation; say what is wrong and what would mend it."""
    from triage.doctor import State, examine
    from triage.settings import Settings

    findings = []
    for finding in examine(Settings.from_environment(database_url=database_url)):
        findings.append(finding)
        if not as_json:
            print(f"{finding.state:8}{finding.part:16}{finding.said}")
            if finding.remedy:
                print(f"{'':24}-> {finding.remedy}")
    if as_json:
        print(json.dumps([finding.as_record() for finding in findings], indent=2))
    if any(finding.state is State.BROKEN for finding in findings):
        raise typer.Exit(BROKEN)
