"""From the trained network to the files that ship: pruned, exported, quantised, checked, hashed."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn

from encoder_training.network import Network

NETWORK, TOKENIZER, ABOUT = "encoder.onnx", "encoder_tokenizer.json", "encoder.json"


class Serving(nn.Module):
    """The network as it serves: one window at a time, without its answers."""

    def __init__(self, network: Network, questions: int) -> None:
        super().__init__()
        self.network, self.questions = network, questions

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return embedding (1, width) and evidence (1, tokens, questions) of ids (1, tokens)."""
        embedding, evidence = self.network(ids)
        return embedding, evidence[..., : self.questions].sigmoid()


def kept_words(vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Return the vocabulary without placeholders and scripts other than Latin, with its old ids."""
    by_id = sorted(vocabulary.items(), key=lambda item: item[1])
    return {word: at for word, at in by_id if _is_special(word) or _is_latin(word)}


def _is_special(word: str) -> bool:
    return word in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def _is_latin(word: str) -> bool:
    letters = [letter for letter in word if letter.isalpha()]
    return not word.startswith("[unused") and all(
        unicodedata.name(letter, "").startswith("LATIN") for letter in letters
    )


def prune(network: Network, tokenizer: Tokenizer, cut: int) -> Tokenizer:
    """Drop the words that English tickets do not hold and the places beyond the longest window.

    Returns the tokenizer without those words.
    """
    settings = json.loads(tokenizer.to_str())
    kept = kept_words(settings["model"]["vocab"])
    with torch.no_grad():
        network.words = nn.Embedding.from_pretrained(network.words.weight[list(kept.values())])
        network.positions = nn.Embedding.from_pretrained(network.positions.weight[:cut])
    renumbered = {word: at for at, word in enumerate(kept)}
    settings["model"]["vocab"] = renumbered
    for token in settings["added_tokens"]:
        token["id"] = renumbered[token["content"]]
    settings["post_processor"] = settings["truncation"] = settings["padding"] = None
    return Tokenizer.from_str(json.dumps(settings))


def write(
    network: Network, tokenizer: Tokenizer, folder: Path, about: Mapping[str, Any], questions: int
) -> None:
    """Write the network as int8 ONNX, its tokenizer, and what there is to know about both."""
    network.eval()
    with tempfile.TemporaryDirectory() as scratch, _quietly():
        exact = Path(scratch) / "float.onnx"
        export(network, exact, questions)
        quantize_dynamic(
            exact,
            folder / NETWORK,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,  # without it, processors that lack VNNI saturate and differ
            nodes_to_exclude=_stacked(exact),
        )
    _strip(folder / NETWORK)
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    hashes = {name: _sha256(folder / name) for name in (NETWORK, TOKENIZER)}
    text = json.dumps({**about, "sha256": hashes}, indent=1, ensure_ascii=False)
    (folder / ABOUT).write_text(text + "\n", "utf-8")


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep to themselves what the libraries remark on their own deprecations and defaults."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)


def export(network: Network, path: Path, questions: int) -> None:
    """Write the network as float ONNX, for windows of any length."""
    length = torch.export.Dim("tokens", min=2, max=network.positions.num_embeddings)
    torch.onnx.export(
        Serving(network, questions).eval(),
        (torch.ones((1, 40), dtype=torch.int64),),
        path,
        input_names=["ids"],
        output_names=["meaning", "shown"],
        dynamic_shapes={"ids": {1: length}},
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def _stacked(path: Path) -> list[str]:
    """Return the products with a stack of matrices, which cannot be quantised by channel."""
    graph = onnx.load(path).graph
    stacks = {tensor.name for tensor in graph.initializer if len(tensor.dims) > 2}
    return [node.name for node in graph.node if stacks & set(node.input)]


def _strip(path: Path) -> None:
    """Take out where in the program each step came from, which names folders of this machine."""
    model = onnx.load(path)
    for item in (model, model.graph, *model.graph.node, *model.graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""
    del model.graph.value_info[:]
    onnx.save(model, path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
