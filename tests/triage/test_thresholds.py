"""Thresholds: precision and coverage, targets that are certain, floors, and the way back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from typer.testing import CliRunner, Result

from classifier import LabelledTicket, Model, Pool, Reader, Registry, Thresholds, load_model
from classifier.decision import NEVER
from classifier.fingerprints import fingerprints
from classifier.judged import Judged
from tickets import PRIORITIES, Action, InputFaults, Priority
from triage.cli import app
from triage.desk import Desk
from triage.report.shares import Share
from triage.retraining.source import Source
from triage.retraining.training import current_rules
from triage.suggest import cost_array
from triage.thresholds.choice import choose, inspect, settle
from triage.thresholds.precision import Acted, curve, figures
from triage.thresholds.sample import Sample, judged_by
from triage.thresholds.targets import (
    Wish,
    fewest_for,
    fulfilled,
    highest_floor,
    lowest_threshold,
    surely,
    surest,
    tried,
)

P0, P1, P2, P3, P4 = PRIORITIES
NOW = datetime(2026, 7, 1, tzinfo=UTC)
COSTS = current_rules().costs
TRAINED = Thresholds((0.9, 0.8, 0.8, 0.8, 0.7), review_below=0.45, review_disagreement=2)


def no_progress(done: int, total: int) -> None:
    """Nobody watches."""


# --- laws ----------------------------------------------------------------------------------------


def sample_of(labels: np.ndarray, rules_view: np.ndarray, direct_view: np.ndarray) -> Sample:
    known = np.ones(len(labels), bool)
    judged = Judged(labels, rules_view, direct_view, known)
    return Sample.of("drawn", judged, Pool(0.7, 0.7, (0.0,) * 5), COSTS)


def drawn(seed: int, count: int = 120) -> Sample:
    """Tickets whose views know something, some more than others."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 5, count)
    skill = random.uniform(0, 6, count)
    scores = random.normal(size=(2, count, 5))
    scores[:, np.arange(count), labels] += skill
    powers = np.exp(scores)
    rules_view, direct_view = powers / powers.sum(axis=2, keepdims=True)
    return sample_of(labels, rules_view, direct_view)


seeds = st.integers(0, 10_000)
shares = st.floats(0.01, 1.0)
priorities = st.sampled_from(PRIORITIES)


@settings(deadline=None, max_examples=60)
@given(seeds, priorities, shares, shares)
def test_a_higher_precision_never_covers_more(
    seed: int, priority: Priority, one: float, other: float
) -> None:
    sample = drawn(seed)
    lower, higher = sorted([one, other])
    less, more = (
        figures(sample.acted(fulfilled(Wish(precision={priority: target}), TRAINED, sample)))
        for target in (lower, higher)
    )
    assert more.classes[priority].coverage.part <= less.classes[priority].coverage.part


@settings(deadline=None, max_examples=60)
@given(seeds, priorities, shares)
def test_a_chosen_threshold_is_the_lowest_that_is_certain(
    seed: int, priority: Priority, target: float
) -> None:
    acted = drawn(seed).acted(TRAINED)
    threshold = lowest_threshold(acted, priority, target)
    own = acted.is_open & (acted.suggested == priority)
    for at in np.unique(np.floor(acted.confidence[own] * 10_000) / 10_000):
        above = own & (acted.confidence >= at)
        is_certain = surely(Share(int(acted.is_right[above].sum()), int(above.sum()))) >= target
        assert at >= threshold or not is_certain
        assert at != threshold or is_certain


@settings(deadline=None, max_examples=60)
@given(seeds, priorities, shares)
def test_a_floor_never_lowers_recall_nor_makes_anything_less_urgent(
    seed: int, priority: Priority, floor: float
) -> None:
    sample = drawn(seed)
    floors = tuple(floor if p == priority else NEVER for p in PRIORITIES)
    before, after = sample.acted(TRAINED), sample.acted(replace(TRAINED, floors=floors))
    recalls = [figures(acted).classes[priority].recall.part for acted in (before, after)]
    assert recalls[0] <= recalls[1]
    assert (after.suggested <= before.suggested).all()


