"""How much labelling it takes: heads that learn from a few training tickets, drawn at random.

Heads learn from the tickets drawn and from nothing else. Their temperatures and the pool, 16
numbers in all, are fitted on development tickets of other writers than the one judged. The
vocabulary comes from all training texts; it sees no labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.classifier_trials import (
    DEVELOPMENT,
    Floats,
    Labels,
    Row,
    Sources,
    Views,
    Workbench,
    joined,
    measures,
    say,
    without_facts,
)
from classifier import LabelledTicket, Reader
from classifier.features import ticket_text
from classifier.fitting import Fit, Question, fit_all, question, temperature
from classifier.heads import softmax
from classifier.model import DIRECT
from classifier.pooling import fit_pool
from classifier.recipe import Recipe
from classifier.rows import Embeddings, beside, feature_rows, learn_space
from classifier.training import Rules
from tickets import PRIORITIES, FactSchema
from triage.retraining.training import HELD_OUT

SIZES = (110, 220, 450, 900, 1_800)
SEEDS = (1, 2, 3)
ANNOTATED, PRIORITY_ONLY = 300, 2_000
ROUNDS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Ground:
    """Training tickets and tickets to judge by, as rows that a reader sees."""

    training: Sequence[LabelledTicket]
    training_rows: csr_matrix
    others: Sequence[LabelledTicket]
    """Tickets that calibrate or are judged."""
    other_rows: csr_matrix
    turns: Sequence[tuple[Labels, Labels]]
    """The numbers of the others that calibrate, and of those that are judged meanwhile."""

    @classmethod
    def of(cls, sources: Sources, split: str, workbench: Workbench, reader: Reader) -> Ground:
        """Observe the training tickets and those of a split."""
        training, writers = sources.training(), sources.by_writer(DEVELOPMENT)
        judged = [one for own in sources.by_writer(HELD_OUT).values() for one in own]
        development = [one for own in writers.values() for one in own]
        is_test = split == HELD_OUT
        others = [*development, *judged] if is_test else development
        writer = np.array([one.writer for one in others])
        if is_test:
            calibrates = np.arange(len(others)) < len(development)
            turns = [(np.flatnonzero(calibrates), np.flatnonzero(~calibrates))]
        else:
            turns = [(np.flatnonzero(writer != w), np.flatnonzero(writer == w)) for w in writers]
        rows = _rows(training, others, workbench, reader)
        return cls(training, rows[: len(training)], others, rows[len(training) :], turns)


def _rows(
    training: Sequence[LabelledTicket],
    others: Sequence[LabelledTicket],
    workbench: Workbench,
    reader: Reader,
) -> csr_matrix:
    recipe = workbench.recipes[reader]
    tickets = [labelled.ticket for labelled in (*training, *others)]
    features = feature_rows(learn_space(tickets[: len(training)], recipe), tickets)
    if reader is Reader.LIGHT:
        return features
    say(f"embedding {len(tickets):,} tickets")
    raw = workbench.encoder.embed([ticket_text(ticket).clean.text for ticket in tickets])
    main = Embeddings.of(raw[: len(training)], recipe)
    columns = ((raw - main.centre) @ main.directions).astype(np.float32)
    return beside(features, replace(main, columns=columns))


def learning_curve(sources: Sources, workbench: Workbench, split: str) -> list[Row]:
    """Return macro-F1 and QWK by number of training tickets; means over draws of the same size.

    The encoder itself was fine-tuned on all of the training split, so the full reader's curve shows
    only how many tickets its heads need, once there is an encoder that knows such texts. The light
    reader learns everything from the tickets drawn.
    """
    rows = []
    for reader in (Reader.LIGHT, Reader.FULL):
        ground = Ground.of(sources, split, workbench, reader)
        total = len(ground.training)
        for size in (*(size for size in SIZES if size < total), total):
            seeds = SEEDS if size < total else SEEDS[:1]
            say(f"{reader}, {size:,} tickets")
            measured = [
                _measured_draw(ground, _order(seed, total)[:size], workbench, reader)
                for seed in seeds
            ]
            name = f"{reader}, {size:,} tickets"
            rows.append({"name": name, "draws": len(seeds), **mean_row(measured)})
    return rows


def _order(seed: int, total: int) -> Labels:
    """Return the order in which tickets are drawn; smaller draws are parts of larger ones."""
    return np.random.default_rng(seed).permutation(total)


def _measured_draw(ground: Ground, drawn: Labels, workbench: Workbench, reader: Reader) -> Row:
    tickets = [ground.training[at] for at in drawn]
    rows, recipe = ground.training_rows[drawn], workbench.recipes[reader]
    read = _judged(ground, _fits(tickets, rows, workbench.rules, recipe), workbench.rules)
    figures = measures(read.pooled, read.labels, workbench.rules.costs)
    return {name: figures[name] for name in ("macro_f1", "qwk", "macro_f1_likeliest")}


def priority_only(sources: Sources, workbench: Workbench) -> list[Row]:
    """Return what tickets with only a priority add to a few that carry facts as well.

    By the light reader, on the development writers: the encoder has already learnt the facts of
    all training tickets, which would flatter. Without a round of explaining, priorities alone teach
    only the direct view. Figures are means over three draws.
    """
    ground = Ground.of(sources, DEVELOPMENT, workbench, Reader.LIGHT)
    rules, recipe = workbench.rules, workbench.recipes[Reader.LIGHT]
    total = len(ground.training)
    annotated = min(ANNOTATED, total // 3)
    measured: dict[str, list[Row]] = {}
    for seed in SEEDS:
        drawn = _order(seed, total)[: annotated + PRIORITY_ONLY]
        tickets = [ground.training[at] for at in drawn]
        few, bare = tickets[:annotated], without_facts(tickets[annotated:])
        settings = {
            f"{annotated:,} annotated": (few, recipe),
            **{
                f"and {len(bare):,} with a priority, {rounds} rounds": (
                    [*few, *bare],
                    replace(recipe, explaining_rounds=rounds),
                )
                for rounds in ROUNDS
            },
            f"all {len(tickets):,} annotated": (tickets, recipe),
        }
        for name, (taught, chosen) in settings.items():
            say(f"draw {seed}: {name}")
            rows = ground.training_rows[drawn[: len(taught)]]
            read = _judged(ground, _fits(taught, rows, rules, chosen), rules)
            measured.setdefault(name, []).append(_fact_row(ground, read, rules))
    return [{"name": name, **mean_row(rows)} for name, rows in measured.items()]


def _fact_row(ground: Ground, read: Views, rules: Rules) -> Row:
    order = np.concatenate([judged for _, judged in ground.turns])
    asked = _questions([ground.others[at] for at in order], rules.schema)
    right = {
        one.name: float((read.facts[one.name].argmax(axis=1) == one.labels)[one.known].mean())
        for one in asked
        if one.name != DIRECT
    }
    views = {"rules_f1": read.rules, "direct_f1": read.direct, "pool_f1": read.pooled}
    return {
        "facts": float(np.mean(list(right.values()))),
        **{name: measures(v, read.labels, rules.costs)["macro_f1"] for name, v in views.items()},
        "pool_f1_likeliest": measures(read.pooled, read.labels, rules.costs)["macro_f1_likeliest"],
        **right,
    }


def mean_row(rows: Sequence[Row]) -> Row:
    """Return the mean of each figure."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _questions(tickets: Sequence[LabelledTicket], schema: FactSchema) -> list[Question]:
    facts = [
        question(fact.name, tuple(fact.values), [t.facts.get(fact.name) for t in tickets])
        for fact in schema
    ]
    said = [str(labelled.priority) for labelled in tickets]
    return [*facts, question(DIRECT, tuple(map(str, PRIORITIES)), said)]


