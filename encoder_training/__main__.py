"""Make the encoder again: fine-tune on the corpus' training writers, export, quantise, hash.

Learns from the training split alone; the epoch to keep is chosen on the development split, and
the test writers are never read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encoder_training import base
from encoder_training.fine_tuning import fine_tune
from tickets import InputFaults
from triage.labelled.corpus import load_corpus
from triage.retraining.training import current_rules


def main(
    place: Annotated[str | None, typer.Option("--base", help="Folder or hub name.")] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where the files go.")] = Path("classifier"),
) -> None:
    """Fine-tune the encoder and write its three files."""
    try:
        make(base.find_base(place), folder)
    except InputFaults as faults:
        typer.echo(str(faults), err=True)
        raise typer.Exit(2) from None


def make(start: base.Base, folder: Path) -> None:
    """Write the files of the encoder that ships into a folder."""
    corpus = load_corpus(current_rules().schema)
    learnt, chosen_on = (
        [labelled for labelled in corpus if labelled.split == split]
        for split in ("train", "development")
    )
    fine_tune(learnt, start, folder, chosen_on=chosen_on, report=typer.echo)


if __name__ == "__main__":
    typer.run(main)
