"""The command that reports on a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tickets import Fault, InputFaults
from triage.commands.options import READERS, SOME_ROWS_FAILED, choice, label_names, pairs
from triage.commands.registry import Column, Data, Map, OfReader

PAGE, CARD = ".html", ".md"
"""File endings; each decides what is written."""


def register(app: typer.Typer) -> None:
    """Add the command to the root app."""
    app.command()(report)


def report(
    version: Annotated[
        str,
        typer.Argument(
            help="By default, the newest candidate, else the current model.", show_default=False
        ),
    ] = "",
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=".html for the report, .md for the model card; by default, report-VERSION.html.",
            show_default=False,
        ),
    ] = "",
    data: Data = "",
    column: Column = None,
    map_: Map = None,
    reader: OfReader = READERS[0],
    with_personal_data: Annotated[
        bool, typer.Option("--with-personal-data", help="Show texts as received.")
    ] = False,
) -> None:
    """Write a report of a model on tickets it has not learnt from, or its model card."""
    choice("--reader", reader, READERS)
    if output and Path(output).suffix.lower() not in (PAGE, CARD):
        remedy = f"end it in {PAGE} for the report, in {CARD} for the model card"
        raise InputFaults(Fault(output, "has an unknown file ending", remedy))
    import logging
    from datetime import UTC, datetime

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # else it tells of its cache folder
    from classifier import Reader, Registry
    from triage.progress import progress_bar
    from triage.report.card import card
    from triage.report.findings import find
    from triage.report.page import page
    from triage.report.trial import try_model
    from triage.retraining.source import Source
    from triage.row_output import refuse_same_file, write_whole
    from triage.settings import Settings

    if data and output:
        refuse_same_file(data, output)
    source = Source.named(data, pairs("--column", column), label_names(map_)) if data else None
    registry = Registry(Settings.from_environment().home)
    with progress_bar("reading held-out tickets") as bar:
        trial = try_model(version, Reader(reader), source, registry, bar.reach)
    findings = find(trial, datetime.now(UTC), shows_personal_data=with_personal_data)
    target = output or f"report-{trial.answers.model.version}{PAGE}"
    is_card = target.lower().endswith(CARD)
    write_whole(target, card(findings, registry, source) if is_card else page(findings))
    print(target)
    if source and source.left_out:
        raise typer.Exit(SOME_ROWS_FAILED)