@settings(deadline=None, max_examples=60)
@given(seeds, st.sampled_from([P0, P1, P2]), shares)
def test_a_chosen_floor_is_the_highest_that_reaches_the_recall(
    seed: int, priority: Priority, target: float
) -> None:
    sample = drawn(seed)
    floor = highest_floor(sample, TRAINED, priority, target)

    def reached(floor: float) -> bool:
        floors = tuple(floor if p == priority else NEVER for p in PRIORITIES)
        recall = figures(sample.acted(replace(TRAINED, floors=floors))).classes[priority].recall
        return recall.part >= target * recall.total - 1e-9

    if floor is None:
        assert not reached(0.0001)
    else:
        assert reached(floor)
        assert floor == NEVER or not reached(floor + 0.0002)


@settings(deadline=None, max_examples=30)
@given(seeds, st.sets(priorities), st.sets(priorities))
def test_never_auto_is_never_auto_and_always_review_always(
    seed: int, never: set[Priority], always: set[Priority]
) -> None:
    sample = drawn(seed)
    wish = Wish(never_auto=frozenset(never - always), always_review=frozenset(always))
    chosen = fulfilled(wish, TRAINED, sample)
    acted = sample.acted(chosen)
    assert not np.isin(acted.suggested[acted.is_auto], sorted(never | always)).any()
    assert not np.isin(acted.suggested[acted.is_open], sorted(always)).any()
    for priority in always:
        assert chosen.action(priority, 0.999, 0) == Action.REVIEW
        assert chosen.auto[priority] == NEVER
    for priority in never - always:
        assert chosen.action(priority, 0.999, 0) == Action.SUGGEST


def test_the_most_urgent_floor_has_the_last_word() -> None:
    thresholds = replace(TRAINED, floors=(0.1, 0.3, NEVER, NEVER, NEVER))
    distributions = np.array(
        [[0.1, 0.4, 0.5, 0, 0], [0.09, 0.4, 0.5, 0, 0], [0.0, 0.2, 0.8, 0, 0], [1.0, 0, 0, 0, 0]]
    )
    assert thresholds.raised(np.array([2, 2, 2, 0]), distributions).tolist() == [0, 1, 2, 0]
    assert TRAINED.raised(np.array([2, 2, 2, 4]), distributions).tolist() == [2, 2, 2, 4]


def test_the_last_word_about_a_class_counts() -> None:
    sample = drawn(1, 400)
    reviewed = fulfilled(Wish(always_review=frozenset([P4])), TRAINED, sample)
    precise = fulfilled(Wish(precision={P4: 0.8}), reviewed, sample)
    assert (reviewed.auto[P4], reviewed.always_review[P4]) == (NEVER, True)
    assert precise.auto[P4] < NEVER
    assert not precise.always_review[P4]
    assert precise.auto[:4] == TRAINED.auto[:4]


# --- certainty -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "total"), [(25, 25), (57, 59), (1, 30), (0, 4)])
def test_what_is_certain_is_the_lower_end_of_wilsons_interval(part: int, total: int) -> None:
    interval = binomtest(part, total).proportion_ci(0.9, "wilson")
    assert surely(Share(part, total)) == pytest.approx(float(interval.low), abs=1e-6)


def test_so_many_right_ones_make_a_precision_certain() -> None:
    for target in (0.5, 0.8, 0.9, 0.95, 0.97, 0.99):
        fewest = fewest_for(target)
        assert fewest is not None
        assert surely(Share(fewest, fewest)) >= target > surely(Share(fewest - 1, fewest - 1))
    assert (fewest_for(0.9), fewest_for(0.97), fewest_for(1.0)) == (25, 88, None)


