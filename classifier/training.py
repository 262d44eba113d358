"""Training: labelled tickets become a model, with every probability fitted on tickets held out.

Temperatures, the pool and the thresholds are fitted on scores that each ticket got from heads
trained without it and without its writer. The encoder counts as well: tickets that it was
fine-tuned on teach the heads, and no more.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from classifier.decision import Thresholds, cheapest, fit_auto_thresholds
from classifier.encoder import Encoder
from classifier.features import FeatureSpace, TicketText, ticket_text
from classifier.fitting import Fit, Fold, Question, fit_all, folds_of, question, temperature
from classifier.heads import Floats, Head, Heads, softmax
from classifier.labelled import LabelledTicket
from classifier.model import DIRECT, Model
from classifier.pooling import fit_pool
from classifier.priority_only import RulesView
from classifier.progress import Progress, stretch
from classifier.reader import Reader
from classifier.recipe import Recipe
from classifier.rows import Embeddings, beside, embed, feature_rows, learn_space
from tickets import PRIORITIES, FactSchema

SHOWN_SHARE = 0.5
"""A value is shown by words when this share of its tickets had words quoted for it."""
MOST_FOR_VOCABULARY = 10_000
"""Tickets that suffice to learn which words there are."""

_Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """What training needs of the rules, handed over by whoever knows both."""

    schema: FactSchema
    view: RulesView
    costs: Floats
    """Shape (5, 5): cost of suggesting (column) when the label (row) is right."""
    version: str


@dataclass(frozen=True)
class Material:
    """Labelled tickets with what every reader sees of them; both readers learn from the same."""

    tickets: Sequence[LabelledTicket]
    texts: Sequence[TicketText]
    space: FeatureSpace
    features: csr_matrix
    """Shape (n, d)."""

    @classmethod
    def of(cls, tickets: Sequence[LabelledTicket], recipe: Recipe) -> Material:
        """Observe labelled tickets."""
        texts = [ticket_text(labelled.ticket) for labelled in tickets]
        space = learn_space(texts[:: 1 + len(texts) // MOST_FOR_VOCABULARY], recipe)
        return cls(tickets, texts, space, feature_rows(space, texts))


def train(
    material: Material,
    rules: Rules,
    recipe: Recipe,
    progress: Progress,
    encoder: Encoder | None = None,
) -> Model:
    """Return a model learnt from labelled tickets; the same input gives the same model.

    With an encoder it is a full reader, and at least some tickets must be new to the encoder: see
    `fit_to_judge`.
    """
    tickets, texts = material.tickets, material.texts
    stretches = 2 if encoder else 1
    embeddings = embed(encoder, texts, recipe, stretch(progress, 0, stretches))
    rows = beside(material.features, embeddings)
    questions = _questions(tickets, rules.schema)
    labels = questions[-1].labels
    judged = _judged(tickets, encoder)
    folds = folds_of(tickets, judged, recipe)
    rest = stretch(progress, stretches - 1, stretches)
    scores, final = fit_all(rows, questions, folds, labels, rules.view, recipe, rest)

    heads = tuple(_head(one, scores[one.name], judged) for one in questions)
    held_out = {head.name: softmax(scores[head.name][judged] / head.temperature) for head in heads}
    rules_view = rules.view({name: held_out[name] for name in rules.schema.names})
    pool = fit_pool(rules_view, held_out[DIRECT], labels[judged])
    pooled = pool.combine(rules_view, held_out[DIRECT])
    return Model(
        encoder=encoder,
        space=material.space,
        heads=_joined(heads, final, embeddings),
        pool=pool,
        thresholds=_thresholds(pooled, labels[judged], rules.costs, recipe),
        shown_values=_shown_values(tickets, rules.schema),
        description={
            **_description(tickets, rules, recipe),
            "reader": str(Reader.FULL if encoder else Reader.LIGHT),
            "judged_on": len(judged),
        },
    )


def fit_to_judge(tickets: Sequence[LabelledTicket], encoder: Encoder) -> list[LabelledTicket]:
    """Return the tickets that a model may be calibrated on.

    They are new to the encoder, and ordinary: exercises are harder than what comes in.
    """
    return [tickets[at] for at in _judged(tickets, encoder)]


def _judged(tickets: Sequence[LabelledTicket], encoder: Encoder | None) -> _Labels:
    """Return the numbers of the tickets that a model may be calibrated on."""
    new = _are_new(tickets, encoder)
    return np.flatnonzero(new & np.array([not labelled.exercise for labelled in tickets], bool))


def _are_new(tickets: Sequence[LabelledTicket], encoder: Encoder | None) -> npt.NDArray[np.bool_]:
    return np.array([encoder is None or not encoder.has_learnt(t.ticket) for t in tickets])


def held_out_view(
    tickets: Sequence[LabelledTicket],
    folds: Sequence[Fold],
    recipe: Recipe,
    progress: Progress,
) -> Floats:
    """Return the direct view (n, 5) of each ticket by a model that learnt from other folds.

    `folds` are pairs of the tickets to learn from and those held out, which together are all.
    """
    direct = _direct(tickets)
    rows = Material.of(tickets, recipe).features
    scores, _ = fit_all(rows, [direct], folds, direct.labels, None, recipe, progress)
    return softmax(scores[DIRECT] / temperature(scores[DIRECT], direct.labels))


def _questions(tickets: Sequence[LabelledTicket], schema: FactSchema) -> list[Question]:
    facts = [
        question(fact.name, tuple(fact.values), [t.facts.get(fact.name) for t in tickets])
        for fact in schema
    ]
    return [*facts, _direct(tickets)]


def _direct(tickets: Sequence[LabelledTicket]) -> Question:
    return question(DIRECT, tuple(map(str, PRIORITIES)), [str(t.priority) for t in tickets])


def _head(one: Question, scores: Floats, judged: _Labels) -> Head:
    """Return a head with the temperature that fits the tickets it is judged on."""
    known = judged[one.known[judged]]
    return Head(one.name, one.classes, temperature(scores[known], one.labels[known]))


def _joined(heads: Sequence[Head], fits: Mapping[str, Fit], embeddings: Embeddings) -> Heads:
    """Put fitted heads side by side, over raw embeddings: directions and centre are folded in."""
    weights = np.hstack([fits[head.name].weights for head in heads])
    features = len(weights) - embeddings.width
    of_embedding = embeddings.directions @ weights[features:]
    intercepts = np.concatenate([fits[head.name].intercepts for head in heads])
    return Heads(
        tuple(heads),
        weights[:features].astype(np.float32),
        of_embedding.astype(np.float32),
        intercepts - embeddings.centre @ of_embedding,
    )


def _thresholds(pooled: Floats, labels: _Labels, costs: Floats, recipe: Recipe) -> Thresholds:
    suggested = cheapest(pooled, costs)
    return Thresholds(
        auto=fit_auto_thresholds(
            suggested,
            pooled[np.arange(len(labels)), suggested],
            labels,
            target_precision=recipe.auto_precision,
            fewest_tickets=recipe.auto_fewest_tickets,
            priorities=PRIORITIES,
        ),
        review_below=recipe.review_below,
        review_disagreement=recipe.review_disagreement,
    )


def _shown_values(
    tickets: Sequence[LabelledTicket], schema: FactSchema
) -> dict[str, tuple[str, ...]]:
    """Tell which values words can show; without quoted evidence, all of them."""
    held: Counter[tuple[str, str]] = Counter()
    quoted: Counter[tuple[str, str]] = Counter()
    for labelled in tickets:
        held.update(labelled.facts.items())
        quoted.update((name, labelled.facts[name]) for name in labelled.evidence)
    has_evidence = bool(quoted)
    return {
        fact.name: tuple(
            value
            for value in fact.values
            if not has_evidence or quoted[fact.name, value] >= SHOWN_SHARE * held[fact.name, value]
        )
        for fact in schema
    }


def data_digest(tickets: Sequence[LabelledTicket]) -> str:
    """Return a hash of what a model learns from: texts, labels, facts, in order."""
    digest = hashlib.sha256()
    for labelled in tickets:
        ticket = labelled.ticket
        said = (ticket.subject, ticket.body, ticket.environment)
        taught = (str(labelled.priority), sorted(labelled.facts.items()), labelled.writer)
        digest.update(repr((said, taught)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _description(
    tickets: Sequence[LabelledTicket], rules: Rules, recipe: Recipe
) -> dict[str, object]:
    received = [t.ticket.received_at for t in tickets if t.ticket.received_at is not None]
    counts = Counter(str(labelled.priority) for labelled in tickets)
    return {
        "data": data_digest(tickets),
        "tickets": len(tickets),
        "labels": dict(sorted(counts.items())),
        "with_facts": sum(bool(labelled.facts) for labelled in tickets),
        "first_received_at": min(received).isoformat() if received else None,
        "last_received_at": max(received).isoformat() if received else None,
        "rules": rules.version,
        "regularisation": recipe.regularisation,
        "seed": recipe.seed,
        "libraries": {name: version(name) for name in ("numpy", "scikit-learn", "spacy")},
    }
