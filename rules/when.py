"""Reads what stands under `when`: conditions in a file, with the faults of each at its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rules.conditions import AllOf, AnyOf, Atom, Condition, negated
from rules.ruleset import DerivedFact
from tickets import Fact, FactSchema, Fault
from tickets.document import Document, Steps
from tickets.faults import did_you_mean


@dataclass
class ConditionReader:
    """Turns what stands under `when` into conditions; derived facts are put in as they are met."""

    document: Document
    schema: FactSchema
    faults: list[Fault]
    """Where faults of meaning are collected."""
    _known: dict[str, Condition | None] = field(default_factory=dict)
    _unfinished: list[str] = field(default_factory=list)

    @property
    def _derived(self) -> Mapping[str, Any]:
        return section(self.document, "derived")

    def _note(self, path: Steps, problem: str, remedy: str) -> None:
        self.faults.append(self.document.fault(path, problem, remedy))

    def derived_facts(self) -> tuple[DerivedFact, ...]:
        return tuple(
            DerivedFact(name, values["meaning"], when)
            for name, values in self._derived.items()
            if (when := self._known.get(name)) is not None
            and self.document.is_sound(("derived", name))
        )

    def derived(self, name: str) -> Condition | None:
        """Return the condition that a derived fact stands for; None where it is at fault."""
        if name not in self._known:
            path: Steps = ("derived", name)
            if name in self._unfinished:
                chain = " -> ".join([*self._unfinished[self._unfinished.index(name) :], name])
                self._note(path, f"derived facts go in a circle: {chain}", "break it")
                return None
            self._unfinished.append(name)
            values = self._derived[name]
            when = values.get("when") if isinstance(values, Mapping) else None
            self._known[name] = self.read(when, (*path, "when"), f'derived fact "{name}": ')
            self._unfinished.pop()
        return self._known[name]

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
        if name in self._derived:
            return self._derived_comparison(name, value, path, what)
        if name not in self.schema:
            if name not in section(self.document, "facts"):
                remedy = did_you_mean(name, [*self.schema.names, *self._derived])
                self._note(path, f'{what}unknown fact "{name}"', remedy)
            return None
        if not self.document.is_sound(path):
            return None
        values = self._values(self.schema[name], value, path, what)
        return None if values is None else Atom(name, values)

    def _derived_comparison(
        self, name: str, value: Any, path: Steps, what: str
    ) -> Condition | None:
        if not isinstance(value, bool):
            self._note(path, f'{what}"{name}" is a derived fact', "ask for it with true or false")
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
            self._note(path, f'{what}"{fact.name}" has no value {word}', remedy)
            return None
        if isinstance(value, Mapping):
            return self._range(fact, value, path, what)
        named = [value] if isinstance(value, str) else list(value)
        return frozenset(named) if self._are_known(fact, named, path, what) else None

    def _range(
        self, fact: Fact, bounds: Mapping[str, str], path: Steps, what: str
    ) -> frozenset[str] | None:
        if not fact.order:
            self._note(
                path, f'{what}"{fact.name}" has no order', "list its values, or declare an order"
            )
            return None
        if not self._are_known(fact, list(bounds.values()), path, what):
            return None
        low = fact.order.index(bounds.get("at_least", fact.order[0]))
        high = fact.order.index(bounds.get("at_most", fact.order[-1]))
        if low > high:
            self._note(path, f'{what}no value of "{fact.name}" lies between', "swap the two")
            return None
        return frozenset(fact.order[low : high + 1])

    def _are_known(self, fact: Fact, values: list[str], path: Steps, what: str) -> bool:
        unknown = [value for value in values if value not in fact.values]
        for value in unknown:
            remedy = did_you_mean(value, fact.values)
            self._note(path, f'{what}"{fact.name}" has no value "{value}"', remedy)
        return not unknown


def _joined(kind: type[AllOf] | type[AnyOf], parts: Sequence[Condition | None]) -> Condition | None:
    """Join parts; None where one is at fault, so that no half condition is ever judged."""
    sound = [part for part in parts if part is not None]
    if len(sound) < len(parts):
        return None
    return sound[0] if len(sound) == 1 else kind(tuple(sound))


def section(document: Document, name: str) -> Mapping[str, Any]:
    """Return a top-level mapping, empty where it is missing or something else."""
    values = document.values.get(name)
    return values if isinstance(values, Mapping) else {}
