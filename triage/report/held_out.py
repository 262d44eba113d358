"""The tickets that a report is about: none that a model concerned has learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classifier import LabelledTicket, Model, Registry
from classifier.rows import are_new as are_new_to_encoder
from rules import load_ruleset
from tickets import Fault, InputFaults
from triage.labelled.corpus import SHIPPED, load_labelled
from triage.retraining.held_out import are_new, those
from triage.retraining.source import STANDARD_INPUT, Source
from triage.retraining.training import HELD_OUT


@dataclass(frozen=True)
class HeldOut:
    """Labelled tickets, where they come from, and why they are a fair trial."""

    tickets: Sequence[LabelledTicket]
    name: str
    """Of the file, without its folders, which may name a person."""
    how: str
    is_ours: bool = False
    """Whether they are of the corpus that comes with the product."""
    left_out: int = 0
    """Tickets of the file that a model has learnt from."""

    def new_to(self, model: Model, registry: Registry) -> HeldOut:
        """Return the tickets that a stored model has not learnt from, nor its encoder."""
        is_new = are_new(self.tickets, registry.learnt(model.version))
        is_new &= are_new_to_encoder(self.tickets, model.encoder)
        left_out = self.left_out + int((~is_new).sum())
        return replace(self, tickets=those(self.tickets, is_new), left_out=left_out)


def held_out_tickets(model: Model, source: Source | None, registry: Registry) -> HeldOut:
    """Return the tickets of a source that are new to a model; by default, what training held out.

    `InputFaults` when there are none, or when the source cannot be read.
    """
    found = _named(model, source).new_to(model, registry)
    if not found.tickets:
        problem = f"model {model.version} has learnt from all of its {found.left_out:,} tickets"
        raise InputFaults(Fault(found.name, problem, "name others with --data FILE"))
    return found


def _named(model: Model, source: Source | None) -> HeldOut:
    if source is not None:
        return HeldOut(
            source.tickets(),
            _name(source),
            "named for this report, without what a model has learnt from",
        )
    if "source" not in model.description:
        return _ours()
    source = Source.of(model.version, model.description)
    how = f"not learnt from; training held out {model.description['held_out']['how']}"
    return HeldOut(source.tickets(), _name(source), how)


def _ours() -> HeldOut:
    tickets, _ = load_labelled(SHIPPED, load_ruleset().schema)
    held_out = [labelled for labelled in tickets if labelled.split == HELD_OUT]
    how = f"the split {HELD_OUT}, whose writers wrote nothing that is learnt from"
    return HeldOut(held_out, "our corpus", how, is_ours=True)


def _name(source: Source) -> str:
    return "standard input" if source.file == STANDARD_INPUT else Path(source.file).name
