"""The command that serves the desk over HTTP."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands.options import READERS, DatabaseUrl, choice


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine once there is a key or user.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8_000,
    database_url: DatabaseUrl = "",
    reader: Annotated[str, typer.Option(help="full, or light: faster, less right.")] = READERS[0],
    shadow: Annotated[
        str,
        typer.Option(
            metavar="VERSION",
            help="A stored model that assesses live tickets as well, unseen.",
            show_default=False,
        ),
    ] = "",
    blind_share: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of tickets whose suggestion is hidden until decided."
        ),
    ] = 0.0,
    keep_days: Annotated[
        int, typer.Option(min=0, help="Erase texts after so many days; 0 keeps them.")
    ] = 0,
    status_page: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="A status page whose incidents the review desk shows; a saved file will do.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Serve the HTTP API and the review desk; keep tickets and suggestions. Ctrl-C ends it."""
    choice("--reader", reader, READERS)
    from triage.service.listening import address, is_loopback, listen

    listener = listen(host, port)  # first of all: a taken port is told at once
    from classifier import Reader
    from tickets.store import open_store
    from triage.service.installation import Terms, load_installation
    from triage.service.server import serve as serve_installation
    from triage.settings import Settings

    settings = Settings.from_environment(database_url=database_url)
    store = open_store(settings.database_url)
    try:
        if not is_loopback(listener) and not (store.keys.list() or store.users.list()):
            problem = (
                f'"{host}" can be reached from other machines, and nobody has a key or account'
            )
            remedy = "see `triage keys add` and `triage users add`, or listen on 127.0.0.1"
            raise InputFaults(Fault("--host", problem, remedy))
        terms = Terms(Reader(reader), shadow, blind_share, keep_days, status_page)
        installation = load_installation(settings.home, store, terms)
        here = address(listener)
        print(f"triage: listening on {here}, see {here}/docs; Ctrl-C ends it", file=sys.stderr)
        serve_installation(installation, listener)
    finally:
        store.close()
