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
from classifier.embedder import Embedder
from classifier.encoder import Encoder
from classifier.features import FeatureSpace, ticket_text
from classifier.fitting import Fit, Fold, Question, fit_all, folds_of, question, temperature
from classifier.heads import Floats, Head, Heads, softmax
from classifier.judged import Judged
from classifier.kinship import Kin
from classifier.labelled import LabelledTicket
from classifier.language import SUPPORTED, detect_language
from classifier.model import DIRECT, Model
from classifier.pooling import fit_pool
from classifier.priority_only import RulesView
from classifier.progress import Progress, shares, unwatched
from classifier.reader import Reader
from classifier.recipe import Recipe
from classifier.rows import (
    Embeddings,
    are_new,
    beside,
    feature_rows,
    learn_space,
    raw_embeddings,
)
from tickets import PRIORITIES, FactSchema

SHOWN_SHARE = 0.5
"""A value is shown by words when this share of its tickets had words quoted for it."""
MOST_FOR_VOCABULARY = 10_000
"""Tickets that suffice to learn which words there are."""
OBSERVING, EMBEDDING = 3.0, 8.0
"""About how many milliseconds of one processor each takes for a ticket."""

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
    """Labelled tickets with what readers see of them; both readers learn from the same."""

    tickets: Sequence[LabelledTicket]
    kin: Kin
    """Which of them must not judge each other, shape (n,)."""
    said: Sequence[str]
    """Their clean texts."""
    space: FeatureSpace
    features: csr_matrix
    """Shape (n, d)."""
    embeddings: npt.NDArray[np.float32]
    """Shape (n, e); e is 0 where only light readers are to be trained."""

    @classmethod
    def of(
        cls,
        tickets: Sequence[LabelledTicket],
        recipe: Recipe,
        embedder: Embedder | None = None,
        kin: Kin | None = None,
        progress: Progress = unwatched,
    ) -> Material:
        """Observe labelled tickets; by default, for light readers, and none is kin of another."""
        plain = [labelled.ticket for labelled in tickets]
        some = plain[:: 1 + len(plain) // MOST_FOR_VOCABULARY]
        lengths = (OBSERVING * len(some), OBSERVING * len(plain), EMBEDDING * len(plain))
        learning, observing, embedding = shares(progress, lengths)
        space = learn_space(some, recipe, learning)
        features = feature_rows(space, plain, observing)
        said = [ticket_text(ticket).clean.text for ticket in plain]
        embeddings = raw_embeddings(embedder, said, embedding)
        alone = np.arange(len(plain))
        return cls(tickets, alone if kin is None else kin, said, space, features, embeddings)


def train(
    material: Material,
    rules: Rules,
    recipe: Recipe,
    progress: Progress,
    encoder: Encoder | None = None,
) -> Model:
    """Return a model learnt from labelled tickets; the same input gives the same model.

    With the encoder that embedded the material it is a full reader, and at least some tickets must
    be new to the encoder: see `fit_to_judge`.
    """
    tickets = material.tickets
    embeddings = Embeddings.of(material.embeddings[:, : None if encoder else 0], recipe)
    rows = beside(material.features, embeddings)
    questions = _questions(tickets, rules.schema)
    labels, weights = questions[-1].labels, questions[-1].weights
    judged = judged_numbers(tickets, encoder)
    folds = folds_of(tickets, judged, material.kin, recipe)
    scores, final = fit_all(rows, questions, folds, labels, rules.view, recipe, progress)

    heads = tuple(_head(one, scores[one.name], judged) for one in questions)
    held_out = {head.name: softmax(scores[head.name][judged] / head.temperature) for head in heads}
    rules_view = rules.view({name: held_out[name] for name in rules.schema.names})
    pool = fit_pool(rules_view, held_out[DIRECT], labels[judged], weights[judged])
    pooled = pool.combine(rules_view, held_out[DIRECT])
    languages = [detect_language(material.said[at]) for at in judged]
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
        judged=Judged(
            labels=labels[judged],
            rules_view=rules_view,
            direct_view=held_out[DIRECT],
            is_supported=np.array([language == SUPPORTED for language in languages], bool),
        ),
    )


def fit_to_judge(
    tickets: Sequence[LabelledTicket], encoder: Encoder | None
) -> list[LabelledTicket]:
    """Return the tickets that a model may be calibrated on.

    They are new to the encoder, and ordinary: exercises are harder than what comes in.
    """
    return [tickets[at] for at in judged_numbers(tickets, encoder)]


def judged_numbers(tickets: Sequence[LabelledTicket], encoder: Encoder | None) -> _Labels:
    """Return the numbers of the tickets that are fit to judge a model by; see `fit_to_judge`."""
    new = are_new(tickets, encoder)
    return np.flatnonzero(new & np.array([not labelled.exercise for labelled in tickets], bool))


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
    return softmax(scores[DIRECT] / temperature(scores[DIRECT], direct.labels, direct.weights))


def _questions(tickets: Sequence[LabelledTicket], schema: FactSchema) -> list[Question]:
    weights = _weights(tickets)
    facts = [
        question(fact.name, tuple(fact.values), [t.facts.get(fact.name) for t in tickets], weights)
        for fact in schema
    ]
    return [*facts, _direct(tickets)]


def _direct(tickets: Sequence[LabelledTicket]) -> Question:
    labels = [str(labelled.priority) for labelled in tickets]
    return question(DIRECT, tuple(map(str, PRIORITIES)), labels, _weights(tickets))


def _weights(tickets: Sequence[LabelledTicket]) -> Floats:
    return np.array([labelled.weight for labelled in tickets])


def _head(one: Question, scores: Floats, judged: _Labels) -> Head:
    """Return a head with the temperature that fits the tickets it is judged on."""
    known = judged[one.known[judged]]
    warmth = temperature(scores[known], one.labels[known], one.weights[known])
    return Head(one.name, one.classes, warmth)


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
    """Return a hash of what a model learns from: texts, labels, weights, facts, in order."""
    digest = hashlib.sha256()
    for labelled in tickets:
        ticket = labelled.ticket
        said = (ticket.subject, ticket.body, ticket.environment)
        taught = (str(labelled.priority), sorted(labelled.facts.items()), labelled.writer)
        weight = () if labelled.weight == 1 else (labelled.weight,)
        digest.update(repr((said, taught, *weight)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _description(
    tickets: Sequence[LabelledTicket], rules: Rules, recipe: Recipe
) -> dict[str, object]:
    received = [t.ticket.received_at for t in tickets if t.ticket.received_at is not None]
    counts = Counter(str(labelled.priority) for labelled in tickets)
    weighted = sum(labelled.weight != 1 for labelled in tickets)
    return {
        "data": data_digest(tickets),
        "tickets": len(tickets),
        "labels": dict(sorted(counts.items())),
        "with_facts": sum(bool(labelled.facts) for labelled in tickets),
        **({"weighted": weighted} if weighted else {}),
        "first_received_at": min(received).isoformat() if received else None,
        "last_received_at": max(received).isoformat() if received else None,
        "rules": rules.version,
        "regularisation": recipe.regularisation,
        "seed": recipe.seed,
        "libraries": {name: version(name) for name in ("numpy", "scikit-learn", "spacy")},
    }
