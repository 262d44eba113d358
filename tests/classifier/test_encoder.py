"""The encoder: one meaning a text, whatever its company, length or the state of the disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classifier.encoder import LONGEST_TEXT, SHIPPED, Encoder, load_encoder, window_bounds
from tickets import InputFaults

DOWN = "All inbound calls to our support line drop, nobody can reach us since 9am."
ALL_DOWN = "Phones are dead for the whole company, customers cannot call in at all."
QUESTION = "How do I change the colour of a tag in the report settings?"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_texts_that_mean_the_same_lie_nearer_than_texts_that_do_not(encoder: Encoder) -> None:
    down, all_down, question = encoder.embed([DOWN, ALL_DOWN, QUESTION])
    assert cosine(down, all_down) > cosine(down, question) + 0.2


def test_a_text_has_the_same_embedding_alone_and_in_company(encoder: Encoder) -> None:
    together = encoder.embed([QUESTION, DOWN * 40, DOWN, ""])
    assert np.array_equal(together[2], encoder.embed([DOWN])[0])


def test_two_threads_and_a_fresh_encoder_give_the_same_numbers(encoder: Encoder) -> None:
    texts = [DOWN, QUESTION, ALL_DOWN * 60, ""]
    assert np.array_equal(encoder.embed(texts), load_encoder(threads=2).embed(texts))


def test_no_texts_have_no_embeddings(encoder: Encoder) -> None:
    assert encoder.embed([]).shape == (0, encoder.width)


def test_the_shape_and_type_are_as_declared(encoder: Encoder) -> None:
    embeddings = encoder.embed([DOWN, QUESTION])
    assert (embeddings.shape, embeddings.dtype) == ((2, encoder.width), np.dtype(np.float32))


@pytest.mark.parametrize(
    ("tokens", "bounds"),
    [
        (0, [(0, 0)]),
        (1, [(0, 1)]),
        (254, [(0, 254)]),
        (255, [(0, 254), (1, 255)]),
        (458, [(0, 254), (204, 458)]),
        (459, [(0, 254), (102, 356), (205, 459)]),
    ],
)
def test_windows_are_few_of_equal_length_and_overlap(
    tokens: int, bounds: list[tuple[int, int]]
) -> None:
    assert window_bounds(tokens, 256) == bounds


def test_the_end_of_a_long_text_counts(encoder: Encoder) -> None:
    small_talk = "Thank you for the pleasant meeting last week in Lisbon. " * 60
    quiet, alarming = encoder.embed([small_talk, small_talk + DOWN * 10])
    assert np.abs(quiet - alarming).max() > 0.1


def test_every_token_of_a_long_text_has_its_place_and_scores(encoder: Encoder) -> None:
    text = DOWN * 40
    (encoded,) = encoder.encode([text])
    words = [text[a:b] for a, b in zip(encoded.starts[:3], encoded.ends[:3], strict=True)]
    assert words == ["All", "in", "bound"]
    assert encoded.evidence.shape == (len(encoded.starts), len(encoder.questions))
    assert text[encoded.starts[-1] : encoded.ends[-1]] == "."


def test_evidence_scores_are_probabilities(encoder: Encoder) -> None:
    (encoded,) = encoder.encode([DOWN])
    assert encoded.evidence.min() >= 0
    assert encoded.evidence.max() <= 1


def test_the_words_that_tell_how_many_are_hit_score_highest_for_reach(encoder: Encoder) -> None:
    text = "Hello team, only two of our forty agents cannot hear callers. Best wishes from Porto."
    (encoded,) = encoder.encode([text])
    strongest = int(encoded.evidence[:, encoder.questions.index("reach")].argmax())
    told = text.index("only two of our forty agents"), text.index(" cannot")
    assert told[0] <= encoded.starts[strongest] < told[1]


@pytest.mark.parametrize("text", ["x" * 200_000, "日本語" * 900, "\x00\ud7ff \u200b", "?! " * 900])
def test_odd_texts_have_finite_embeddings(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.embed([text])).all()


def test_what_lies_beyond_the_longest_text_is_not_read(encoder: Encoder) -> None:
    text = "word" * (LONGEST_TEXT // 4)
    assert np.array_equal(encoder.embed([text]), encoder.embed([text + DOWN]))


def test_case_makes_no_difference(encoder: Encoder) -> None:
    assert np.array_equal(encoder.embed([DOWN]), encoder.embed([DOWN.upper()]))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in ("encoder.json", "encoder.onnx", "encoder_tokenizer.json"):
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["encoder.onnx", "encoder_tokenizer.json"])
def test_a_damaged_file_is_refused_by_name(copied: Path, name: str) -> None:
    with (copied / name).open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    with pytest.raises(InputFaults) as refused:
        load_encoder(copied)
    assert str(refused.value) == (
        f"{copied / name}: encoder does not match the hash in encoder.json"
        " (install the package again)"
    )


@pytest.mark.parametrize("name", ["encoder.onnx", "encoder_tokenizer.json", "encoder.json"])
def test_an_absent_file_is_refused_by_name(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(InputFaults, match=f"{name}: encoder cannot be read"):
        load_encoder(copied)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": {}}', '{"sha256": 3}'])
def test_a_broken_description_is_refused(copied: Path, text: str) -> None:
    (copied / "encoder.json").write_text(text)
    with pytest.raises(InputFaults, match=r"encoder\.json: encoder cannot be read"):
        load_encoder(copied)


def test_another_format_is_refused(copied: Path) -> None:
    about = json.loads((copied / "encoder.json").read_text())
    (copied / "encoder.json").write_text(json.dumps({**about, "format": 2}))
    with pytest.raises(InputFaults, match="has format 2, this program reads 1"):
        load_encoder(copied)


def test_nothing_of_the_description_depends_on_the_day_it_was_made(encoder: Encoder) -> None:
    assert set(encoder.about) == {
        *("format", "width", "cut", "questions", "base", "base_sha256", "licence"),
        *("data", "tickets", "learnt", "epoch", "seed", "libraries", "sha256"),
    }


def test_the_classifier_waits_for_the_encoder_only_when_it_is_loaded() -> None:
    statement = "import classifier, classifier.encoder, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", statement], capture_output=True, text=True, check=True
    )
    assert not {"onnxruntime", "tokenizers", "torch"} & set(done.stdout.split())


def test_nothing_is_reported_to_the_maker_of_the_runtime(tmp_path: Path) -> None:
    """Where reports are on, a folder that keeps no device id makes onnxruntime complain of it."""
    code = "from classifier.encoder import load_encoder; load_encoder()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": "/proc/nowhere"},  # no variable of CI either, which turns reports off
    )
    assert "telemetry" not in done.stderr
