"""`triage train --finetune`, and models whose encoder lies in the home."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from classifier import LabelledTicket, Reader, Registry
from classifier.encoder import SHIPPED, shipped_version
from classifier.kept_encoders import KeptEncoders
from tickets import InputFaults, Priority, Ticket
from triage.desk import Desk
from triage.retraining.fine_tuning import NEEDED, to_fine_tune_on
from triage.retraining.held_out import part

FILES = ("encoder.json", "encoder.onnx", "encoder_tokenizer.json")
REMARK = b"\x32\x04mine"
"""A field of an ONNX file that says nothing of its network: the same numbers, another hash."""
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DOWN = Ticket("1", body="All inbound calls to our support line drop since 9am.")
HAS_EXTRA = all(find_spec(name) for name in NEEDED)


def write_own(folder: Path) -> None:
    """Write the shipped encoder under another hash, one that has learnt one ticket only."""
    for name in FILES:
        shutil.copy(SHIPPED / name, folder)
    network = (folder / "encoder.onnx").read_bytes() + REMARK
    (folder / "encoder.onnx").write_bytes(network)
    about = json.loads((folder / "encoder.json").read_text("utf-8"))
    about["sha256"]["encoder.onnx"] = hashlib.sha256(network).hexdigest()
    (folder / "encoder.json").write_text(json.dumps({**about, "learnt": ""}), "utf-8")


@pytest.fixture
def own_home(small_home: Path, tmp_path: Path) -> Path:
    """A home whose current full model has an encoder of its own."""
    home = tmp_path / "home"
    shutil.copytree(small_home, home)
    registry = Registry(home)
    before = registry.load_current()
    encoder = KeptEncoders(home).keep(write_own)
    model = registry.add(replace(before, encoder=encoder), np.zeros(0, np.uint64), NOW)
    registry.promote(model, before.version, NOW, "it is a test")
    return home


def encoder_folder(home: Path) -> Path:
    (folder,) = (home / "encoders").iterdir()
    return folder


def test_a_model_finds_its_encoder_in_the_home(own_home: Path, small_home: Path) -> None:
    desk, shipped = Desk.load(own_home), Desk.load(small_home)
    encoder = desk.rooms.model.encoder
    assert encoder is not None
    assert encoder.version == encoder_folder(own_home).name != shipped_version()
    assert desk.rooms.model.version != shipped.rooms.model.version
    assert desk.assess(DOWN).suggestion == shipped.assess(DOWN).suggestion


def test_a_missing_encoder_is_named_and_its_model_refused(own_home: Path) -> None:
    folder = encoder_folder(own_home)
    shutil.rmtree(folder)
    with pytest.raises(InputFaults) as refused:
        Desk.load(own_home)
    assert str(refused.value) == (
        f"{own_home / 'encoders'}: no encoder {folder.name}: {shipped_version()} ships with this"
        " program (put it back, train again, or roll back)"
    )


@pytest.mark.parametrize("name", FILES[1:])
def test_a_damaged_encoder_is_named_and_its_model_refused(own_home: Path, name: str) -> None:
    path = encoder_folder(own_home) / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputFaults) as refused:
        Desk.load(own_home)
    assert str(refused.value) == (
        f"{path}: encoder does not match the hash in encoder.json"
        " (put it back, train again, or roll back)"
    )


def test_an_encoder_under_the_name_of_another_is_refused(own_home: Path) -> None:
    folder = encoder_folder(own_home)
    for name in FILES:
        shutil.copy(SHIPPED / name, folder)
    with pytest.raises(InputFaults, match=f"holds encoder {shipped_version()}, not the one"):
        Desk.load(own_home)


def test_the_model_before_is_still_there_to_go_back_to(own_home: Path) -> None:
    shutil.rmtree(own_home / "encoders")
    registry = Registry(own_home)
    version = registry.previous_version(Reader.FULL)
    assert version is not None
    registry.roll_back(registry.load(version), NOW, "its encoder is lost")
    assert Desk.load(own_home).rooms.model.version == version


def test_an_encoder_kept_twice_is_kept_once_and_a_damaged_one_is_mended(own_home: Path) -> None:
    network = encoder_folder(own_home) / "encoder.onnx"
    network.write_bytes(b"damage")
    KeptEncoders(own_home).keep(write_own)
    KeptEncoders(own_home).keep(write_own)
    assert network.read_bytes().endswith(REMARK)
    assert encoder_folder(own_home) == network.parent


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write_own(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        KeptEncoders(tmp_path).keep(fail)
    assert list((tmp_path / "encoders").iterdir()) == []


def labelled(numbers: Sequence[int], split: str = "") -> list[LabelledTicket]:
    """Return a ticket a minute, each with words of its own."""
    return [
        LabelledTicket(
            Ticket(str(n), body=f"{split} {n}", received_at=NOW + timedelta(minutes=n)),
            Priority.P2,
            split=split,
        )
        for n in numbers
    ]


def ids(tickets: Sequence[LabelledTicket]) -> list[str]:
    return [one.ticket.id for one in tickets]


def test_the_latest_fifth_to_learn_from_is_left_for_calibration() -> None:
    parts = part(labelled(range(250)))
    assert ids(to_fine_tune_on(parts, 0)) == [str(n) for n in range(160)]


def test_files_with_splits_leave_their_latest_fifth_too() -> None:
    tickets = labelled(range(200), "train") + labelled(range(200, 250), "test")
    assert ids(to_fine_tune_on(part(tickets), 0)) == [str(n) for n in range(160)]


def test_of_our_corpus_the_training_part_is_learnt() -> None:
    corpus = labelled([900], "train") + labelled([901], "development")
    parts = part(labelled(range(250)), background=corpus)
    assert ids(to_fine_tune_on(parts, 2)) == ["900", *(str(n) for n in range(160))]


def test_too_few_tickets_are_refused_before_anything_is_learnt() -> None:
    with pytest.raises(InputFaults, match="96 tickets to learn from are too few to fine-tune"):
        to_fine_tune_on(part(labelled(range(126))), 0)


def test_it_goes_with_tickets_of_ones_own(call: Callable[..., int]) -> None:
    with pytest.raises(InputFaults, match=r"--finetune: goes with DATA \(name a labelled file\)"):
        call("train", "--finetune")


@pytest.mark.skipif(HAS_EXTRA, reason="the extra `encoder` is installed")
def test_without_the_extra_the_remedy_is_named(
    call: Callable[..., int], in_folder: Path, small_home: Path
) -> None:
    (in_folder / "labelled.csv").write_text("body,priority\nphones,P0\n")
    with pytest.raises(InputFaults) as refused:
        call("train", "labelled.csv", "--finetune")
    (fault,) = refused.value.faults
    assert fault.place == "--finetune"
    assert "torch" in fault.problem
    assert fault.remedy.startswith('pip install -e ".[encoder]" && pip install --no-deps')
    assert not (small_home / "encoders").exists()


@pytest.mark.skipif(not HAS_EXTRA, reason="the extra `encoder` (torch) is not installed")
def test_a_fine_tuned_encoder_has_learnt_its_tickets_and_no_others(
    corpus: list[LabelledTicket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    fine_tuning = importlib.import_module("encoder_training.fine_tuning")
    start = importlib.import_module("encoder_training.base").find_base(None)
    monkeypatch.setattr(fine_tuning, "SCHEDULE", replace(fine_tuning.SCHEDULE, epochs=1))
    plain = [replace(one, facts={}, evidence={}) for one in corpus[:8]]
    told: list[tuple[int, int]] = []

    def make(folder: Path) -> None:
        fine_tuning.fine_tune(
            [*plain, *corpus[8:16]], start, folder, lambda *steps: told.append(steps)
        )

    encoder = KeptEncoders(tmp_path).keep(make)
    assert [encoder.has_learnt(one.ticket) for one in corpus[:17]] == [True] * 16 + [False]
    assert np.isfinite(encoder.embed([DOWN.body])).all()
    assert told == [(1, 2), (2, 2)]
