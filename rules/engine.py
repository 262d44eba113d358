"""The engine that decides: durable-rules, or plain Python where it cannot run.

Combinations of facts are few, so each distinct one is decided once and remembered.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

from rules.combinations import shape
from rules.durable_matcher import DurableMatcher, EngineUnfit, warn_of_fallback
from rules.python_matcher import PythonMatcher
from rules.ruleset import Ruleset, Verdict
from tickets import Combination, FactSchema, Fault, InputFaults
from tickets.faults import did_you_mean

Backend = Literal["auto", "durable-rules", "python"]


class Matcher(Protocol):
    """Finds the rules that fire on a combination."""

    @property
    def name(self) -> str:
        """The name and version stamped on every decision."""

    def fired(self, facts: Combination) -> Sequence[str]:
        """Return the ids of the rules that fire, in any order."""

    def restart(self) -> None:
        """Forget what another process or a failure left behind."""

    def close(self) -> None:
        """Free what the matcher holds; it must not be asked again."""


def load_engine(ruleset: Ruleset, backend: Backend = "auto") -> Engine:
    """Return an engine for a ruleset, ready to decide.

    `auto` takes durable-rules and falls back to plain Python with an `EngineFallbackWarning`;
    `durable-rules` raises `EngineUnfit` instead.
    """
    return Engine(ruleset, backend)


class Engine:
    """Decides combinations of facts, each distinct one once; safe to share between threads."""

    def __init__(self, ruleset: Ruleset, backend: Backend = "auto") -> None:
        self._backend: Backend = backend
        self._policy = _Policy(ruleset, _matcher(ruleset, backend))
        this = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _restart(this()))

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset that decides now."""
        return self._policy.ruleset

    @property
    def name(self) -> str:
        """What decides, such as `durable-rules 2.0.28` or `python`."""
        return self._policy.matcher.name

    def verdict(self, facts: Combination) -> Verdict:
        """Return the verdict on one value for each fact; `InputFaults` for anything else."""
        return self._policy.verdict(facts)

    def verdict_of_problems(self, problems: Iterable[Combination]) -> Verdict:
        """Return the verdict on a ticket with several problems: that of the most urgent one."""
        return min(map(self.verdict, problems), key=lambda verdict: verdict.priority)

    def reload(self, ruleset: Ruleset) -> None:
        """Decide by another ruleset from now on, and free the old one."""
        former = self._policy
        self._policy = _Policy(ruleset, _matcher(ruleset, self._backend))
        former.matcher.close()

    def close(self) -> None:
        """Free the engine; it must not be asked again."""
        self._policy.matcher.close()

    def restart(self) -> None:
        """Make the engine fit for a process that was forked from another."""
        self._policy.matcher.restart()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        return load_engine, (self.ruleset, self._backend)


def _restart(engine: Engine | None) -> None:
    if engine is not None:
        engine.restart()


class _Policy:
    """A ruleset, its matcher, and the verdicts given so far; exchanged as one."""

    def __init__(self, ruleset: Ruleset, matcher: Matcher) -> None:
        self.ruleset = ruleset
        self.matcher = matcher
        self._steps = _steps(ruleset.schema)
        self._verdicts: list[Verdict | None] = [None] * ruleset.schema.size
        self._by_fired: dict[tuple[str, ...], Verdict] = {}

    def verdict(self, facts: Combination) -> Verdict:
        try:
            number = sum([steps[facts[name]] for name, steps in self._steps])
        except (KeyError, TypeError):
            raise InputFaults(*_faults(self.ruleset.schema, facts)) from None
        found = self._verdicts[number]
        if found is None:
            found = self._verdicts[number] = self._decide(facts)
        return found

    def _decide(self, facts: Combination) -> Verdict:
        fired = tuple(sorted(self.matcher.fired(facts)))
        if fired not in self._by_fired:
            self._by_fired[fired] = self.ruleset.verdict(fired)
        return self._by_fired[fired]


def _steps(schema: FactSchema) -> list[tuple[str, dict[str, int]]]:
    """Return what each value adds to the number of its combination."""
    steps, size = [], schema.size
    for fact, values in zip(schema, shape(schema), strict=True):
        size //= values
        steps.append((fact.name, {value: code * size for code, value in enumerate(fact.values)}))
    return steps


def _faults(schema: FactSchema, facts: Combination) -> Iterator[Fault]:
    for fact in schema:
        if fact.name not in facts:
            remedy = f"give one of {', '.join(fact.values)}"
            yield Fault(f'fact "{fact.name}"', "is missing", remedy)
        elif not isinstance(value := facts[fact.name], str):
            remedy = f"use one of {', '.join(fact.values)}"
            yield Fault(f'fact "{fact.name}"', f"has no value {value!r:.40}", remedy)
        elif value not in fact.values:
            remedy = did_you_mean(value[:40], fact.values)
            yield Fault(f'fact "{fact.name}"', f'has no value "{value:.40}"', remedy)


def _matcher(ruleset: Ruleset, backend: Backend) -> Matcher:
    if backend == "python":
        return PythonMatcher(ruleset)
    try:
        return DurableMatcher.compile(ruleset)
    except EngineUnfit as unfit:
        if backend == "durable-rules":
            raise
        warn_of_fallback(f"{unfit}; plain Python decides instead, with the same verdicts")
        return PythonMatcher(ruleset)