def test_a_certain_precision_seldom_falls_short_on_other_tickets() -> None:
    """The lowest threshold that merely measured well falls short more often than not."""
    random = np.random.default_rng(1)
    target, draws = 0.9, 300
    confidence = np.sort(random.beta(4, 0.8, (draws, 130)))[:, ::-1]
    is_right = random.random(confidence.shape) < confidence
    population = np.sort(random.beta(4, 0.8, 50_000))
    fell_short = {"certain": 0, "measured": 0}
    for sure, right in zip(confidence, is_right, strict=True):
        labels = np.where(right, P1, P2)
        every = np.ones(len(sure), bool)
        acted = Acted(labels, np.full_like(labels, P1), sure, every, every)
        measured = np.cumsum(right) / np.arange(1, len(right) + 1) >= target
        chosen = {
            "certain": lowest_threshold(acted, P1, target),
            "measured": sure[measured][-1] if measured.any() else NEVER,
        }
        for name, threshold in chosen.items():
            above = population[population >= threshold]
            fell_short[name] += bool(len(above) and above.mean() < target)
    assert fell_short["certain"] / draws <= 0.1
    assert fell_short["measured"] / draws >= 0.4


def test_a_precision_out_of_reach_is_told_with_what_was_within() -> None:
    labels = np.zeros(30, np.int64)
    every = np.ones(30, bool)
    acted = Acted(labels, labels, np.linspace(0.5, 0.99, 30), every, every)
    assert lowest_threshold(acted, P0, 0.97) == NEVER
    assert surest(acted, P0) == Share(30, 30)
    assert surest(acted, P1) == Share(0, 0)


def test_thresholds_are_tried_on_tickets_that_they_were_not_chosen_on() -> None:
    sample = drawn(2, 500)
    wish = Wish(precision={P1: 0.8}, recall={P0: 0.99})
    elsewhere = figures(tried(wish, TRAINED, sample))
    here = figures(sample.acted(fulfilled(wish, TRAINED, sample)))
    assert elsewhere.accuracy.total == 500
    share = elsewhere.classes[P0].recall.value
    assert share is not None
    assert share > 0.9
    assert elsewhere.classes[P0].recall.part <= here.classes[P0].recall.part


def test_a_curve_trades_coverage_for_precision() -> None:
    confidence = np.array([0.99, 0.92, 0.85, 0.55, 0.4])
    labels = np.array([1, 1, 2, 1, 1])
    is_open = confidence > 0.45
    acted = Acted(labels, np.ones(5, np.int64), confidence, is_open, is_open)
    points = {point.threshold: (point.coverage, point.precision) for point in curve(acted, P1)}
    assert points[0.5] == (Share(4, 5), Share(3, 4))
    assert points[0.9] == (Share(2, 5), Share(2, 2))
    assert points[0.98] == (Share(1, 5), Share(1, 1))


# --- serving -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raised(small_home: Path) -> Desk:
    """A desk whose light model has a floor, and a class of each kind."""
    model = Registry(small_home).load_current(Reader.LIGHT)
    thresholds = replace(
        model.thresholds,
        auto=(0.5, 0.7, NEVER, 0.6, NEVER),
        floors=(0.15, NEVER, NEVER, NEVER, NEVER),
        always_review=(False, False, False, False, True),
    )
    return Desk.of(replace(model, thresholds=thresholds))


def test_tickets_are_treated_as_the_sample_says(
    raised: Desk, corpus: list[LabelledTicket], tmp_path: Path
) -> None:
    tickets = corpus[::40]
    model = raised.rooms.model
    judged = judged_by(raised, tickets, no_progress)
    sample = Sample.of("", judged, model.pool, cost_array(raised.rooms.ruleset))
    acted = sample.acted(model.thresholds)
    done = raised.suggest_many([labelled.ticket for labelled in tickets])
    assert [int(one.priority) for one in done] == acted.suggested.tolist()
    assert [one.action == Action.AUTO for one in done] == acted.is_auto.tolist()
    assert {one.action for one in done if one.priority == P4} == {Action.REVIEW}
    assert {one.threshold for one in done} == {0.5, 0.7, NEVER, 0.6}
    one_by_one = [raised.suggest_many([labelled.ticket])[0] for labelled in tickets[:10]]
    assert [one.priority for one in one_by_one] == [one.priority for one in done[:10]]


