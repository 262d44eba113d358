"""A model reads what it was taught, says how sure it is, and shows the words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier import LabelledTicket, Model, Reader, Registry, load_model, load_recipe
from classifier.features import FeatureSpace, Words, names_found, ticket_text, vocabulary_of
from classifier.progress import Progress
from classifier.training import Material, train
from tickets import PRIORITIES, InputFaults, Priority, Ticket
from triage.desk import Desk
from triage.retraining.training import current_rules


def labelled(number: int, body: str, priority: Priority, **facts: str) -> LabelledTicket:
    return LabelledTicket(Ticket(str(number), body=body), priority, facts)


def trained(tickets: list[LabelledTicket], progress: Progress = lambda done, total: None) -> Model:
    """Return a light reader."""
    recipe = load_recipe(Reader.LIGHT)
    return train(Material.of(tickets, recipe), current_rules(), recipe, progress)


@pytest.fixture(scope="module")
def parrots() -> list[LabelledTicket]:
    """Two kinds of tickets that one word tells apart."""
    outage = ("nothing rings anymore", Priority.P0)
    question = ("please explain the colours", Priority.P4)
    return [
        labelled(n, f"{text} {'abcdefghij'[n % 10] * 3}", priority)
        for n in range(60)
        for text, priority in [outage if n % 2 else question]
    ]


def test_the_weights_of_words_are_those_of_scikit_learn() -> None:
    bodies = ["calls drop and drop", "calls fail", "chat is fine", "fine calls drop"]
    texts = [ticket_text(Ticket("1", body=body)) for body in bodies]
    part = Words()
    found = names_found(part, texts)
    vocabulary = vocabulary_of(part, found, len(texts), weight=1, fewest_tickets=1, most_names=1000)
    space = FeatureSpace((part,), (vocabulary,))
    ours = np.zeros((len(texts), space.size))
    for row, text in enumerate(texts):
        seen = space.observe(text)
        np.add.at(ours[row], seen.columns, seen.weights)
    theirs = TfidfVectorizer(
        sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"\w+", vocabulary=vocabulary.columns
    ).fit_transform(bodies)
    assert isinstance(theirs, csr_matrix)
    np.testing.assert_allclose(ours, theirs.toarray(), atol=1e-6)


def test_tickets_with_priorities_alone_teach_the_direct_view(
    parrots: list[LabelledTicket], tmp_path: Path
) -> None:
    model = trained(parrots)
    (outage, question) = model.read(
        [Ticket("1", body="nothing rings anymore"), Ticket("2", body="please explain the colours")]
    )
    assert max(outage.direct_view, key=lambda p: outage.direct_view[p]) == Priority.P0
    assert max(question.direct_view, key=lambda p: question.direct_view[p]) == Priority.P4


def test_the_same_tickets_give_the_same_model(
    parrots: list[LabelledTicket], tmp_path: Path
) -> None:
    models = [trained(parrots).save(tmp_path / n) for n in ("one", "other")]
    assert models[0].heads.weights.tobytes() == models[1].heads.weights.tobytes()
    assert models[0].version == models[1].version


def test_progress_reaches_its_end(parrots: list[LabelledTicket]) -> None:
    steps: list[tuple[int, int]] = []
    trained(parrots, lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] == len(steps)


def test_a_model_read_back_reads_the_same(desk: Desk, small_home: Path) -> None:
    ticket = Ticket("1", "Calls", "All inbound calls are dead since 9am, 200 agents idle.")
    stored = Registry(small_home).load_current()
    assert stored.version == desk.rooms.model.version
    assert stored.read([ticket]) == desk.rooms.model.read([ticket])


def test_probabilities_of_each_fact_sum_to_one(desk: Desk) -> None:
    (reading,) = desk.rooms.model.read([Ticket("1", body="chat is slow for some agents")])
    assert set(reading.facts) == set(desk.rooms.ruleset.schema.names)
    for fact in reading.facts.values():
        assert sum(fact.probabilities.values()) == pytest.approx(1)
    assert sum(reading.direct_view.values()) == pytest.approx(1)


def test_evidence_points_at_words_of_the_ticket_as_received(desk: Desk) -> None:
    body = "<p>Hello,</p><p>not a single call gets through &amp; 200 agents are idle</p>"
    (reading,) = desk.rooms.model.read([Ticket("1", body=body)])
    spans = [span for fact in reading.facts.values() for span in fact.evidence]
    assert spans
    for span in spans:
        assert "<" not in body[span.start : span.end]
        assert body[span.start : span.end].strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "a" * 200_000,
        "電話が全然つながりません。至急お願いします。",
        "🙂🙂🙂",
        "\u202edlrow",
        "x " * 60_000,
    ],
)
def test_any_text_gets_a_reading(desk: Desk, text: str) -> None:
    (reading,) = desk.rooms.model.read([Ticket("1", subject="s", body=text)])
    assert sum(reading.direct_view[p] for p in PRIORITIES) == pytest.approx(1)


def test_another_language_is_noticed(desk: Desk) -> None:
    body = (
        "Desde las cinco de la tarde no entra ninguna llamada y los clientes oyen tono de ocupado."
    )
    (reading,) = desk.rooms.model.read([Ticket("1", body=body)])
    assert (reading.language, reading.is_supported_language) == ("es", False)


Damage = Callable[[Path], object]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda folder: (folder / "arrays.npz").write_bytes(b"PK"), "does not match the hash"),
        (lambda folder: (folder / "words.json").unlink(), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 99}'), "has format 99"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe"), "cannot be read"),
    ],
)
def test_a_damaged_or_foreign_model_is_refused(
    parrots: list[LabelledTicket], tmp_path: Path, damage: Damage, problem: str
) -> None:
    folder = tmp_path / "model"
    trained(parrots[:30]).save(folder)
    damage(folder)
    with pytest.raises(InputFaults, match=problem):
        load_model(folder)


def test_a_home_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match="run `triage train`"):
        Registry(tmp_path).load_current()
