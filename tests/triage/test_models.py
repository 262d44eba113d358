"""Stored models: what becomes current, what the gate refuses, and the way back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from classifier import LabelledTicket, Model, Reader, Registry, load_recipe
from classifier.fingerprints import fingerprints
from classifier.history import Event, EventKind, standing
from classifier.training import Material, train
from tickets import InputFaults, Priority, Ticket
from triage.retraining.comparison import Comparison, compare, measures
from triage.retraining.gate import objections
from triage.retraining.held_out import part
from triage.retraining.training import current_rules

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOTHING_LEARNT = np.zeros(0, np.uint64)

MATTERS = {
    "P0": "water from the fish tank runs over the switchboard of room",
    "P1": "the espresso machine refuses to grind for team",
    "P3": "one of the plants looks thirsty beside desk",
    "P4": "which colour shall we paint the door of room",
}
"""Tickets of an office that has its own idea of urgency."""


def word(number: int) -> str:
    return "".join("bdfgklmnprst"[number // 12**at % 12] + "aeiou"[number % 5] for at in range(3))


def own_words(number: int) -> str:
    """Return enough words of its own that a ticket is no near copy of others on its matter."""
    return " ".join(word(number * prime) + word(number) for prime in (7, 11, 13))


def office_rows(numbers: Sequence[int], labels: Sequence[str] = tuple(MATTERS)) -> str:
    """Return a labelled CSV file; a ticket's text says its matter, `labels` give its priority."""
    names = dict(zip(MATTERS, labels, strict=True))
    rows = [
        f"{text} {own_words(4 * number + at)},{names[matter]},"
        f"{NOW + timedelta(minutes=number):%Y-%m-%dT%H:%MZ}"
        for number in numbers
        for at, (matter, text) in enumerate(MATTERS.items())
    ]
    return "\n".join(["body,priority,received_at", *rows]) + "\n"


# --- the registry --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def light() -> Model:
    """A light model, not stored."""
    tickets = [
        LabelledTicket(Ticket(str(n), body=f"{text} {word(n)}"), Priority.parse(name))
        for n in range(15)
        for name, text in MATTERS.items()
    ]
    recipe = load_recipe(Reader.LIGHT)
    return train(Material.of(tickets, recipe), current_rules(), recipe, lambda done, total: None)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "home")


def stored(registry: Registry, model: Model, name: str) -> Model:
    """Store a model that differs from others by its name."""
    named = replace(model, description={**model.description, "name": name})
    return registry.add(named, NOTHING_LEARNT, NOW)


def promoted(registry: Registry, model: Model, name: str) -> Model:
    added = stored(registry, model, name)
    before = registry.current_version(Reader.LIGHT)
    registry.promote(added, before, NOW, "it is a test")
    return added


def rolled_back(registry: Registry) -> str:
    version = registry.previous_version(Reader.LIGHT)
    assert version is not None
    registry.roll_back(registry.load(version), NOW, "it was better")
    return version


def test_a_stored_model_is_a_candidate_until_it_is_promoted(
    registry: Registry, light: Model
) -> None:
    one = stored(registry, light, "one")
    assert registry.current_version(Reader.LIGHT) is None
    assert registry.candidate_version(Reader.LIGHT) == one.version
    registry.promote(one, None, NOW, "it is the first")
    assert registry.load_current(Reader.LIGHT).version == one.version
    assert registry.candidate_version(Reader.LIGHT) is None


def test_each_roll_back_goes_one_further(registry: Registry, light: Model) -> None:
    one, two, three = (promoted(registry, light, name) for name in ("one", "two", "three"))
    assert rolled_back(registry) == two.version
    assert rolled_back(registry) == one.version
    assert registry.previous_version(Reader.LIGHT) is None
    four = promoted(registry, light, "four")
    assert registry.current_version(Reader.LIGHT) == four.version
    assert rolled_back(registry) == one.version
    assert three.version != four.version