def test_what_a_floor_raised_says_so(raised: Desk, corpus: list[LabelledTicket]) -> None:
    done = raised.suggest_many([labelled.ticket for labelled in corpus[::40]])
    trained = replace(raised.rooms.model, thresholds=replace(TRAINED))
    without = Desk.of(trained).suggest_many([labelled.ticket for labelled in corpus[::40]])
    lifted = [(a, b) for a, b in zip(done, without, strict=True) if a.priority != b.priority]
    assert lifted
    for after, before in lifted:
        (remark,) = [reason for reason in after.reasons if reason.id == "recall-floor"]
        assert (remark.kind, remark.priority, after.priority) == ("remark", P0, P0)
        assert remark.because.startswith(
            f"By the cost of a mistake alone it would be {before.priority}; so that few P0 are"
            " missed, it is P0 from a probability of 0.15 on, and here that is 0."
        )
        assert before.reasons == tuple(r for r in after.reasons if r != remark)
    kept = [one for one, other in zip(done, without, strict=True) if one.priority == other.priority]
    assert not any(reason.id == "recall-floor" for one in kept for reason in one.reasons)


# --- models --------------------------------------------------------------------------------------


@pytest.fixture
def home(small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own with the small models, which is that of the environment."""
    shutil.copytree(small_home, tmp_path / "home")
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def changed(wish: Wish, version: str = "") -> str:
    """Ask something of the light reader's model; return the model that came of it."""
    inspection = inspect(version, Reader.LIGHT, None, wish, no_progress)
    return settle(inspection, choose(inspection, wish)).version


def test_other_thresholds_are_another_model_of_the_same_numbers(home: Path) -> None:
    registry = Registry(home)
    before = registry.load_current(Reader.LIGHT)
    version = changed(Wish(precision={P4: 0.8}, never_auto=frozenset([P0])))
    after = registry.load_current(Reader.LIGHT)
    assert after.version == version != before.version
    assert after.thresholds.auto[P0] == NEVER
    assert after.thresholds.auto[1:4] == before.thresholds.auto[1:4]
    assert after.heads.weights.tobytes() == before.heads.weights.tobytes()
    assert registry.learnt(version).tolist() == registry.learnt(before.version).tolist()
    account = after.description["thresholds"]
    assert account["of"] == before.version
    assert account["auto"]["P0"]["never_auto"] is True
    p4 = account["auto"]["P4"]
    assert p4["target_precision"] == 0.8
    assert before.judged is not None
    assert p4["chosen_on"]["tickets"] == len(before.judged.labels)
    assert surely(Share(p4["precision"]["count"], p4["precision"]["of"])) >= 0.8
    event = registry.history(Reader.LIGHT)[-1]
    assert event.why == "thresholds: P4 precision 0.8, P0 never auto"
    assert registry.previous_version(Reader.LIGHT) == before.version


def test_what_was_asked_before_stays_until_it_is_cleared(home: Path) -> None:
    registry = Registry(home)
    trained = registry.load_current(Reader.LIGHT)
    changed(Wish(never_auto=frozenset([P0])))
    changed(Wish(always_review=frozenset([P4])))
    both = registry.load_current(Reader.LIGHT)
    assert (both.thresholds.auto[P0], both.thresholds.always_review[P4]) == (NEVER, True)
    assert set(both.description["thresholds"]["auto"]) == {"P0", "P4"}
    again = changed(Wish(from_trained=True, never_auto=frozenset([P3])))
    assert registry.load(again).thresholds.auto[:3] == trained.thresholds.auto[:3]
    assert changed(Wish(from_trained=True)) == trained.version
    assert registry.current_version(Reader.LIGHT) == trained.version
    assert changed(Wish(from_trained=True)) == trained.version


def test_a_floor_is_stored_read_back_and_compared(home: Path) -> None:
    inspection = inspect("", Reader.LIGHT, None, Wish(), no_progress)
    found = figures(inspection.acted).classes[P0].recall
    assert found.part < found.total
    wish = Wish(recall={P0: 1.0})
    change = choose(inspection, wish)
    assert change.comparison is not None
    assert change.comparison.p0_recall.candidate == 1
    outcome = settle(inspection, change)
    stored = Registry(home).load(outcome.version)
    assert stored.thresholds == change.model.thresholds
    assert stored.thresholds.floors[P0] < NEVER
    assert outcome.is_current == (not change.objections)
    account = stored.description["thresholds"]["floors"]["P0"]
    assert account["target_recall"] == 1.0
    assert (account["recall"]["count"], account["recall"]["of"]) == (found.total, found.total)


def test_a_change_of_another_model_than_the_current_one_is_stored_only(home: Path) -> None:
    registry = Registry(home)
    trained = registry.load_current(Reader.LIGHT).version
    current = changed(Wish(never_auto=frozenset([P0])))
    candidate = changed(Wish(never_auto=frozenset([P1])), trained)
    assert registry.current_version(Reader.LIGHT) == current
    assert registry.candidate_version(Reader.LIGHT) == candidate


def from_an_older_program(home: Path, **description: str) -> Model:
    """Make the current light model one that does not keep what it was calibrated on."""
    registry = Registry(home)
    model = registry.load_current(Reader.LIGHT)
    stored = model if description else replace(model, judged=None)
    about = {**model.description, **description, "name": "older"}
    older = registry.add(replace(stored, description=about), registry.learnt(model.version), NOW)
    registry.promote(older, model.version, NOW, "it is a test")
    return older


def test_without_tickets_a_class_can_still_be_switched_off(home: Path) -> None:
    older = from_an_older_program(home)
    with pytest.raises(InputFaults, match="comes from an older program and does not keep"):
        inspect("", Reader.LIGHT, None, Wish(precision={P1: 0.9}), no_progress)
    with pytest.raises(InputFaults, match="name labelled tickets with --data FILE"):
        inspect("", Reader.LIGHT, None, Wish(), no_progress)
    after = Registry(home).load(changed(Wish(never_auto=frozenset([P0]))))
    assert after.thresholds.auto[P0] == NEVER
    assert after.version != older.version


def test_what_other_rules_were_calibrated_for_is_not_used(home: Path) -> None:
    from_an_older_program(home, rules="000000000000")
    with pytest.raises(InputFaults, match="was calibrated under other rules than those of now"):
        inspect("", Reader.LIGHT, None, Wish(precision={P1: 0.9}), no_progress)


def test_a_model_of_the_format_before_has_no_floors(home: Path, tmp_path: Path) -> None:
    version = Registry(home).current_version(Reader.LIGHT)
    assert version is not None
    folder = tmp_path / "older"
    shutil.copytree(home / "models" / version, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["format"] = 2
    del manifest["thresholds"]["floors"], manifest["thresholds"]["always_review"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    thresholds = load_model(folder).thresholds
    assert thresholds.floors == (NEVER,) * 5
    assert thresholds.always_review == (False,) * 5


def test_what_training_held_out_comes_before_what_it_calibrated_on(
    home: Path, corpus: list[LabelledTicket], tmp_path: Path
) -> None:
    tickets = corpus[::50]
    rows = [{"body": t.ticket.body, "priority": str(t.priority)} for t in tickets]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = Source.named(str(path), {}, {})
    registry = Registry(home)
    model = registry.load_current(Reader.LIGHT)
    held_out = {
        "source": source.as_record(),
        "held_out": {"tickets": 20, "how": "the latest fifth"},
    }
    learnt = fingerprints(source.tickets()[:-20])
    own = registry.add(replace(model, description={**model.description, **held_out}), learnt, NOW)
    sample = inspect(own.version, Reader.LIGHT, None, Wish(), no_progress).sample
    assert sample.name == f"of {path} that training held out"
    assert sample.labels.tolist() == [int(t.priority) for t in tickets[-20:]]
    named = inspect(own.version, Reader.LIGHT, source, Wish(), no_progress).sample
    assert named.name == f"of {path} that the model had not learnt from"


# --- the command ---------------------------------------------------------------------------------


def run(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["thresholds", "--reader", "light", *arguments])


def test_a_change_is_shown_and_then_made(home: Path) -> None:
    registry = Registry(home)
    before = registry.current_version(Reader.LIGHT)
    targets = ("--target-precision", "all=0.8,P1=0.99")
    asked = (*targets, "--never-auto", "P0", "--always-review", "P3")
    dry = run(*asked, "--dry-run")
    assert dry.exit_code == 0
    assert dry.stdout.endswith("nothing is stored\n")
    assert registry.current_version(Reader.LIGHT) == before
    done = json.loads(run(*asked, "--json").stdout)
    assert done["model"] == before
    assert done["change"]["asked"] == (
        "P1 precision 0.99, P2 precision 0.8, P4 precision 0.8, P0 never auto, P3 always review"
    )
    assert done["change"]["not_reached"][0] == "P1"
    assert done["change"]["current"] is True
    assert done["change"]["per_class"]["P0"]["threshold"] == 1.0
    assert done["change"]["per_class"]["P3"]["always_review"] is True
    version = done["change"]["model"]
    assert registry.current_version(Reader.LIGHT) == version
    shown = CliRunner().invoke(app, ["show", version]).stdout
    assert "P0 never, P1 never (precision 0.99: not reached, on" in shown
    assert "P3 always review" in shown
    assert f"the same as  {before} but for these" in shown
    back = CliRunner().invoke(app, ["rollback", "--reader", "light"]).stdout
    assert back.startswith(f"model {before} is current again")


def test_the_curve_is_shown_for_machines_and_people(home: Path) -> None:
    found = json.loads(run("--json").stdout)
    assert found["change"] is None
    points = found["per_class"]["P4"]["curve"]
    assert [point["threshold"] for point in points] == [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
    at = points[0]["precision"]
    assert at["low"] < at["share"] == at["count"] / at["of"] < at["high"]
    lines = run().stdout.splitlines()
    assert lines[1].endswith("labelled tickets " + found["data"]["name"])
    assert len([line for line in lines if line.startswith("P4")]) == 1 + len(points)


def test_the_gate_keeps_a_floor_out_that_costs_too_much(home: Path) -> None:
    before = Registry(home).current_version(Reader.LIGHT)
    asked = ("--reader", "light", "--min-recall", "P0=1")
    done = subprocess.run(
        [Path(sys.executable).with_name("triage"), "thresholds", *asked],
        capture_output=True,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(home)},
        check=False,
    )
    assert done.returncode == 2
    assert "P0 recall 1: suggested from a probability of" in done.stdout
    assert f"is stored, and {before} stays current" in done.stdout
    assert "refused: expected cost rises from" in done.stderr
    assert '--force --why "TEXT" overrules the gate)' in done.stderr
    assert Registry(home).current_version(Reader.LIGHT) == before


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--target-precision", "P7=0.9"], '--target-precision: unknown name "P7"'),
        (["--target-precision", "P1=0"], '"P1=0" is no share above 0 and up to 1 (as in P1=0.9)'),
        (["--target-precision", "P1=90"], '"P1=90" is no share above 0 and up to 1'),
        (["--target-precision", "P1=nan"], '"P1=nan" is no share above 0 and up to 1'),
        (["--min-recall", "P0=much"], '"P0=much" is no share above 0 and up to 1'),
        (["--min-recall", "all=0.9"], '--min-recall: unknown name "all"'),
        (["--never-auto", "P0,p1"], '--never-auto: unknown "p1" (did you mean "P1"?)'),
        (["--never-auto", "P0,P0"], "--never-auto: P0 is named twice (keep one)"),
        (
            ["--never-auto", "P0", "--always-review", "P0"],
            "--always-review: P0 is named in --never-auto too (keep one)",
        ),
        (["--data", "nowhere.csv", "--never-auto", "P0"], "nowhere.csv"),
        (["0123456789ab"], "no such model"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(home: Path, arguments: list[str], fault: str) -> None:
    refused = run(*arguments).exception
    assert isinstance(refused, InputFaults)
    assert fault in str(refused)
    assert len(refused.faults) == 1


def test_tickets_that_cannot_answer_are_refused(home: Path, tmp_path: Path) -> None:
    rows = [f"which colour shall we paint door {n},P4" for n in range(40)]
    (tmp_path / "dull.csv").write_text("\n".join(["body,priority", *rows]))
    data = ("--data", str(tmp_path / "dull.csv"))
    asked = ("--min-recall", "P0=0.9", "--target-precision", "P0=0.9")
    assert str(run(*data, *asked).exception) == (
        "--min-recall: none of the 40 tickets is labelled P0"
        " (name labelled tickets with --data FILE)\n"
        "--target-precision: none of the 40 tickets is suggested as P0 (--never-auto P0)"
    )