def _fits(
    tickets: Sequence[LabelledTicket], rows: csr_matrix, rules: Rules, recipe: Recipe
) -> Mapping[str, Fit]:
    """Fit all heads to all of the tickets."""
    asked = _questions(tickets, rules.schema)
    labels = asked[-1].labels
    return fit_all(rows, asked, [], labels, rules.view, recipe, lambda done, total: None)[1]


def _judged(ground: Ground, fits: Mapping[str, Fit], rules: Rules) -> Views:
    """Let heads read the judged tickets of each turn, calibrated on the others of that turn."""
    asked = _questions(ground.others, rules.schema)
    scores = {one.name: fits[one.name].scores(ground.other_rows) for one in asked}
    return joined([_one_turn(asked, scores, *turn, rules) for turn in ground.turns])


def _one_turn(
    asked: Sequence[Question],
    scores: Mapping[str, Floats],
    calibrating: Labels,
    judged: Labels,
    rules: Rules,
) -> Views:
    cooled = {
        one.name: scores[one.name] / temperature(scores[one.name][calibrating], known)
        for one in asked
        for known in [one.labels[calibrating]]
    }
    labels = asked[-1].labels
    seen, new = (_views(cooled, at, rules) for at in (calibrating, judged))
    pool = fit_pool(seen[1], seen[2], labels[calibrating])
    return Views(labels[judged], *new, pool.combine(new[1], new[2]))


def _views(
    cooled: Mapping[str, Floats], at: Labels, rules: Rules
) -> tuple[dict[str, Floats], Floats, Floats]:
    read = {name: softmax(scores[at]) for name, scores in cooled.items()}
    facts = {name: read[name] for name in rules.schema.names}
    return facts, rules.view(facts), read[DIRECT]
