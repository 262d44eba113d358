"""Does evidence show what people would quote, and does the reading rest on it?

Looked at are decisive facts: those of which another value, all others as they were read, would
change the priority by the rules.

Overlap compares the words shown with the words that the corpus quotes, where the value was read
right. Faithfulness takes the words shown out of the ticket, and in another copy as many words drawn
from elsewhere: how much the probability of the value that was read drops, each time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.classifier_trials import Row, Sources, Workbench, say
from classifier import LabelledTicket, Model, Reader
from rules import VerdictTable, load_ruleset, verdict_table
from rules.combinations import number_of
from tickets import FactSchema, Reading, Ticket

FIELDS = ("subject", "body")
SEED = 20261122
_WORD = re.compile(r"\w+")

Words = frozenset[tuple[str, int, int]]
"""Words of a ticket as received: field, start and end of each."""


@dataclass(frozen=True)
class Shown:
    """A decisive fact of a ticket, as it was read, with the words that show it."""

    labelled: LabelledTicket
    fact: str
    value: str
    probability: float
    words: Words


def evidence(sources: Sources, workbench: Workbench, split: str) -> list[Row]:
    """Return a row for each reader, and its facts."""
    table = verdict_table(load_ruleset())
    rows: list[Row] = []
    for reader in Reader:
        shown: list[Shown] = []
        drops: list[tuple[float, float]] = []
        trials = sources.trials(split)
        for number, trial in enumerate(trials, 1):
            say(f"{reader}, trial {number} of {len(trials)}")
            model = workbench.model(workbench.material(trial.learnt), reader)
            here = list(_shown(model, trial.judged, workbench.rules.schema, table))
            shown += here
            drops += _drops(model, here)
        facts = [name for name in workbench.rules.schema.names if _of(name, shown)]
        rows.append({"name": str(reader), **_overlap(shown), **_faithfulness(drops)})
        rows += [{"name": f"  {name}", **_overlap(_of(name, shown))} for name in facts]
    return rows


def _of(fact: str, shown: Sequence[Shown]) -> list[Shown]:
    return [one for one in shown if one.fact == fact]


def _shown(
    model: Model, tickets: Sequence[LabelledTicket], schema: FactSchema, table: VerdictTable
) -> Iterator[Shown]:
    for labelled, reading in zip(tickets, _read(model, tickets), strict=True):
        words = _words(labelled.ticket)
        for fact in _decisive(reading, schema, table):
            read = reading.facts[fact]
            spans = [(span.field, span.start, span.end) for span in read.evidence]
            covered = _covered(words, spans)
            if covered:
                yield Shown(labelled, fact, read.value, read.probability, covered)


def _read(model: Model, tickets: Sequence[LabelledTicket]) -> list[Reading]:
    return model.read([labelled.ticket for labelled in tickets])


def _decisive(reading: Reading, schema: FactSchema, table: VerdictTable) -> Iterator[str]:
    read = {fact.name: reading.facts[fact.name].value for fact in schema}
    here = table[number_of(schema, read)]
    for fact in schema:
        others = (number_of(schema, {**read, fact.name: value}) for value in fact.values)
        if any(table[other] != here for other in others):
            yield fact.name


def _words(ticket: Ticket) -> Words:
    return frozenset(
        (field, *match.span()) for field in FIELDS for match in _WORD.finditer(_text(ticket, field))
    )


def _text(ticket: Ticket, field: str) -> str:
    return ticket.subject if field == "subject" else ticket.body


def _covered(words: Words, spans: Sequence[tuple[str, int, int]]) -> Words:
    return frozenset(
        (field, start, end)
        for field, start, end in words
        if any(field == f and start < last and end > first for f, first, last in spans)
    )


def _overlap(shown: Sequence[Shown]) -> Row:
    """Compare with the quotes, where there are any and the value was read right."""
    compared = [
        (one.words, quotes)
        for one in shown
        if one.labelled.facts.get(one.fact) == one.value
        for quotes in [_quotes(one)]
        if quotes
    ]
    scores = [_f1(words, frozenset().union(*quotes)) for words, quotes in compared]
    met = [bool(words & quote) for words, quotes in compared for quote in quotes]
    return {
        "compared": len(compared),
        "token_f1": float(np.mean(scores)) if scores else None,
        "quotes_met": float(np.mean(met)) if met else None,
    }


def _quotes(one: Shown) -> list[Words]:
    """Return the words of each quote, where it first stands in the ticket."""
    ticket = one.labelled.ticket
    words, found = _words(ticket), []
    for quote in one.labelled.evidence.get(one.fact, ()):
        for field in FIELDS:
            at = _text(ticket, field).find(quote)
            if at >= 0:
                found.append(_covered(words, [(field, at, at + len(quote))]))
                break
    return [quote for quote in found if quote]


def _f1(shown: Words, quoted: Words) -> float:
    return 2 * len(shown & quoted) / (len(shown) + len(quoted))


def _drops(model: Model, shown: Sequence[Shown]) -> list[tuple[float, float]]:
    """Return how much the probability drops without the evidence, and without other words.

    Tickets that have too few other words are left out.
    """
    chance = random.Random(SEED)
    pairs: list[tuple[Shown, Ticket, Ticket]] = []
    for one in shown:
        ticket = one.labelled.ticket
        others = sorted(_words(ticket) - one.words)
        if len(others) > len(one.words):
            drawn = frozenset(chance.sample(others, len(one.words)))
            pairs.append((one, _without(ticket, one.words), _without(ticket, drawn)))
    readings = model.read([ticket for _, *both in pairs for ticket in both])
    return [
        (one.probability - _left(one, told), one.probability - _left(one, other))
        for (one, *_), told, other in zip(pairs, readings[::2], readings[1::2], strict=True)
    ]


def _left(one: Shown, reading: Reading) -> float:
    return reading.facts[one.fact].probabilities[one.value]


def _without(ticket: Ticket, words: Words) -> Ticket:
    texts: Mapping[str, list[str]] = {field: list(_text(ticket, field)) for field in FIELDS}
    for field, start, end in words:
        texts[field][start:end] = " " * (end - start)
    return replace(ticket, subject="".join(texts["subject"]), body="".join(texts["body"]))


def _faithfulness(drops: Sequence[tuple[float, float]]) -> Row:
    told, other = np.array(drops).reshape(-1, 2).T
    return {
        "removed": len(drops),
        "drop_evidence": float(told.mean()) if len(drops) else None,
        "drop_random": float(other.mean()) if len(drops) else None,
        "evidence_drops_more": float((told > other).mean()) if len(drops) else None,
    }
