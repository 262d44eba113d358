"""From labelled tickets to the three files of an encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import f1_score
from tokenizers import Tokenizer

from classifier import LabelledTicket
from classifier.encoder import FORMAT, load_encoder, ticket_digest
from classifier.progress import Progress, unwatched
from classifier.training import Rules, data_digest
from encoder_training import artefact
from encoder_training.base import LICENCE, NAME, Base
from encoder_training.examples import Example, example
from encoder_training.fitting import Report, Schedule, answers, embeddings, fit
from encoder_training.network import Network, pretrained
from tickets import PRIORITIES
from triage.retraining.training import current_rules

SCHEDULE = Schedule(epochs=6, batch_size=8, rate=1.2e-4, cut=256, mistyped_share=0.2, seed=0)
WITHOUT_SUBJECT = 5
"""One in so many readings of a ticket leaves out its subject, which often misleads."""
FEWEST_LETTERS = 60
"""A shorter body may need its subject to be understood."""
PRIORITY = "priority"


@dataclass(frozen=True)
class Lesson:
    """What is taught and what the teaching is judged by, if anything."""

    rules: Rules
    questions: Mapping[str, tuple[str, ...]]
    learnt: Sequence[LabelledTicket]
    chosen_on: Sequence[Example]


def untold(line: str) -> None:
    """Tell nobody."""


def fine_tune(
    tickets: Sequence[LabelledTicket],
    start: Base,
    into: Path,
    progress: Progress = unwatched,
    *,
    chosen_on: Sequence[LabelledTicket] = (),
    report: Report = untold,
) -> None:
    """Write `encoder.onnx`, `encoder_tokenizer.json` and `encoder.json` into a folder.

    The epoch to keep is chosen on labelled tickets with all facts; without any, it is the last.
    """
    torch.manual_seed(SCHEDULE.seed)
    taught = lesson(tickets, chosen_on)
    tokenizer = start.tokenizer()
    network = blank(start, taught)

    def judge(network: Network) -> float:
        return _quality(network, tokenizer, taught)

    variants = [_variants(labelled, taught.questions) for labelled in taught.learnt]
    chosen = judge if taught.chosen_on else None
    epoch = fit(network, tokenizer, taught.questions, variants, chosen, SCHEDULE, progress, report)
    ship(network, start, taught, epoch, into, report)


def lesson(tickets: Sequence[LabelledTicket], chosen_on: Sequence[LabelledTicket]) -> Lesson:
    """Return what is to be learnt of tickets: every fact, and the priority."""
    rules = current_rules()
    questions = {
        **{fact.name: tuple(fact.values) for fact in rules.schema},
        PRIORITY: tuple(map(str, PRIORITIES)),
    }
    return Lesson(rules, questions, tickets, [example(one, questions) for one in chosen_on])


def blank(start: Base, taught: Lesson) -> Network:
    """Return the network before it has learnt anything of tickets."""
    sizes = {name: len(values) for name, values in taught.questions.items()}
    return pretrained(start.folder, sizes)


def ship(
    network: Network, start: Base, taught: Lesson, epoch: int, folder: Path, report: Report
) -> None:
    """Write a network that learnt until `epoch`, and say how well int8 agrees with it."""
    pruned = artefact.prune(network, start.tokenizer(), SCHEDULE.cut)
    facts = list(taught.rules.schema.names)
    about = {
        "format": FORMAT,
        "width": network.width,
        "cut": SCHEDULE.cut,
        "questions": facts,
        "base": NAME,
        "base_sha256": start.weights_sha256,
        "licence": LICENCE,
        "data": data_digest(taught.learnt),
        "tickets": len(taught.learnt),
        "learnt": " ".join(ticket_digest(one.ticket) for one in taught.learnt),
        "epoch": epoch,
        "seed": SCHEDULE.seed,
        "libraries": {name: version(name) for name in ("torch", "onnx", "onnxruntime")},
    }
    artefact.write(network, pruned, folder, about, len(facts))
    if taught.chosen_on:
        report(f"int8 agrees with float: {_agreement(network, pruned, taught, folder)}")


def _variants(
    labelled: LabelledTicket, questions: Mapping[str, Sequence[str]]
) -> tuple[Example, ...]:
    """Return the readings of a ticket, one of which is drawn in each epoch."""
    whole = (example(labelled, questions),) * (WITHOUT_SUBJECT - 1)
    if len(labelled.ticket.body) <= FEWEST_LETTERS:
        return whole
    return (*whole, example(labelled, questions, subject=False))


def _quality(network: Network, tokenizer: Tokenizer, taught: Lesson) -> float:
    """Return the macro-F1, averaged over the direct view, the rules' view and their product."""
    found = answers(network, tokenizer, taught.questions, taught.chosen_on, SCHEDULE.cut)
    right = [one.answers[PRIORITY] for one in taught.chosen_on]
    ruled = taught.rules.view({name: found[name] for name in taught.rules.schema.names})
    views = (found[PRIORITY], ruled, (found[PRIORITY] + 1e-6) * (ruled + 1e-6))
    return float(np.mean([f1_score(right, view.argmax(1), average="macro") for view in views]))


def _agreement(network: Network, tokenizer: Tokenizer, taught: Lesson, folder: Path) -> str:
    """Say how near the shipped embeddings are to those of the trained network."""
    exact = embeddings(network, tokenizer, taught.questions, taught.chosen_on, SCHEDULE.cut)
    shipped = load_encoder(folder).embed([one.text for one in taught.chosen_on])
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(shipped, axis=1)
    cosines = (exact * shipped).sum(1) / lengths
    return f"cosine {cosines.mean():.4f} on average, {cosines.min():.4f} at least"
