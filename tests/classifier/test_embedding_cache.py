"""A text is embedded once; whatever happens to the files, a model is the same."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from classifier.embedder import AT_ONCE, Embedder
from classifier.embedding_cache import EmbeddingCache
from classifier.encoder import load_encoder
from classifier.progress import unwatched

ENCODER, WIDTH = "0123456789ab", 4
TEXTS = [f"line {number} is dead" for number in range(6)]
ROOMY = 1_000_000


def numbers(texts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return embeddings that tell texts apart."""
    rows = [[len(text), sum(map(ord, text)), 0.1, -1 / 3] for text in texts]
    return np.array(rows, np.float32).reshape(-1, WIDTH)


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path / "cache", ROOMY)


def known(cache: EmbeddingCache, texts: list[str], encoder: str = ENCODER) -> list[bool]:
    """Return which texts the cache fills in; they must be filled in rightly."""
    embeddings = np.zeros((len(texts), WIDTH), np.float32)
    is_known = cache.fill(encoder, texts, embeddings)
    np.testing.assert_array_equal(embeddings[is_known], numbers(texts)[is_known])
    return [bool(one) for one in is_known]


def test_what_is_kept_is_recalled_bit_for_bit_in_any_order(cache: EmbeddingCache) -> None:
    cache.keep(ENCODER, TEXTS[:2], numbers(TEXTS[:2]))
    cache.keep(ENCODER, TEXTS[2:4], numbers(TEXTS[2:4]))
    assert known(cache, TEXTS[::-1]) == [False, False, True, True, True, True]


def test_an_empty_cache_knows_nothing(cache: EmbeddingCache) -> None:
    assert known(cache, TEXTS) == [False] * 6
    assert known(cache, []) == []


def test_each_encoder_has_its_own(cache: EmbeddingCache) -> None:
    cache.keep(ENCODER, TEXTS, numbers(TEXTS))
    assert known(cache, TEXTS, encoder="ba9876543210") == [False] * 6


def test_no_word_of_a_text_is_kept(cache: EmbeddingCache) -> None:
    cache.keep(ENCODER, TEXTS, numbers(TEXTS))
    (path,) = cache.folder.iterdir()
    assert b"dead" not in path.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-3] + b"\0" + content[-2:],
        lambda content: content + content,
    ],
)
def test_a_damaged_file_is_removed_and_written_anew(cache: EmbeddingCache, damage: object) -> None:
    cache.keep(ENCODER, TEXTS, numbers(TEXTS))
    (path,) = cache.folder.iterdir()
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert known(cache, TEXTS) == [False] * 6
    assert list(cache.folder.iterdir()) == []
    cache.keep(ENCODER, TEXTS, numbers(TEXTS))
    assert known(cache, TEXTS) == [True] * 6


def test_a_file_without_content_is_passed_over(cache: EmbeddingCache) -> None:
    cache.folder.mkdir()
    (cache.folder / f"{ENCODER}-0000").touch()
    assert known(cache, TEXTS) == [False] * 6


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    size = 2 * (16 + 4 * WIDTH)
    cache = EmbeddingCache(tmp_path, 2 * size)
    for start in (0, 2):
        cache.keep(ENCODER, TEXTS[start : start + 2], numbers(TEXTS[start : start + 2]))
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    assert known(cache, TEXTS[:2]) == [True, True]  # used, so the other is older now
    cache.keep(ENCODER, TEXTS[4:], numbers(TEXTS[4:]))
    assert known(cache, TEXTS) == [True, True, False, False, True, True]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 2 * size


def test_what_was_never_finished_counts_and_goes(tmp_path: Path) -> None:
    (tmp_path / "tmp_half").write_bytes(b"0" * 1_000)
    cache = EmbeddingCache(tmp_path, 1_000)
    cache.keep(ENCODER, TEXTS, numbers(TEXTS))
    assert known(cache, TEXTS) == [True] * 6
    assert len(list(tmp_path.iterdir())) == 1


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    cache = EmbeddingCache(tmp_path / "cache", ROOMY)
    cache.keep(ENCODER, TEXTS, numbers(TEXTS))
    assert known(cache, TEXTS) == [False] * 6


def keep_all(folder: Path) -> None:
    cache = EmbeddingCache(folder, ROOMY)
    texts = [f"text {number}" for number in range(200)]
    for start in range(0, 200, 10):
        part = texts[start : start + 10]
        known(cache, texts)
        cache.keep(ENCODER, part, numbers(part))


def test_two_processes_keep_at_once(tmp_path: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    others = [spawning.Process(target=keep_all, args=(tmp_path,)) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0]
    texts = [f"text {number}" for number in range(200)]
    assert known(EmbeddingCache(tmp_path, ROOMY), texts) == [True] * 200
    assert len(list(tmp_path.iterdir())) == 20  # the same portions have the same names


@pytest.fixture(scope="module")
def encoder_texts() -> list[str]:
    return [f"Calls drop {number} seconds after they are picked up." for number in range(5)]


def test_an_embedder_goes_on_from_what_was_embedded(
    tmp_path: Path, encoder_texts: list[str]
) -> None:
    encoder, cache = load_encoder(), EmbeddingCache(tmp_path, ROOMY)
    Embedder(encoder, cache).embed(encoder_texts[:3], unwatched)
    steps: list[tuple[int, int]] = []
    texts = [*encoder_texts, encoder_texts[0]]
    found = Embedder(encoder, cache).embed(texts, lambda *step: steps.append(step))
    assert steps == [(2, 2)]
    np.testing.assert_array_equal(found, encoder.embed(texts))


def test_every_portion_is_kept_as_soon_as_it_is_embedded(
    tmp_path: Path, encoder_texts: list[str]
) -> None:
    cache = EmbeddingCache(tmp_path, ROOMY)
    texts = [f"{number} {encoder_texts[0]}" for number in range(AT_ONCE + 1)]

    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Embedder(load_encoder(threads=2), cache).embed(texts, interrupted)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size == AT_ONCE * (16 + 4 * load_encoder().width)


def test_embeddings_of_another_machine_are_not_mixed_with_ours(
    tmp_path: Path, encoder_texts: list[str]
) -> None:
    encoder, cache = load_encoder(), EmbeddingCache(tmp_path, ROOMY)
    ours = encoder.embed(encoder_texts)
    cache.keep(encoder.version, encoder_texts, np.nextafter(ours, np.float32(9)))
    found = Embedder(encoder, cache).embed(encoder_texts, unwatched)
    np.testing.assert_array_equal(found, ours)
    again = np.zeros_like(ours)
    assert cache.fill(encoder.version, encoder_texts, again).all()
    np.testing.assert_array_equal(again, ours)