def test_the_history_tells_what_happened_and_why(registry: Registry, light: Model) -> None:
    one = promoted(registry, light, "one")
    two = stored(registry, light, "two")
    registry.promote(two, one.version, NOW, "the boss said so", forced=True)
    lines = (registry.folder / "history-light.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["stored", "promoted"] * 2
    assert json.loads(lines[-1]) == {
        "kind": "promoted",
        "version": two.version,
        "at": "2026-07-01T12:00:00+00:00",
        "previous": one.version,
        "why": "the boss said so",
        "forced": True,
        "comparison": None,
    }


def test_a_promotion_that_was_overtaken_is_refused(registry: Registry, light: Model) -> None:
    one, two = promoted(registry, light, "one"), stored(registry, light, "two")
    three = promoted(registry, light, "three")
    with pytest.raises(InputFaults, match=f"meanwhile {three.version} became current"):
        registry.promote(two, one.version, NOW, "it beat one")
    assert registry.current_version(Reader.LIGHT) == three.version


def test_what_was_noted_but_never_came_to_be_is_left_out() -> None:
    """The machine may go down after the history is written and before the model is switched."""

    def event(kind: EventKind, version: str, previous: str | None) -> Event:
        return Event(kind, version, NOW, previous)

    a = event(EventKind.PROMOTED, "a", None)
    b = event(EventKind.PROMOTED, "b", "a")
    back = event(EventKind.ROLLED_BACK, "a", "b")
    assert standing([a, b], "b") == ["a", "b"]
    assert standing([a, b], "a") == ["a"]
    assert standing([a, b, event(EventKind.PROMOTED, "c", "a")], "c") == ["a", "c"]
    assert standing([a, b, back], "a") == ["a"]
    assert standing([a, b, back], "b") == ["a", "b"]
    assert standing([], "a") == ["a"]
    assert standing([event(EventKind.PROMOTED, "b", "a")], "b") == ["a", "b"]


def test_a_damaged_history_is_named_with_its_line(registry: Registry, light: Model) -> None:
    promoted(registry, light, "one")
    path = registry.folder / "history-light.jsonl"
    path.write_text(path.read_text() + '{"kind": "sold"}\n')
    with pytest.raises(InputFaults, match=r"history-light\.jsonl:3: is no event"):
        registry.history(Reader.LIGHT)


def test_the_list_tells_which_models_are_damaged(registry: Registry, light: Model) -> None:
    one, two = promoted(registry, light, "one"), promoted(registry, light, "two")
    (registry.folder / one.version / "words.json").write_text("{}")
    first, second = registry.models()
    assert (first.version, first.is_current) == (one.version, False)
    assert "words.json does not match the hash" in first.fault
    assert (second.version, second.is_current, second.fault) == (two.version, True, "")


TRAINER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
import numpy as np
from classifier import Reader, Registry
from tickets import InputFaults
registry = Registry(Path(sys.argv[1]))
first = registry.load(sys.argv[2])
for number in range(10):
    named = replace(first, description={**first.description, "name": f"{sys.argv[3]} {number}"})
    model = registry.add(named, np.zeros(0, np.uint64), datetime.now(UTC))
    while registry.current_version(Reader.LIGHT) != model.version:
        try:
            current = registry.current_version(Reader.LIGHT)
            registry.promote(model, current, datetime.now(UTC), "it is newer")
            break
        except InputFaults:
            pass  # another process was quicker
"""


def test_processes_that_train_and_promote_at_once_take_turns(
    registry: Registry, light: Model
) -> None:
    first = promoted(registry, light, "first").version
    home = str(registry.folder.parent)
    others = [
        subprocess.Popen([sys.executable, "-c", TRAINER, home, first, name])
        for name in ("one", "other")
    ]
    while any(other.poll() is None for other in others):
        registry.load_current(Reader.LIGHT)
        registry.history(Reader.LIGHT)
    assert [other.returncode for other in others] == [0, 0]
    events = registry.history(Reader.LIGHT)
    switches = [event for event in events if event.kind is EventKind.PROMOTED]
    assert len(switches) == 1 + 2 * 10
    assert len(events) == 2 * len(switches)
    assert [e.previous for e in switches] == [None, *(e.version for e in switches[:-1])]
    assert registry.current_version(Reader.LIGHT) == switches[-1].version
    assert [model.fault for model in registry.models()] == [""] * len(switches)
    assert list(registry.folder.glob(".incoming-*")) == []


# --- held-out tickets, comparison, gate ----------------------------------------------------------


def numbered(count: int, *, dated: bool = False) -> list[LabelledTicket]:
    return [
        LabelledTicket(
            Ticket(str(n), body=word(n), received_at=NOW - timedelta(days=n) if dated else None),
            Priority.P2,
        )
        for n in range(count)
    ]


def test_the_latest_fifth_is_held_out() -> None:
    parts = part(numbered(200, dated=True))
    assert sorted(int(one.ticket.id) for one in parts.held_out) == list(range(40))
    assert len(parts.learnt) == 160
    assert parts.how == "the latest fifth"


def test_without_dates_the_same_fifth_is_held_out_in_whatever_order() -> None:
    tickets = numbered(200)
    there, back = part(tickets), part(tickets[::-1])
    assert len(there.held_out) == 40
    assert {t.ticket.id for t in there.held_out} == {t.ticket.id for t in back.held_out}


def test_a_copy_of_what_is_learnt_from_is_not_held_out() -> None:
    one, *others = numbered(200, dated=True)
    copy = replace(one, ticket=replace(one.ticket, received_at=NOW - timedelta(days=999)))
    parts = part([one, copy, *others])
    assert "0" not in {labelled.ticket.id for labelled in parts.held_out}


def test_a_fingerprint_is_of_what_the_customer_says() -> None:
    bodies = ["Chat is down", "chat  is\ndown", "<p>Chat is down</p>", "Chat is up"]
    one, *others = fingerprints([LabelledTicket(Ticket("1", body=b), Priority.P0) for b in bodies])
    assert [one == other for other in others] == [True, True, False]


COSTS = current_rules().costs


def test_measures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(1)
    labels, suggested = random.integers(0, 5, (2, 300))
    found = measures(labels, suggested, COSTS)
    assert found["macro_f1"] == pytest.approx(f1_score(labels, suggested, average="macro"))
    assert found["p0_recall"] == pytest.approx(recall_score(labels == 0, suggested == 0))
    assert found["expected_cost"] == pytest.approx(COSTS[labels, suggested].mean())


def test_an_interval_is_that_of_drawing_tickets_anew() -> None:
    random = np.random.default_rng(1)
    labels = random.integers(0, 5, 400)
    one = np.where(random.random(400) < 0.8, labels, random.integers(0, 5, 400))
    other = np.where(random.random(400) < 0.7, labels, random.integers(0, 5, 400))
    drawn = random.integers(0, 400, (2_000, 400))
    gaps = COSTS[labels, one] - COSTS[labels, other]
    low, high = np.percentile(gaps[drawn].mean(axis=1), [2.5, 97.5])
    found = compare(labels, one, other, COSTS).expected_cost
    assert found.value == pytest.approx(gaps.mean())
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.1 * (high - low))


def test_a_model_beside_itself_differs_in_nothing() -> None:
    labels, suggested = np.random.default_rng(1).integers(0, 5, (2, 100))
    comparison = compare(labels, suggested, suggested, COSTS)
    for found in (comparison.macro_f1, comparison.p0_recall, comparison.expected_cost):
        assert (found.value, found.low, found.high) == (0, 0, 0)
    assert objections(comparison) == ()


def compared(labels: list[int], candidate: list[int], current: list[int]) -> Comparison:
    return compare(np.array(labels), np.array(candidate), np.array(current), COSTS)


def test_the_gate_refuses_who_misses_one_more_p0() -> None:
    labels = [0] * 10 + [4] * 30
    current = [0] * 9 + [1] + [3] * 30
    candidate = [0] * 8 + [1] * 2 + [4] * 30
    comparison = compared(labels, candidate, current)
    assert comparison.expected_cost.value < 0
    assert objections(comparison) == ("P0 recall falls from 0.900 to 0.800 (1 more of 10 missed)",)


def test_the_gate_refuses_whose_mistakes_cost_more() -> None:
    labels = [0] * 10 + [4] * 30
    candidate, current = [0] * 10 + [4] * 29 + [3], [0] * 10 + [4] * 30
    assert objections(compared(labels, candidate, current)) == (
        "expected cost rises from 0.000 to 0.025",
    )


def test_the_gate_refuses_what_it_cannot_judge() -> None:
    few = compared([1] * 29, [1] * 29, [1] * 29)
    assert objections(few) == (
        "29 held-out tickets are too few, it takes 30",
        "no held-out ticket is a P0, so P0 recall cannot be judged",
    )
    assert np.isnan(few.p0_recall.value)
    assert few.as_record()["p0_recall"]["difference"] is None


# --- the commands --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home of small models, in which an office trains on tickets of its own."""
    folder = tmp_path_factory.mktemp("office")
    shutil.copytree(small_home, folder / "home")
    (folder / "first.csv").write_text(office_rows(range(50)))
    (folder / "upside-down.csv").write_text(office_rows(range(50, 100), ["P4", "P3", "P1", "P0"]))
    (folder / "later.csv").write_text(office_rows(range(100, 110)))
    return folder


@pytest.fixture(scope="module")
def run(office: Path) -> Run:
    """Runs the installed command in the office."""

    def done(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("triage"), *arguments],
            capture_output=True,
            text=True,
            cwd=office,
            env={**os.environ, "TRIAGE_HOME": str(office / "home")},
            check=False,
        )

    return done


