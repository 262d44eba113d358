"""The policy as a table, and a table edited in a spreadsheet back as a policy."""

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rules import Ruleset, VerdictTable, verdict_table
from rules.combinations import shape, where_true
from rules.decision_table import as_csv, as_markdown, rule_rows, verdict_rows, verdicts_as_csv
from rules.rows import minimal_rows, where_in_row
from rules.rulefile import SHIPPED
from rules.spreadsheet import from_csv
from tickets import FactSchema, InputFaults


def as_said(ruleset: Ruleset) -> list[tuple[object, ...]]:
    """What rules say, apart from how their conditions are written."""
    return [(rule.id, rule.then, rule.because, rule.clause, rule.owner) for rule in ruleset.rules]


def test_the_small_policy_as_markdown(small: Ruleset) -> None:
    assert as_markdown(small) == (
        "| rule | part | harm | live | then | because |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| great-harm-is-p0 | engine | great | – | set P0 | The engine is lost. |\n"
        "| broken-engine-is-p1 | engine | some, great | – | set P1 | The engine is broken. |\n"
        "| lamp-is-p3 | lamp | – | – | set P3 | It is a lamp. |\n"
        "| idle-is-at-most-p2 | – | – | no | at most P2 | Nobody uses it. |\n"
    )


def test_the_verdicts_of_the_small_policy_read_from_the_top(small: Ruleset) -> None:
    assert verdicts_as_csv(small) == (
        "part,harm,live,priority\n"
        "engine,great,yes,P0\n"
        'engine,"some, great",yes,P1\n'
        'engine,"some, great",,P2\n'
        "lamp,,,P3\n"
        ",,,P4\n"
    )


def test_the_first_fitting_row_of_the_verdict_table_decides_every_combination(
    shipped: Ruleset, shipped_table: VerdictTable
) -> None:
    decided = np.full(shape(shipped.schema), 9)
    for row in reversed(verdict_rows(shipped)):
        decided[where_in_row(row.when, shipped.schema)] = int(row.priority)
    assert (decided.reshape(-1) == shipped_table).all()


def test_the_shipped_verdicts_take_few_rows(shipped: Ruleset) -> None:
    assert len(verdict_rows(shipped)) < 30
    assert len(rule_rows(shipped)) < 30


@settings(deadline=None)
@given(data=st.data())
def test_rows_are_true_exactly_where_the_mask_is_and_none_is_dispensable(
    data: st.DataObject, any_schema: SearchStrategy[FactSchema]
) -> None:
    schema = data.draw(any_schema)
    bits = data.draw(st.lists(st.booleans(), min_size=schema.size, max_size=schema.size))
    mask = np.array(bits).reshape(shape(schema))
    rows = [where_in_row(row, schema) for row in minimal_rows(mask, schema)]
    union = np.logical_or.reduce(rows) if rows else np.zeros_like(mask)
    assert (union == mask).all()
    for n in range(len(rows)):
        others = rows[:n] + rows[n + 1 :]
        assert not others or not (np.logical_or.reduce(others) == mask).all()


@pytest.fixture(scope="module")
def shipped_text() -> str:
    return SHIPPED.read_text(encoding="utf-8")


def test_the_shipped_policy_survives_the_way_there_and_back(
    shipped: Ruleset, shipped_table: VerdictTable, shipped_text: str
) -> None:
    text, compiled = from_csv(as_csv(shipped), shipped_text, name="table.csv")
    assert as_said(compiled) == as_said(shipped)
    assert (verdict_table(compiled) == shipped_table).all()
    assert as_csv(compiled) == as_csv(shipped)
    assert text.startswith("# yaml-language-server")
    assert text.endswith("P4: {P0: 4, P1: 3, P2: 2, P3: 1, P4: 0}\n")


def test_each_rule_comes_back_true_of_the_same_combinations(
    shipped: Ruleset, shipped_text: str
) -> None:
    _, compiled = from_csv(as_csv(shipped), shipped_text, name="table.csv")
    for rule in compiled.rules:
        original = where_true(shipped.rule(rule.id).when, shipped.schema)
        assert (where_true(rule.when, shipped.schema) == original).all(), rule.id


def rewritten(table: str, **options: Any) -> str:
    """A table as a spreadsheet might save it."""
    out = io.StringIO()
    csv.writer(out, **options).writerows(csv.reader(io.StringIO(table)))
    return out.getvalue()


