"""The command that takes tickets from a message broker."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands.options import READERS, DatabaseUrl, choice

SCHEMES = ("amqp", "amqps", "redis", "rediss")


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(consume)


def consume(
    broker: Annotated[
        str, typer.Option(help="Address of the broker, as amqp://HOST or redis://HOST.")
    ],
    source: Annotated[
        str, typer.Option("--from", metavar="QUEUE", help="Queue, or Redis stream, of tickets.")
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to", metavar="QUEUE", help="Where assessments go as well.", show_default=False
        ),
    ] = "",
    reader: Annotated[str, typer.Option(help="full, or light: faster, less right.")] = READERS[0],
    database_url: DatabaseUrl = "",
) -> None:
    """Take tickets from a message broker, store them with their suggestions. Ctrl-C ends it."""
    choice("--reader", reader, READERS)
    choice("--broker", broker.partition("://")[0], SCHEMES)
    if not source.strip():
        raise InputFaults(Fault("--from", "is empty", "name the queue or stream of tickets"))
    import asyncio

    from classifier import Reader
    from triage.intake import Intake
    from triage.journal import log_to_standard_error
    from triage.service.installation import Terms, load_installation
    from triage.settings import Settings
    from triage.stored import opened_store

    try:
        from triage.consumer import Consumer, Route, consume
    except ImportError as error:
        remedy = 'pip install "ujet-triage[broker]"'
        raise InputFaults(Fault("triage consume", f"{error.name} is missing", remedy)) from None

    home = Settings.from_environment().home
    with opened_store(database_url) as store:
        terms = Terms(Reader(reader), takes_deliveries=False)
        installation = load_installation(home, store, terms)
        route = Route(broker, source, target)
        consumer = Consumer(route, Intake(store, targets=installation.targets), installation.desk)
        log_to_standard_error()
        print(f"triage: taking tickets from {source}; Ctrl-C ends it", file=sys.stderr)
        asyncio.run(consume(route, consumer, home))