@pytest.fixture(scope="module")
def shipped(small_home: Path) -> str:
    """The model that is current before the office trains one."""
    version = Registry(small_home).current_version()
    assert version is not None
    return version


@pytest.fixture(scope="module")
def better(run: Run, shipped: str, office: Path) -> str:
    """The model that passed the gate on what its training held out."""
    done = run("train", "first.csv")
    assert done.returncode == 0, done.stderr
    assert "learnt from 160 tickets, is now current for the full reader" in done.stdout
    assert "40 tickets, 10 of them P0" in done.stdout
    version = Registry(office / "home").current_version()
    assert version is not None
    assert version != shipped
    return version


@pytest.fixture(scope="module")
def worse(run: Run, better: str, office: Path) -> str:
    """A candidate that learnt the opposite."""
    done = run("train", "upside-down.csv", "--no-promote")
    assert done.returncode == 0, done.stderr
    assert "is a candidate for the full reader" in done.stdout
    version = Registry(office / "home").candidate_version(Reader.FULL)
    assert version is not None
    assert f"triage promote {version}" in done.stdout
    return version


def test_all_models_are_listed(run: Run, shipped: str, better: str, worse: str) -> None:
    listed = json.loads(run("models", "--json").stdout)
    full = [one for one in listed if one["reader"] == "full"]
    assert [one["version"] for one in full] == [shipped, better, worse]
    assert [one["current"] for one in full] == [False, True, False]
    assert full[1]["description"]["metrics"]["p0_recall"] > 0.9
    (line,) = [line for line in run("models").stdout.splitlines() if better in line]
    assert line.startswith("*")
    assert "160" in line
    assert "2026-07-01 to 2026-07-01" in line
    assert "first.csv" in line


