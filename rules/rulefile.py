"""Reads a policy file: every fault at once, each with its line and a remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from rules.combinations import first_example, in_words, where_true
from rules.ruleset import Bins, Costs, Default, Effect, Rule, Ruleset
from rules.when import ConditionReader, section
from tickets import PRIORITIES, Fact, FactSchema, Fault, Priority
from tickets.document import Document, Steps, parse_document, read_document
from tickets.faults import did_you_mean

SHIPPED = Path(__file__).with_name("priority.yaml")
FILE_SCHEMA = Path(__file__).with_name("priority.schema.json")

MOST_COMBINATIONS = 200_000
"""More could not be checked exhaustively in seconds, nor by a person at all."""


def load_ruleset(path: Path | str | None = None) -> Ruleset:
    """Read a policy file, by default the shipped one; `InputFaults` with all that is wrong."""
    return ruleset_of(read_document(Path(path) if path else SHIPPED, rules_schema()))


def parse_ruleset(text: str, *, name: str = "priority.yaml") -> Ruleset:
    """Read a policy from text; `InputFaults` with all that is wrong."""
    return ruleset_of(parse_document(text, name=name, schema=rules_schema()))


def contradictions(schema: FactSchema, rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule, str]]:
    """Yield each guarantee and limit that collide in some combination, with an example of one."""
    truth = {rule.id: where_true(rule.when, schema) for rule in rules}
    for promise in rules:
        for limit in rules:
            if _collide(promise.then, limit.then):
                both = truth[promise.id] & truth[limit.id]
                if both.any():
                    yield promise, limit, in_words(first_example(schema, both))


def _collide(promise: Effect, limit: Effect) -> bool:
    return (
        promise.at_least is not None
        and limit.at_most is not None
        and promise.at_least < limit.at_most
    )


def rules_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(FILE_SCHEMA.read_text(encoding="utf-8"))
    return schema


def ruleset_of(document: Document) -> Ruleset:
    reader = _Reader(document)
    if not isinstance(document.values, Mapping):
        document.refuse_if(document.fault((), "is not a mapping", "start from the shipped file"))
    schema = reader.schema()
    conditions = reader.conditions(schema)
    rules = reader.rules(conditions)
    reader.note_contradictions(schema, rules)
    costs = reader.costs()
    derived = conditions.derived_facts()
    document.refuse_if(*reader.faults)
    values = document.values
    return Ruleset(
        schema=schema,
        rules=rules,
        default=Default(
            Priority.parse(values["default"]["priority"]), values["default"]["because"]
        ),
        costs=costs,
        definitions={Priority.parse(name): text for name, text in values["definitions"].items()},
        bins=reader.bins(),
        derived=derived,
        version=document.version,
        name=document.name,
    )


@dataclass
class _Reader:
    """Takes the sections of a document one by one and collects faults of meaning."""

    document: Document
    faults: list[Fault] = field(default_factory=list)

    def note(self, path: Steps, problem: str, remedy: str = "") -> None:
        self.faults.append(self.document.fault(path, problem, remedy))

    def schema(self) -> FactSchema:
        facts = tuple(
            self._fact(name, values)
            for name, values in section(self.document, "facts").items()
            if self.document.is_sound(("facts", name))
        )
        schema = FactSchema(facts)
        if schema.size > MOST_COMBINATIONS:
            self.note(
                ("facts",),
                f"{schema.size:,} combinations of facts, {MOST_COMBINATIONS:,} are the limit",
                "remove a fact or merge values",
            )
        return schema

    def _fact(self, name: str, values: Mapping[str, Any]) -> Fact:
        order = tuple(values.get("order", ()))
        if order and sorted(order) != sorted(values["values"]):
            self.note(
                ("facts", name, "order"),
                f'the order of "{name}" does not name each value once',
                f"list {', '.join(values['values'])} from mildest to worst",
            )
        return Fact(name, values["meaning"], dict(values["values"]), order)

    def bins(self) -> dict[str, Bins]:
        return {
            name: Bins(
                unit=values["bins"]["unit"],
                starts=tuple(values["bins"]["starts"].items()),
                missing=values["bins"].get("missing"),
            )
            for name, values in section(self.document, "facts").items()
            if "bins" in values
        }

    def note_bin_faults(self) -> None:
        for name, values in section(self.document, "facts").items():
            if self.document.is_sound(("facts", name)) and "bins" in values:
                self._note_faults_of_bins(name, values["bins"], values["values"])

    def _note_faults_of_bins(self, fact: str, bins: Mapping[str, Any], values: Any) -> None:
        path = ("facts", fact, "bins")
        for value in [*bins["starts"], *([bins["missing"]] if "missing" in bins else [])]:
            if value not in values:
                self.note(path, f'"{fact}" has no value "{value}"', did_you_mean(value, values))
        for (low, start), (high, later) in pairwise(bins["starts"].items()):
            if not start < later:
                self.note(
                    path,
                    f'bin "{high}" of "{fact}" does not start above "{low}"',
                    "list bins by ascending start",
                )

    def conditions(self, schema: FactSchema) -> ConditionReader:
        self.note_bin_faults()
        conditions = ConditionReader(self.document, schema, self.faults)
        for name in section(self.document, "derived"):
            if name in schema:
                self.note(("derived", name), f'"{name}" is a fact already', "choose another name")
            conditions.derived(name)
        return conditions

    def rules(self, conditions: ConditionReader) -> tuple[Rule, ...]:
        found: dict[str, Rule] = {}
        for index, values in enumerate(self._rule_list()):
            path: Steps = ("rules", index)
            rule = self._rule(path, values, conditions)
            if rule is None:
                continue
            if rule.id in found:
                first = found[rule.id].line
                self.note(
                    (*path, "id"), f'rule "{rule.id}" stands twice', f"the first is in line {first}"
                )
            found[rule.id] = rule
        return tuple(found[rule_id] for rule_id in sorted(found))

    def _rule_list(self) -> list[Any]:
        values = self.document.values.get("rules")
        return values if isinstance(values, list) else []

    def _rule(self, path: Steps, values: Any, conditions: ConditionReader) -> Rule | None:
        """Read one rule; even from an unsound one, the faults of its condition are noted."""
        named = values.get("id") if isinstance(values, Mapping) else None
        what = f'rule "{named}": ' if named else ""
        when = None
        if isinstance(values, Mapping) and isinstance(values.get("when"), Mapping):
            when = conditions.read(values["when"], (*path, "when"), what)
        if not self.document.is_sound(path) or when is None:
            return None
        then = self._effect((*path, "then"), values["then"], what)
        self._note_unquoted_clause((*path, "clause"), values["clause"], what)
        return Rule(
            id=values["id"],
            when=when,
            then=then,
            because=values["because"],
            clause=values["clause"],
            owner=values["owner"],
            line=self.document.line(path),
        )

    def _effect(self, path: Steps, values: Mapping[str, str], what: str) -> Effect:
        named = {name: Priority.parse(text) for name, text in values.items()}
        effect = Effect(named.get("set"), named.get("at_least"), named.get("at_most"))
        if effect.set_to is not None and effect.at_least is not None:
            self.note(path, f"{what}both set and at_least", "keep one of them")
        set_to, limit = effect.set_to, effect.at_most
        if set_to is not None and limit is not None and set_to < limit:
            problem = f"{what}sets {set_to} and limits it to {limit}"
            self.note(path, problem, f"set {limit}, or drop the limit")
        return effect

    def _note_unquoted_clause(self, path: Steps, clause: str, what: str) -> None:
        definitions = section(self.document, "definitions").values()
        if not any(clause in text for text in definitions if isinstance(text, str)):
            self.note(
                path,
                f'{what}"{clause}" stands in no definition',
                "quote words of `definitions` exactly",
            )

    def note_contradictions(self, schema: FactSchema, rules: Sequence[Rule]) -> None:
        if schema.size > MOST_COMBINATIONS:
            return
        for promise, limit, example in contradictions(schema, rules):
            self.faults.append(
                Fault(
                    f"{self.document.name}:{promise.line}",
                    f'rule "{promise.id}" guarantees {promise.then.at_least}, but rule '
                    f'"{limit.id}" (line {limit.line}) limits to {limit.then.at_most} '
                    f"where {example}",
                    "exclude these facts from one of the two",
                )
            )

    def costs(self) -> Costs:
        rows = section(self.document, "costs")
        if not self.document.is_sound(("costs",)):
            return {}
        costs = {p: {q: float(rows[str(p)][str(q)]) for q in PRIORITIES} for p in PRIORITIES}
        for priority in PRIORITIES:
            if costs[priority][priority]:
                self.note(
                    ("costs", str(priority), str(priority)),
                    f"costs.{priority}.{priority}: the right priority costs something",
                    "write 0",
                )
        return costs
