"""Training: labelled tickets become a model, with every probability fitted on tickets held out.

Heads are scikit-learn's logistic regressions. Their temperatures, the pool and the thresholds are
fitted on scores that each ticket got from heads trained without it and without its writer.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold

from classifier.decision import Thresholds, cheapest, fit_auto_thresholds
from classifier.features import FeatureSpace, TicketText, learn_vocabulary, ticket_text
from classifier.heads import Floats, Head, Heads, softmax
from classifier.labelled import LabelledTicket
from classifier.model import DIRECT, Model, shipped_parts
from classifier.pooling import fit_pool
from classifier.recipe import Recipe
from tickets import PRIORITIES, FactSchema

RulesView = Callable[[Mapping[str, Floats]], Floats]
"""Turns the probabilities (n, values) of each fact into what the rules make of them, (n, 5)."""

Progress = Callable[[int, int], None]
"""Told the steps done and the steps in all."""

UNSEEN_SCORE = -8.0
"""Score of a class that no training ticket had: about one in three thousand."""
SHOWN_SHARE = 0.5
"""A value is shown by words when this share of its tickets had words quoted for it."""

MOST_FOR_VOCABULARY = 10_000
"""Tickets that suffice to learn which words there are when labels are checked."""
PORTION = 1_000
"""Tickets that one process reads at a time; it bounds memory."""
WORTH_A_PROCESS = 5
"""Portions below which starting another process takes longer than reading them."""

_Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """What training needs of the rules, handed over by whoever knows both."""

    schema: FactSchema
    view: RulesView
    costs: Floats
    """Shape (5, 5): cost of suggesting (column) when the label (row) is right."""
    version: str


def train(
    tickets: Sequence[LabelledTicket], rules: Rules, recipe: Recipe, progress: Progress
) -> Model:
    """Return a model learnt from labelled tickets; the same input gives the same model."""
    texts = [ticket_text(labelled.ticket) for labelled in tickets]
    space = _learn_space(texts, recipe)
    questions = _questions(tickets, rules.schema)
    rows = _sparse(space, texts)
    folds = list(_folds(tickets, recipe))
    scores, final = _fit_all(rows, questions, folds, recipe, progress)

    heads = tuple(
        Head(q.name, q.classes, _temperature(scores[q.name][q.known], q.labels[q.known]))
        for q in questions
    )
    held_out = {head.name: softmax(scores[head.name] / head.temperature) for head in heads}
    labels = np.array([int(labelled.priority) for labelled in tickets])
    rules_view = rules.view({name: held_out[name] for name in rules.schema.names})
    pool = fit_pool(rules_view, held_out[DIRECT], labels)
    pooled = pool.combine(rules_view, held_out[DIRECT])
    return Model(
        space=space,
        heads=Heads(
            heads,
            np.hstack([final[q.name].weights for q in questions]).astype(np.float32),
            np.concatenate([final[q.name].intercepts for q in questions]),
        ),
        pool=pool,
        thresholds=_thresholds(pooled, labels, rules.costs, recipe),
        shown_values=_shown_values(tickets, rules.schema),
        description=_description(tickets, rules, recipe),
    )


def held_out_view(
    tickets: Sequence[LabelledTicket],
    folds: Sequence[tuple[_Labels, _Labels]],
    recipe: Recipe,
    progress: Progress,
) -> Floats:
    """Return the direct view (n, 5) of each ticket by a model that learnt from other folds.

    `folds` are pairs of the tickets to learn from and those held out, which together are all.
    """
    texts = [ticket_text(labelled.ticket) for labelled in tickets]
    names = tuple(str(priority) for priority in PRIORITIES)
    question = _question(DIRECT, names, [str(labelled.priority) for labelled in tickets])
    some = texts[:: 1 + len(texts) // MOST_FOR_VOCABULARY]
    rows = _sparse(_learn_space(some, recipe), texts)
    scores = _fit_all(rows, [question], folds, recipe, progress)[0][DIRECT]
    return softmax(scores / _temperature(scores, question.labels))


@dataclass(frozen=True)
class _Question:
    """One head to train: its classes and, for each ticket, the index of the right one."""

    name: str
    classes: tuple[str, ...]
    labels: _Labels
    known: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Fit:
    """A fitted head over all declared classes."""

    weights: Floats
    intercepts: Floats


def _learn_space(texts: Sequence[TicketText], recipe: Recipe) -> FeatureSpace:
    parts = shipped_parts()
    return FeatureSpace(
        parts,
        tuple(
            learn_vocabulary(
                part,
                texts,
                weight=recipe.part_weights[part.name],
                fewest_tickets=recipe.fewest_tickets,
                most_names=recipe.most_names,
            )
            for part in parts
        ),
    )


def _questions(tickets: Sequence[LabelledTicket], schema: FactSchema) -> list[_Question]:
    facts = [
        _question(fact.name, tuple(fact.values), [t.facts.get(fact.name) for t in tickets])
        for fact in schema
    ]
    names = tuple(str(priority) for priority in PRIORITIES)
    return [*facts, _question(DIRECT, names, [str(t.priority) for t in tickets])]


def _question(name: str, classes: tuple[str, ...], values: Sequence[str | None]) -> _Question:
    labels = np.array([classes.index(value) if value else -1 for value in values])
    return _Question(name, classes, labels, labels >= 0)


def _sparse(space: FeatureSpace, texts: Sequence[TicketText]) -> csr_matrix:
    portions = [texts[start : start + PORTION] for start in range(0, len(texts), PORTION)]
    processes = max(min(len(portions) // WORTH_A_PROCESS, os.cpu_count() or 1), 1)
    read = Parallel(n_jobs=processes)(delayed(_portion)(space, portion) for portion in portions)
    return vstack(read, format="csr")


def _portion(space: FeatureSpace, texts: Sequence[TicketText]) -> csr_matrix:
    observed = [space.observe(text) for text in texts]
    ends = np.cumsum([0, *(len(one.columns) for one in observed)])
    columns = np.concatenate([one.columns for one in observed])
    weights = np.concatenate([one.weights for one in observed])
    matrix = csr_matrix((weights, columns, ends), shape=(len(texts), space.size))
    matrix.sum_duplicates()
    return matrix


def _folds(tickets: Sequence[LabelledTicket], recipe: Recipe) -> Iterator[tuple[_Labels, _Labels]]:
    writers = [labelled.writer for labelled in tickets]
    labels = [int(labelled.priority) for labelled in tickets]
    if len(set(writers)) >= recipe.folds:
        yield from GroupKFold(recipe.folds).split(writers, groups=writers)
    else:
        folds = StratifiedKFold(recipe.folds, shuffle=True, random_state=recipe.seed)
        yield from folds.split(labels, labels)


def _fit_all(
    rows: csr_matrix,
    questions: Sequence[_Question],
    folds: Sequence[tuple[_Labels, _Labels]],
    recipe: Recipe,
    progress: Progress,
) -> tuple[dict[str, Floats], dict[str, _Fit]]:
    """Return held-out scores (n, classes) of each head, and each head fitted to all tickets."""
    everything = np.arange(rows.shape[0])
    jobs = [(q, learn) for q in questions for learn in (*(fold[0] for fold in folds), everything)]
    fits = []
    work = Parallel(n_jobs=os.cpu_count(), return_as="generator")(
        delayed(_fit)(
            rows[learn[q.known[learn]]], q.labels[learn[q.known[learn]]], q.classes, recipe
        )
        for q, learn in jobs
    )
    for done, fit in enumerate(work, start=1):
        fits.append(fit)
        progress(done, len(jobs))
    scores, final = {}, {}
    for number, question in enumerate(questions):
        own = fits[number * (len(folds) + 1) : (number + 1) * (len(folds) + 1)]
        final[question.name] = own[-1]
        scores[question.name] = np.zeros((rows.shape[0], len(question.classes)))
        for (_, held_out), fit in zip(folds, own[:-1], strict=True):
            scores[question.name][held_out] = rows[held_out] @ fit.weights + fit.intercepts
    return scores, final


def _fit(rows: csr_matrix, labels: _Labels, classes: Sequence[str], recipe: Recipe) -> _Fit:
    weights = np.zeros((rows.shape[1], len(classes)))
    intercepts = np.full(len(classes), UNSEEN_SCORE)
    seen = np.unique(labels)
    if len(seen) < 2:
        # Nothing to tell apart: the one class that was seen, or none above another.
        intercepts[seen if len(seen) else slice(None)] = 0.0
        return _Fit(weights, intercepts)
    head = LogisticRegression(C=recipe.regularisation, max_iter=300, tol=1e-3)
    head.fit(rows, labels)
    if len(seen) == 2:  # scikit-learn keeps one row for two classes: the score of the second
        weights[:, seen] = np.vstack([-head.coef_[0], head.coef_[0]]).T / 2
        intercepts[seen] = np.array([-head.intercept_[0], head.intercept_[0]]) / 2
    else:
        weights[:, seen] = head.coef_.T
        intercepts[seen] = head.intercept_
    return _Fit(weights, intercepts)


def _temperature(scores: Floats, labels: _Labels) -> float:
    """Return the temperature that makes held-out scores likeliest."""
    if not len(labels):
        return 1.0
    at = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        probabilities = softmax(scores / np.exp(log_temperature))
        return float(-np.log(probabilities[at, labels] + 1e-12).mean())

    found = minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded")
    return float(np.exp(found.x))


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
        "reader": "light",
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
