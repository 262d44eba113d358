"""Uncertain facts: the probability of each priority, summed over every combination."""

from collections.abc import Callable, Iterator
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DrawFn, SearchStrategy

from rules import Ruleset, VerdictTable, diagram, distribution, distributions, verdict_table
from rules.reference import verdict
from tickets import PRIORITIES, Fact, FactSchema, InputFaults, Priority

CERTAIN = {"part": {"engine": 1.0}, "harm": {"great": 1.0}, "live": {"yes": 1.0}}


def test_certain_facts_give_one_certain_priority(small: Ruleset) -> None:
    outlook = distribution(small, CERTAIN)
    assert outlook.probabilities == {
        Priority.P0: 1.0,
        Priority.P1: 0.0,
        Priority.P2: 0.0,
        Priority.P3: 0.0,
        Priority.P4: 0.0,
    }
    assert outlook.neglected_mass == 0.0


def test_an_uncertain_fact_spreads_the_priority(small: Ruleset) -> None:
    outlook = distribution(
        small, CERTAIN | {"harm": {"great": 0.5, "some": 0.3, "none": 0.2}, "live": {"yes": 1.0}}
    )
    assert outlook.probabilities[Priority.P0] == pytest.approx(0.5)
    assert outlook.probabilities[Priority.P1] == pytest.approx(0.3)
    assert outlook.probabilities[Priority.P4] == pytest.approx(0.2)


def test_mass_that_the_reading_leaves_out_is_reported_and_shared_out(small: Ruleset) -> None:
    outlook = distribution(small, CERTAIN | {"harm": {"great": 0.6, "some": 0.3}})
    assert outlook.neglected_mass == pytest.approx(0.1)
    assert outlook.probabilities[Priority.P0] == pytest.approx(0.6 / 0.9)
    assert sum(outlook.probabilities.values()) == pytest.approx(1.0)


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_it_equals_full_enumeration(
    data: st.DataObject,
    any_ruleset: SearchStrategy[Ruleset],
    every_combination: Callable[[FactSchema], Iterator[dict[str, str]]],
) -> None:
    ruleset = data.draw(any_ruleset)
    readings = {fact.name: data.draw(probabilities(fact)) for fact in ruleset.schema}
    expected = dict.fromkeys(PRIORITIES, 0.0)
    for facts in every_combination(ruleset.schema):
        mass = prod(readings[name][value] for name, value in facts.items())
        expected[verdict(ruleset, facts).priority] += mass
    outlook = distribution(ruleset, readings)
    for priority in PRIORITIES:
        assert abs(outlook.probabilities[priority] - expected[priority]) < 1e-9


@st.composite
def probabilities(draw: DrawFn, fact: Fact) -> dict[str, float]:
    weights = draw(arrays(float, len(fact.values), elements=st.floats(0, 1)))
    weights[draw(st.integers(0, len(weights) - 1))] += 0.01
    shares = weights / weights.sum()
    return dict(zip(fact.values, shares.tolist(), strict=True))


def test_it_equals_the_plain_sum_over_all_69120_combinations(
    shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    rng = np.random.default_rng(7)
    one_hot = np.eye(5)[shipped_table].reshape(*(len(f.values) for f in shipped.schema), 5)
    facts = {f.name: rng.dirichlet(np.ones(len(f.values)), 20) for f in shipped.schema}
    got = distributions(diagram(shipped.schema, shipped_table), facts)
    for row in range(20):
        expected = one_hot
        for fact in shipped.schema:
            expected = np.tensordot(facts[fact.name][row], expected, axes=(0, 0))
        assert np.abs(got[row] - expected).max() < 1e-12


def test_many_tickets_at_once_are_each_ticket_alone(
    shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    rng = np.random.default_rng(3)
    folded = diagram(shipped.schema, shipped_table)
    facts = {f.name: rng.dirichlet(np.ones(len(f.values)), 500) for f in shipped.schema}
    together = distributions(folded, facts)
    for row in (0, 250, 499):
        alone = distribution(
            folded,
            {
                f.name: dict(zip(f.values, facts[f.name][row].tolist(), strict=True))
                for f in shipped.schema
            },
        )
        assert together[row].tolist() == pytest.approx(list(alone.probabilities.values()))


def test_a_batch_larger_than_a_chunk_is_worked_through_in_order(small: Ruleset) -> None:
    folded = diagram(small.schema, verdict_table(small))
    rows = 300_000
    harm = np.tile(np.eye(3), (rows // 3, 1))
    facts = {
        "part": np.tile([1.0, 0.0], (rows, 1)),
        "harm": harm,
        "live": np.tile([1.0, 0.0], (rows, 1)),
    }
    got = distributions(folded, facts).argmax(axis=1)
    assert got[:3].tolist() == [4, 1, 0]
    assert (got.reshape(-1, 3) == [4, 1, 0]).all()


def test_no_tickets_give_no_rows(small: Ruleset) -> None:
    folded = diagram(small.schema, verdict_table(small))
    empty = {"part": np.zeros((0, 2)), "harm": np.zeros((0, 3)), "live": np.zeros((0, 2))}
    assert distributions(folded, empty).shape == (0, 5)


def test_folding_the_shipped_table_leaves_few_steps(
    shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    assert diagram(shipped.schema, shipped_table).edges < 400


@pytest.mark.parametrize(
    ("readings", "fault"),
    [
        ({"harm": {}}, 'fact "harm": has no probabilities'),
        ({"harm": {"great": 0.9, "some": 0.9}}, 'fact "harm": its probabilities sum to 1.8'),
        ({"harm": {"great": -0.5, "some": 1.5}}, 'fact "harm"'),
        ({"harm": {"great": float("nan")}}, 'fact "harm"'),
        ({"harm": {"great": 0.5, "huge": 0.5}}, 'fact "harm": has no value "huge"'),
        ({"hram": {"great": 1.0}}, 'fact "hram": is not in the schema'),
    ],
)
def test_readings_that_are_no_probabilities_are_refused(
    readings: dict[str, dict[str, float]], fault: str, small: Ruleset
) -> None:
    with pytest.raises(InputFaults, match=fault):
        distribution(small, CERTAIN | readings)


def test_arrays_of_another_shape_are_refused_all_at_once(small: Ruleset) -> None:
    facts = {"part": np.ones((2, 3)), "harm": np.full((2, 3), -1.0)}
    with pytest.raises(InputFaults) as caught:
        distributions(small, facts)
    assert [fault.place for fault in caught.value.faults] == [
        'fact "part"',
        'fact "harm"',
        'fact "live"',
    ]