@pytest.mark.parametrize(
    "saved",
    [
        lambda table: "\ufeff" + table,
        lambda table: rewritten(table, delimiter=";", lineterminator="\r\n"),
        lambda table: rewritten(table, delimiter="\t", quoting=csv.QUOTE_ALL),
        lambda table: table + ",,,,,,,,,\n",
        lambda table: "\n".join([table.split("\n")[0], *reversed(table.split("\n")[1:])]),
    ],
    ids=["byte-order mark", "semicolons", "tabs and quotes", "an empty row", "sorted otherwise"],
)
def test_what_spreadsheets_do_to_a_table_changes_nothing(
    saved: Callable[[str], str], small: Ruleset, small_policy: str
) -> None:
    _, compiled = from_csv(saved(as_csv(small)), small_policy, name="table.csv")
    assert as_said(compiled) == as_said(small)
    assert (verdict_table(compiled) == verdict_table(small)).all()


def test_an_edited_cell_changes_the_verdicts(small: Ruleset, small_policy: str) -> None:
    edited = as_csv(small).replace("lamp-is-p3,lamp,,,P3", "lamp-is-p3,lamp,great,,P2")
    _, compiled = from_csv(edited, small_policy, name="table.csv")
    assert verdict_table(compiled).tolist()[6:] == [4, 4, 4, 4, 2, 2]


def test_a_row_more_of_a_rule_is_another_way_for_it_to_fire(
    small: Ruleset, small_policy: str
) -> None:
    more = as_csv(small) + "great-harm-is-p0,lamp,great,yes,,,,,,\n"
    _, compiled = from_csv(more, small_policy, name="table.csv")
    assert verdict_table(compiled).tolist()[10] == 0


def test_a_rule_that_always_applies_survives(small: Ruleset, small_policy: str) -> None:
    always = as_csv(small) + "all-are-p3,,,,P3,,,So it is.,Nought.,us\n"
    _, compiled = from_csv(always, small_policy, name="table.csv")
    assert verdict_table(compiled).tolist().count(4) == 0
    assert "all-are-p3,,,,P3,,,So it is.,Nought.,us" in as_csv(compiled)


def faults_of(table: str, base: str) -> list[str]:
    with pytest.raises(InputFaults) as caught:
        from_csv(table, base, name="table.csv")
    return [str(fault) for fault in caught.value.faults]


def test_wrong_cells_are_told_all_at_once_with_lines_of_the_table(
    small: Ruleset, small_policy: str
) -> None:
    table = as_csv(small).replace("great-harm-is-p0,engine", "great-harm-is-p0,engin")
    table = table.replace("lamp-is-p3,lamp", "lamp-is-p3,lapm")
    assert faults_of(table, small_policy) == [
        'table.csv:2: "part" has no value "engin" (did you mean "engine"?)',
        'table.csv:4: "part" has no value "lapm" (did you mean "lamp"?)',
    ]


def test_faults_of_meaning_stand_at_lines_of_the_table_too(
    small: Ruleset, small_policy: str
) -> None:
    table = as_csv(small).replace("All is lost.", "All was lost.").replace(",P3,", ",P7,")
    assert faults_of(table, small_policy) == [
        'table.csv:2: rule "great-harm-is-p0": "All was lost." stands in no definition '
        "(quote words of `definitions` exactly)",
        'table.csv:4: rules.2.then.set: "P7" is not known (use one of P0, P1, P2, P3, P4)',
    ]


def test_missing_doubled_and_unknown_columns_are_told(small: Ruleset, small_policy: str) -> None:
    table = as_csv(small).replace("rule,part,harm,live", "rule,prat,harm,harm", 1)
    assert faults_of(table, small_policy) == [
        'table.csv:1: column "part" is missing (add it)',
        'table.csv:1: column "live" is missing (add it)',
        'table.csv:1: unknown column "prat" (did you mean "part"?)',
        'table.csv:1: column "harm" stands twice (remove one)',
    ]


def test_rows_of_one_rule_may_not_disagree(small: Ruleset, small_policy: str) -> None:
    table = as_csv(small) + "lamp-is-p3,engine,none,,P2,,,It is a lamp.,A bit is lost.,workshop\n"
    assert faults_of(table, small_policy) == [
        'table.csv:6: priority of rule "lamp-is-p3" differs from line 4 '
        "(make them equal, or leave this one empty)"
    ]


def test_a_row_without_a_rule_is_told(small: Ruleset, small_policy: str) -> None:
    table = as_csv(small) + ",engine,none,,P2,,,So.,Nought.,us\n"
    assert faults_of(table, small_policy) == ['table.csv:6: the rule has no id (fill in "rule")']


def test_a_rule_that_can_never_fire_has_no_row_and_is_told(small_policy: str) -> None:
    from rules import parse_ruleset

    text = small_policy.replace("when: {part: lamp}", "when: {all: [{part: lamp}, {part: engine}]}")
    with pytest.raises(InputFaults, match='rule "lamp-is-p3" can never fire'):
        as_csv(parse_ruleset(text))