def test_a_model_is_shown_with_its_history(run: Run, shipped: str, better: str) -> None:
    shown = run("show", better).stdout
    assert "full reader, current" in shown
    assert "P0 40, P1 40, P3 40, P4 40" in shown
    assert "held out     40 tickets, the latest fifth" in shown
    assert f"promoted instead of {shipped}: it passed the gate" in shown
    record = json.loads(run("show", better, "--json").stdout)
    assert record["history"][-1]["comparison"]["p0_tickets"] == 10


def test_two_models_are_compared_on_tickets_of_a_file(run: Run, better: str, worse: str) -> None:
    done = run("compare", "--data", "later.csv", "--json")
    found = json.loads(done.stdout)
    assert (found["candidate"], found["current"]) == (worse, better)
    assert found["tickets"] == 40
    assert found["passes"] is False
    assert found["expected_cost"]["low"] > 0
    printed = run("compare", better, worse, "--data", "later.csv").stdout
    assert "the candidate passes the gate" in printed


def test_what_either_model_has_learnt_from_is_left_out(run: Run, better: str, worse: str) -> None:
    found = json.loads(run("compare", worse, better, "--data", "first.csv", "--json").stdout)
    assert found["tickets"] == 40


@pytest.fixture(scope="module")
def faulty(office: Path) -> str:
    """The later tickets, and a row that is none."""
    text = (office / "later.csv").read_text()
    (office / "faulty.csv").write_text(f"{text}chat is down,urgent,\n")
    return "faulty.csv"


def test_a_row_left_out_of_a_comparison_is_told_with_status_3(
    run: Run, better: str, worse: str, faulty: str
) -> None:
    done = run("compare", worse, better, "--data", faulty, "--json")
    assert done.returncode == 3
    assert done.stderr.startswith("triage: left out row 41: priority: ")
    assert json.loads(done.stdout)["tickets"] == 40


def test_a_comparison_with_nothing_new_is_refused(
    run: Run, office: Path, better: str, worse: str
) -> None:
    rows = (office / "first.csv").read_text().splitlines()
    (office / "old.csv").write_text("\n".join(rows[:50]) + "\n")
    done = run("compare", "--data", "old.csv")
    assert done.returncode == 2
    assert done.stderr == (
        "triage: held-out tickets: none of the tickets is new to both models"
        " (name others with --data FILE)\n"
    )


