"""The command that serves the desk over HTTP."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8_000,
) -> None:
    """Answer over HTTP on this machine; nothing is stored. Ctrl-C ends it."""
    from triage.service.listening import address, listen

    listener = listen(host, port)  # first of all: a taken port is told at once
    from triage.desk import Desk
    from triage.service.server import serve_desk
    from triage.settings import Settings

    home = Settings.from_environment().home
    desk = Desk.load(home)
    here = address(listener)
    print(f"triage: listening on {here}, see {here}/docs; Ctrl-C ends it", file=sys.stderr)
    serve_desk(desk, home, listener)
