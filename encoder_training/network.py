"""The network that is fine-tuned: a BERT encoder that pools once for the ticket, once per question.

Beside the mean of all tokens, every question (a fact, or the priority) looks where its evidence
stands: a score per token, which is also taught the quoted words, weighs what is pooled for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

LOOK = 32
"""Numbers that each question's own look adds to the embedding."""
DROPOUT = 0.2
"""Share of an embedding withheld from the answers while they learn."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a BERT encoder, named as in its `config.json`."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int


class Layer(nn.Module):
    """One transformer layer: attention, then a feed-forward step, each added and normalised."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = shape.hidden_size
        self.heads = shape.num_attention_heads
        self.query, self.key, self.value = (nn.Linear(size, size) for _ in range(3))
        self.mixed, self.mixed_norm = nn.Linear(size, size), nn.LayerNorm(size, eps=1e-12)
        self.wide = nn.Linear(size, shape.intermediate_size)
        self.narrow = nn.Linear(shape.intermediate_size, size)
        self.norm = nn.LayerNorm(size, eps=1e-12)

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        """Return the next hidden states (n, tokens, size); `mask` is added to attention scores."""
        n, tokens, size = hidden.shape

        def split(states: Tensor) -> Tensor:
            return states.view(n, tokens, self.heads, size // self.heads).transpose(1, 2)

        query, key, value = split(self.query(hidden)), split(self.key(hidden)), self.value(hidden)
        mixed = functional.scaled_dot_product_attention(query, key, split(value), attn_mask=mask)
        hidden = self.mixed_norm(
            hidden + self.mixed(mixed.transpose(1, 2).reshape(n, tokens, size))
        )
        return self.norm(hidden + self.narrow(functional.gelu(self.wide(hidden))))


class Network(nn.Module):
    """Token ids to an embedding, scores of evidence per token, and each question's answers."""

    def __init__(self, shape: Shape, questions: Mapping[str, int]) -> None:
        super().__init__()
        size = shape.hidden_size
        self.words = nn.Embedding(shape.vocab_size, size)
        self.positions = nn.Embedding(shape.max_position_embeddings, size)
        self.norm = nn.LayerNorm(size, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.evidence = nn.Linear(size, len(questions))
        self.looks = nn.Parameter(torch.randn(len(questions), size, LOOK) * size**-0.5)
        self.width = size + LOOK * len(questions)
        self.answers = nn.ModuleList(nn.Linear(self.width, n) for n in questions.values())
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, ids: Tensor, present: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return embeddings (n, width) and evidence scores (n, tokens, questions).

        `present` is 1 for tokens and 0 for padding, both shaped (n, tokens); None: no padding.
        """
        absent = None if present is None else (1.0 - present.to(torch.float32)) * -1e4
        mask = None if absent is None else absent[:, None, None, :]
        hidden = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            hidden = layer(hidden, mask)
        evidence = self.evidence(hidden)
        return torch.cat(
            [self._mean(hidden, present), self._looks(hidden, evidence, absent)], 1
        ), evidence

    def _mean(self, hidden: Tensor, present: Tensor | None) -> Tensor:
        if present is None:
            return hidden.mean(1)
        weights = present.to(torch.float32)
        return (hidden * weights[:, :, None]).sum(1) / weights.sum(1, keepdim=True)

    def _looks(self, hidden: Tensor, evidence: Tensor, absent: Tensor | None) -> Tensor:
        """Return what each question sees where its evidence is, (n, questions * LOOK)."""
        attention = (evidence if absent is None else evidence + absent[:, :, None]).softmax(1)
        seen = attention.transpose(1, 2) @ hidden
        return (seen.transpose(0, 1) @ self.looks).tanh().transpose(0, 1).flatten(1)

    def scores(self, embeddings: Tensor) -> list[Tensor]:
        """Return each question's scores (n, answers)."""
        embeddings = self.dropout(embeddings)
        return [answer(embeddings) for answer in self.answers]


def pretrained(folder: Path, questions: Mapping[str, int]) -> Network:
    """Return a network with the weights of a BERT checkpoint in `folder`, heads still blank."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    shape = Shape(**{name: config[name] for name in Shape.__dataclass_fields__})
    network = Network(shape, questions)
    network.load_state_dict(_renamed(load_file(folder / "model.safetensors"), shape), strict=False)
    return network


def _renamed(weights: Mapping[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    """Return the weights under our names; the one token type is added to the positions."""
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    renamed = {
        "words.weight": weights["embeddings.word_embeddings.weight"],
        "positions.weight": weights["embeddings.position_embeddings.weight"] + kind,
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    for number in range(shape.num_hidden_layers):
        for theirs, ours in _LAYER_NAMES.items():
            for kind_of in ("weight", "bias"):
                source = f"encoder.layer.{number}.{theirs}.{kind_of}"
                renamed[f"layers.{number}.{ours}.{kind_of}"] = weights[source]
    return renamed


_LAYER_NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "mixed",
    "attention.output.LayerNorm": "mixed_norm",
    "intermediate.dense": "wide",
    "output.dense": "narrow",
    "output.LayerNorm": "norm",
}