def test_the_gate_keeps_a_worse_model_out(run: Run, office: Path, better: str, worse: str) -> None:
    done = run("promote", worse, "--data", "later.csv")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert f"triage: model {worse}: refused: P0 recall falls from" in lines[0]
    assert f"triage: model {worse}: refused: expected cost rises from" in lines[1]
    assert Registry(office / "home").current_version() == better


def test_who_overrules_the_gate_gives_a_reason_and_can_go_back(
    run: Run, office: Path, better: str, worse: str
) -> None:
    registry = Registry(office / "home")
    refused = run("promote", worse, "--force")
    assert (refused.returncode, registry.current_version()) == (2, better)
    assert '(add --why "TEXT")' in refused.stderr
    forced = run("promote", worse, "--force", "--why", "fish can swim")
    assert forced.stdout == (
        f"model {worse} is now current for the full reader, instead of {better}\n"
    )
    event = registry.history(Reader.FULL)[-1]
    assert (event.version, event.forced, event.why) == (worse, True, "fish can swim")
    back = run("rollback")
    assert back.stdout == (
        f"model {better} is current again for the full reader, instead of {worse}\n"
    )
    assert registry.current_version() == better


def test_a_model_is_promoted_though_a_row_is_left_out(
    run: Run, office: Path, better: str, worse: str, faulty: str
) -> None:
    run("promote", worse, "--force", "--why", "fish can swim")
    done = run("promote", better, "--data", faulty)
    assert done.returncode == 3
    assert done.stdout.startswith(f"model {better} is now current for the full reader")
    assert Registry(office / "home").current_version() == better


def test_a_model_of_our_corpus_does_not_replace_one_of_the_users_own(
    run: Run, office: Path, better: str, shipped: str
) -> None:
    done = run("promote", shipped)
    assert done.returncode == 2
    assert "comes without held-out tickets to judge by (name labelled tickets" in done.stderr
    assert Registry(office / "home").current_version() == better


def test_a_file_that_is_gone_has_to_be_named_anew(
    run: Run, office: Path, better: str, worse: str
) -> None:
    path = office / "upside-down.csv"
    path.rename(office / "moved.csv")
    done = run("compare")
    (office / "moved.csv").rename(path)
    assert done.returncode == 2
    assert f"{path}, which it was trained on, is no longer there" in done.stderr


Damage = Callable[[Path], object]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "arrays.npz").write_bytes(b"PK"), "does not match the hash"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 99}'), "has format 99"),
        (lambda folder: shutil.rmtree(folder), "no such model"),
    ],
)
def test_what_cannot_be_used_is_not_promoted(
    run: Run, office: Path, better: str, worse: str, damage: Damage, message: str
) -> None:
    folder, safe = office / "home" / "models" / worse, office / "safe"
    shutil.copytree(folder, safe)
    damage(folder)
    done = run("promote", worse, "--force", "--why", "why not")
    shutil.rmtree(folder, ignore_errors=True)
    safe.rename(folder)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert Registry(office / "home").current_version() == better


def test_a_model_under_another_name_is_not_promoted(
    run: Run, office: Path, better: str, worse: str
) -> None:
    stranger = office / "home" / "models" / "0123456789ab"
    shutil.copytree(office / "home" / "models" / worse, stranger)
    done = run("promote", stranger.name, "--force", "--why", "why not")
    shutil.rmtree(stranger)
    assert done.returncode == 2
    assert f"holds model {worse}, not the one that it is named after" in done.stderr


def test_a_model_of_other_rules_is_not_promoted(office: Path, run: Run, light: Model) -> None:
    heads = light.heads.heads
    renamed = replace(heads[0], name="weather")
    foreign = replace(
        light,
        heads=replace(light.heads, heads=(renamed, *heads[1:])),
        shown_values={**light.shown_values, "weather": ()},
    )
    registry = Registry(office / "home")
    version = stored(registry, foreign, "foreign").version
    before = registry.current_version(Reader.LIGHT)
    done = run("promote", version, "--force", "--why", "why not")
    assert done.returncode == 2
    assert "reads other facts than" in done.stderr
    assert registry.current_version(Reader.LIGHT) == before


def test_without_an_earlier_model_there_is_no_way_back(
    office: Path, run: Run, small_home: Path
) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("triage"), "rollback"],
        capture_output=True,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(small_home)},
        check=False,
    )
    assert done.returncode == 2
    assert "the full reader has no earlier model to go back to" in done.stderr
