"""Token ids of texts, cut into windows as the encoder cuts them when it serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from classifier.encoder import window_bounds
from encoder_training.examples import Example


@dataclass(frozen=True)
class Batch:
    """The windows of some examples: ids and presence (w, tokens), evidence, right answers."""

    ids: Tensor
    present: Tensor
    owners: Tensor
    """Which example each of the w windows belongs to."""
    quoted: Tensor
    """1 where a token shows a question's answer, shape (w, tokens, questions)."""
    is_quoted: Tensor
    """1 for windows of examples whose words are marked, shape (w,)."""
    answers: Tensor
    """Shape (examples, questions)."""


def batch(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    questions: Sequence[str],
    cut: int,
) -> Batch:
    """Return the windows of some examples as arrays."""
    rows: list[tuple[int, list[int], list[list[float]]]] = []
    first, last = (tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
    blank = [0.0] * len(questions)
    texts = [one.text for one in examples]
    for owner, encoding in enumerate(tokenizer.encode_batch(texts, add_special_tokens=False)):
        shown = _shown(encoding, examples[owner], questions)
        for start, end in window_bounds(len(encoding.ids), cut):
            ids = [first, *encoding.ids[start:end], last]
            rows.append((owner, ids, [blank, *shown[start:end], blank]))
    length = max(len(ids) for _, ids, _ in rows)
    return Batch(
        ids=torch.tensor([ids + [0] * (length - len(ids)) for _, ids, _ in rows]),
        present=torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for _, ids, _ in rows]),
        owners=torch.tensor([owner for owner, _, _ in rows]),
        quoted=torch.tensor([shown + [blank] * (length - len(shown)) for _, _, shown in rows]),
        is_quoted=torch.tensor([float(examples[owner].is_quoted) for owner, _, _ in rows]),
        answers=torch.tensor([[one.answers[name] for name in questions] for one in examples]),
    )


def _shown(encoding: Encoding, example: Example, questions: Sequence[str]) -> list[list[float]]:
    """Return for each token 1 at each question that a quote around it answers."""
    shown = [[0.0] * len(questions) for _ in encoding.ids]
    for question, start, end in example.quotes:
        for token, (begin, stop) in enumerate(encoding.offsets):
            if begin < end and stop > start:
                shown[token][questions.index(question)] = 1.0
    return shown
