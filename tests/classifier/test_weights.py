"""A label's weight counts wherever something is fitted, and nothing changes when all weigh 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifier import LabelledTicket, Model, Reader, load_recipe, parse_labelled
from classifier.fitting import temperature
from classifier.pooling import fit_pool
from classifier.progress import unwatched
from classifier.training import Material, data_digest, train
from tickets import Priority, Ticket, TicketFault
from triage.retraining.training import current_rules

TEXT = "the printer hums"


def labelled(number: int, body: str, priority: Priority, weight: float = 1.0) -> LabelledTicket:
    return LabelledTicket(Ticket(str(number), body=body), priority, weight=weight)


def trained(tickets: list[LabelledTicket]) -> Model:
    recipe = load_recipe(Reader.LIGHT)
    return train(Material.of(tickets, recipe), current_rules(), recipe, unwatched)


def torn(weight: float) -> list[LabelledTicket]:
    """Return tickets that say the same, of which half are P0 and the other half, weighed, P4."""
    return [
        labelled(n, f"{TEXT} {'abcdefghij'[n % 10] * 3}", priority, of_label)
        for n in range(30)
        for priority, of_label in ((Priority.P0, 1.0), (Priority.P4, weight))
    ]


@pytest.mark.parametrize(("weight", "likelier"), [(0.05, Priority.P0), (20.0, Priority.P4)])
def test_the_heavier_label_wins(weight: float, likelier: Priority) -> None:
    (reading,) = trained(torn(weight)).read([Ticket("1", body=TEXT)])
    view = reading.direct_view
    assert max(view, key=lambda priority: view[priority]) == likelier
    assert view[likelier] > 0.8


def test_facts_are_weighed_too() -> None:
    tickets = [
        replace(one, facts={"reach": "all" if one.priority is Priority.P0 else "one"})
        for one in torn(20.0)
    ]
    (reading,) = trained(tickets).read([Ticket("1", body=TEXT)])
    assert reading.facts["reach"].value == "one"


def test_temperature_and_pool_are_those_of_repeated_tickets() -> None:
    random = np.random.default_rng(1)
    scores, labels = random.normal(size=(60, 5)), random.integers(0, 5, 60)
    often = random.integers(1, 4, 60)
    again = np.repeat(np.arange(60), often)
    weights = often.astype(float)
    assert temperature(scores, labels, weights) == pytest.approx(
        temperature(scores[again], labels[again]), abs=1e-4
    )
    one, other = random.dirichlet(np.ones(5), (2, 60))
    weighed = fit_pool(one, other, labels, weights)
    repeated = fit_pool(one[again], other[again], labels[again])
    assert weighed.offsets == pytest.approx(repeated.offsets, abs=1e-3)


def test_weights_of_one_are_as_none() -> None:
    random = np.random.default_rng(1)
    scores, labels = random.normal(size=(60, 5)), random.integers(0, 5, 60)
    one, other = random.dirichlet(np.ones(5), (2, 60))
    assert temperature(scores, labels, np.ones(60)) == temperature(scores, labels)
    assert fit_pool(one, other, labels, np.ones(60)) == fit_pool(one, other, labels)


def test_a_weight_is_part_of_the_data() -> None:
    plain = torn(1.0)
    assert data_digest(plain) == data_digest([replace(one) for one in plain])
    assert data_digest(torn(2.0)) != data_digest(plain)


def test_a_model_tells_how_many_labels_were_weighed() -> None:
    assert trained(torn(2.0)).description["weighted"] == 30
    assert "weighted" not in trained(torn(1.0)).description


@pytest.mark.parametrize(
    ("cell", "weight"),
    [(None, 1.0), ("", 1.0), (" ", 1.0), (float("nan"), 1.0), ("0.5", 0.5), (2, 2.0), ("1e3", 1e3)],
)
def test_a_weight_is_read_however_a_file_carries_it(cell: object, weight: float) -> None:
    record = {"body": "x", "priority": "P1", "weight": cell}
    assert parse_labelled(record, current_rules().schema, default_id="1").weight == weight


@pytest.mark.parametrize("cell", ["heavy", "0", -1, "inf", "nan", [2], "1,5", 0.0001, 1e9])
def test_a_senseless_weight_fails_its_row(cell: object) -> None:
    record = {"body": "x", "priority": "P1", "weight": cell}
    with pytest.raises(TicketFault, match=r"is no number from 0\.001 to 1,000"):
        parse_labelled(record, current_rules().schema, default_id="1")
