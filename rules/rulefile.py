"""Reads a policy file: every fault at once, each with its line and a remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from rules.combinations import first_example, in_words, where_true
from rules.conditions import AllOf, AnyOf, Atom, Condition, negated
from rules.ruleset import Bins, Costs, Default, DerivedFact, Effect, Rule, Ruleset
from tickets import PRIORITIES, Fact, FactSchema, Fault, InputFaults, Priority
from tickets.document import Document, Steps, parse_document, read_document
from tickets.faults import did_you_mean

SHIPPED = Path(__file__).with_name("priority.yaml")
FILE_SCHEMA = Path(__file__).with_name("priority.schema.json")

MOST_COMBINATIONS = 200_000
"""More could not be checked exhaustively in seconds, nor by a person at all."""


def load_ruleset(path: Path | str | None = None) -> Ruleset:
    """Read a policy file, by default the shipped one; `InputFaults` with all that is wrong."""
    return _ruleset(read_document(Path(path) if path else SHIPPED, _file_schema()))


def parse_ruleset(text: str, *, name: str = "priority.yaml") -> Ruleset:
    """Read a policy from text; `InputFaults` with all that is wrong."""
    return _ruleset(parse_document(text, name=name, schema=_file_schema()))


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


def _file_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(FILE_SCHEMA.read_text(encoding="utf-8"))
    return schema


def _ruleset(document: Document) -> Ruleset:
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

    def section(self, name: str, kind: type) -> Any:
        """Return a top-level section, empty where it is missing or of another kind."""
        values = self.document.values.get(name)
        return values if isinstance(values, kind) else kind()

    def schema(self) -> FactSchema:
        facts = tuple(
            self._fact(name, values)
            for name, values in self.section("facts", dict).items()
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
            for name, values in self.section("facts", dict).items()
            if "bins" in values
        }

    def note_bin_faults(self) -> None:
        for name, values in self.section("facts", dict).items():
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

    def conditions(self, schema: FactSchema) -> _Conditions:
        self.note_bin_faults()
        conditions = _Conditions(self, schema)
        for name in self.section("derived", dict):
            if name in schema:
                self.note(("derived", name), f'"{name}" is a fact already', "choose another name")
            conditions.derived(name)
        return conditions

    def rules(self, conditions: _Conditions) -> tuple[Rule, ...]:
        found: dict[str, Rule] = {}
        for index, values in enumerate(self.section("rules", list)):
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

    def _rule(self, path: Steps, values: Any, conditions: _Conditions) -> Rule | None:
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
        if effect.set_to is not None and effect.at_most is not None:
            if effect.set_to < effect.at_most:
                self.note(
                    path,
                    f"{what}sets {effect.set_to} and limits it to {effect.at_most}",
                    f"set {effect.at_most}, or drop the limit",
                )
        return effect

    def _note_unquoted_clause(self, path: Steps, clause: str, what: str) -> None:
        definitions = self.section("definitions", dict).values()
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
        rows = self.section("costs", dict)
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


@dataclass
class _Conditions:
    """Turns what stands under `when` into conditions; derived facts are put in as they are met."""

    reader: _Reader
    schema: FactSchema
    known: dict[str, Condition | None] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)

    def derived_facts(self) -> tuple[DerivedFact, ...]:
        return tuple(
            DerivedFact(name, values["meaning"], when)
            for name, values in self.reader.section("derived", dict).items()
            if (when := self.known.get(name)) is not None
            and self.reader.document.is_sound(("derived", name))
        )

    def derived(self, name: str) -> Condition | None:
        """Return the condition that a derived fact stands for; None where it is at fault."""
        if name not in self.known:
            path: Steps = ("derived", name)
            if name in self.unfinished:
                chain = " -> ".join([*self.unfinished[self.unfinished.index(name) :], name])
                self.reader.note(path, f"derived facts go in a circle: {chain}", "break it")
                return None
            self.unfinished.append(name)
            values = self.reader.section("derived", dict)[name]
            when = values.get("when") if isinstance(values, Mapping) else None
            self.known[name] = self.read(when, (*path, "when"), f'derived fact "{name}": ')
            self.unfinished.pop()
        return self.known[name]

    def read(self, values: Any, path: Steps, what: str) -> Condition | None:
        """Return a condition; None where anything in it is at fault, which is then noted."""
        if not isinstance(values, Mapping):
            return None
        parts = [self._part(key, value, (*path, key), what) for key, value in values.items()]
        return _joined(AllOf, parts)

    def _part(self, key: str, value: Any, path: Steps, what: str) -> Condition | None:
        if key in ("all", "any"):
            if not isinstance(value, list):
                return None
            parts = [self.read(item, (*path, n), what) for n, item in enumerate(value)]
            return _joined(AllOf if key == "all" else AnyOf, parts)
        if key == "not":
            inner = self.read(value, path, what)
            return None if inner is None else negated(inner, self.schema)
        return self._comparison(key, value, path, what)

    def _comparison(self, name: str, value: Any, path: Steps, what: str) -> Condition | None:
        derived = self.reader.section("derived", dict)
        if name in derived:
            return self._derived_comparison(name, value, path, what)
        if name not in self.schema:
            if name not in self.reader.section("facts", dict):
                remedy = did_you_mean(name, [*self.schema.names, *derived])
                self.reader.note(path, f'{what}unknown fact "{name}"', remedy)
            return None
        if not self.reader.document.is_sound(path):
            return None
        values = self._values(self.schema[name], value, path, what)
        return None if values is None else Atom(name, values)

    def _derived_comparison(
        self, name: str, value: Any, path: Steps, what: str
    ) -> Condition | None:
        if not isinstance(value, bool):
            self.reader.note(
                path, f'{what}"{name}" is a derived fact', "ask for it with true or false"
            )
            return None
        condition = self.derived(name)
        if condition is None or value:
            return condition
        return negated(condition, self.schema)

    def _values(self, fact: Fact, value: Any, path: Steps, what: str) -> frozenset[str] | None:
        if isinstance(value, bool):
            word = "true" if value else "false"
            known = f"use one of {', '.join(fact.values)}"
            remedy = f'put "{word}" in quotes' if word in fact.values else known
            self.reader.note(path, f'{what}"{fact.name}" has no value {word}', remedy)
            return None
        if isinstance(value, Mapping):
            return self._range(fact, value, path, what)
        named = [value] if isinstance(value, str) else list(value)
        return frozenset(named) if self._are_known(fact, named, path, what) else None

    def _range(
        self, fact: Fact, bounds: Mapping[str, str], path: Steps, what: str
    ) -> frozenset[str] | None:
        if not fact.order:
            self.reader.note(
                path, f'{what}"{fact.name}" has no order', "list its values, or declare an order"
            )
            return None
        if not self._are_known(fact, list(bounds.values()), path, what):
            return None
        low = fact.order.index(bounds.get("at_least", fact.order[0]))
        high = fact.order.index(bounds.get("at_most", fact.order[-1]))
        if low > high:
            self.reader.note(path, f'{what}no value of "{fact.name}" lies between', "swap the two")
            return None
        return frozenset(fact.order[low : high + 1])

    def _are_known(self, fact: Fact, values: list[str], path: Steps, what: str) -> bool:
        unknown = [value for value in values if value not in fact.values]
        for value in unknown:
            remedy = did_you_mean(value, fact.values)
            self.reader.note(path, f'{what}"{fact.name}" has no value "{value}"', remedy)
        return not unknown


def _joined(
    kind: type[AllOf] | type[AnyOf], parts: Sequence[Condition | None]
) -> Condition | None:
    """Join parts; None where one is at fault, so that no half condition is ever judged."""
    sound = [part for part in parts if part is not None]
    if len(sound) < len(parts):
        return None
    return sound[0] if len(sound) == 1 else kind(tuple(sound))


__all__ = ["InputFaults", "contradictions", "load_ruleset", "parse_ruleset"]
