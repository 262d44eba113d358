"""Fine-tuning: every question at once, the epoch chosen on other tickets or the last."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from classifier.progress import Progress
from encoder_training.examples import UNKNOWN, Example, mistyped
from encoder_training.network import Network
from encoder_training.windows import Batch, batch

Report = Callable[[str], None]
"""Told in words how learning goes."""


@dataclass(frozen=True)
class Schedule:
    """How long and how boldly to learn."""

    epochs: int
    batch_size: int
    rate: float
    """Learning rate of the encoder; its new heads learn ten times as fast."""
    cut: int
    """Tokens in a window."""
    mistyped_share: float
    """Share of the examples whose letters are disturbed, anew in each epoch."""
    seed: int


MISTYPED_RATE = 0.02
"""Letters disturbed in a mistyped text."""
HIDDEN_SHARE = 0.08
"""Tokens hidden from the network while it learns, so that it relies on no single word."""
SPECIAL_IDS = 998
"""Ids up to here are no words."""
SMOOTHING = 0.05
"""Keeps answers from growing surer than the readers were."""
PRIORITY_WEIGHT = 2.0
EVIDENCE_WEIGHT = 1.0
QUOTED_WEIGHT = 4.0
"""Few tokens are quoted; each counts for so many others."""
WARM_UP = 0.06
FROZEN_LAYERS = 2
"""The lowest layers stay as they are, which saves a fifth of the work."""
REPORT_EVERY = 50


def fit(
    network: Network,
    tokenizer: Tokenizer,
    questions: Mapping[str, Sequence[str]],
    learn: Sequence[tuple[Example, ...]],
    judge: Callable[[Network], float] | None,
    schedule: Schedule,
    progress: Progress,
    report: Report,
) -> int:
    """Fine-tune a network in place; keep the epoch that `judge` likes best and return it.

    Without `judge`, as where no ticket can be spared, it is the last. Each item of `learn` holds
    variants of one ticket, one of which is drawn in each epoch.
    """
    chance = random.Random(schedule.seed)
    steps = math.ceil(len(learn) / schedule.batch_size) * schedule.epochs
    optimiser = _optimiser(network, schedule)
    plan = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda at: _share_of_rate(at, steps))
    best, kept, kept_at, done = -math.inf, copy.deepcopy(network.state_dict()), 0, 0
    for epoch in range(1, schedule.epochs + 1):
        losses = []
        network.train()
        for examples in _batches(learn, schedule, chance):
            taught = batch(examples, tokenizer, list(questions), schedule.cut)
            hidden = torch.rand(taught.ids.shape) < HIDDEN_SHARE
            taught.ids[hidden & (taught.ids > SPECIAL_IDS)] = tokenizer.token_to_id("[MASK]")
            loss = _loss(network, taught, list(questions))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            plan.step()
            losses.append(loss.item())
            done += 1
            progress(done, steps)
            if len(losses) % REPORT_EVERY == 0:
                report(f"epoch {epoch}, step {len(losses)}: loss {np.mean(losses):.3f}")
        if judge is None:
            continue
        value = judge(network)
        report(f"epoch {epoch}: loss {np.mean(losses):.3f}, development {value:.4f}")
        if value > best:
            best, kept, kept_at = value, copy.deepcopy(network.state_dict()), epoch
    if judge is None:
        return schedule.epochs
    network.load_state_dict(kept)
    return kept_at


def _optimiser(network: Network, schedule: Schedule) -> torch.optim.Optimizer:
    """Return AdamW over all but the word vectors and the lowest layers."""
    for fixed in (network.words, network.positions, network.norm, *network.layers[:FROZEN_LAYERS]):
        fixed.requires_grad_(False)
    new = ("answers", "evidence", "looks")
    named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for name, p in named if not name.startswith(new)], "lr": schedule.rate},
            {"params": [p for name, p in named if name.startswith(new)], "lr": 10 * schedule.rate},
        ],
        weight_decay=0.01,
    )


def _share_of_rate(step: int, steps: int) -> float:
    warm = max(1, int(WARM_UP * steps))
    return min((step + 1) / warm, (steps - step) / (steps - warm))


def _batches(
    learn: Sequence[tuple[Example, ...]], schedule: Schedule, chance: random.Random
) -> Iterator[list[Example]]:
    """Yield shuffled batches of examples of similar length."""
    drawn = [chance.choice(variants) for variants in learn]
    drawn = [
        mistyped(one, MISTYPED_RATE, chance) if chance.random() < schedule.mistyped_share else one
        for one in drawn
    ]
    chance.shuffle(drawn)
    near, size = 12 * schedule.batch_size, schedule.batch_size
    batches = []
    for start in range(0, len(drawn), near):
        pool = sorted(drawn[start : start + near], key=lambda one: len(one.text))
        batches += [pool[at : at + size] for at in range(0, len(pool), size)]
    chance.shuffle(batches)
    yield from batches


def _loss(network: Network, taught: Batch, questions: Sequence[str]) -> Tensor:
    embeddings, evidence = embed(network, taught)
    loss = torch.zeros(())
    for at, (name, scores) in enumerate(zip(questions, network.scores(embeddings), strict=True)):
        right = taught.answers[:, at]
        if (right == UNKNOWN).all():
            continue  # the mean over no tickets is no number
        part = functional.cross_entropy(scores, right, label_smoothing=SMOOTHING)
        loss = loss + part * (PRIORITY_WEIGHT if name == "priority" else 1.0)
    # the priority has no quotes: its look is free
    quotable = [at for at, name in enumerate(questions) if name != "priority"]
    shown = functional.binary_cross_entropy_with_logits(
        evidence[..., quotable],
        taught.quoted[..., quotable],
        weight=(taught.present * taught.is_quoted[:, None])[..., None],
        pos_weight=torch.tensor(QUOTED_WEIGHT),
        reduction="sum",
    )
    return loss + EVIDENCE_WEIGHT * shown / taught.present.sum()


def embed(network: Network, taught: Batch) -> tuple[Tensor, Tensor]:
    """Return one embedding an example, the mean of its windows, and the evidence scores."""
    windows, evidence = network(taught.ids, taught.present)
    count = len(taught.answers)
    sums = torch.zeros(count, windows.shape[1]).index_add(0, taught.owners, windows)
    return sums / torch.bincount(taught.owners, minlength=count)[:, None], evidence


def embeddings(
    network: Network,
    tokenizer: Tokenizer,
    questions: Mapping[str, Sequence[str]],
    examples: Sequence[Example],
    cut: int,
) -> NDArray[np.float32]:
    """Return the embeddings of examples, shape (n, width)."""
    network.eval()
    order = sorted(range(len(examples)), key=lambda at: len(examples[at].text))
    found = np.zeros((len(examples), network.width), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), 32):
            part = order[start : start + 32]
            taught = batch([examples[at] for at in part], tokenizer, list(questions), cut)
            found[part] = embed(network, taught)[0].numpy()
    return found


def answers(
    network: Network,
    tokenizer: Tokenizer,
    questions: Mapping[str, Sequence[str]],
    examples: Sequence[Example],
    cut: int,
) -> dict[str, NDArray[np.float64]]:
    """Return the probabilities (n, values) of every question's answers."""
    found = torch.from_numpy(embeddings(network, tokenizer, questions, examples, cut))
    with torch.inference_mode():
        scores = network.scores(found)
    return {
        name: one.double().softmax(1).numpy() for name, one in zip(questions, scores, strict=True)
    }
