"""Facts as people and files write them, parsed into a combination of the schema."""

from __future__ import annotations

from collections.abc import Mapping

from rules.ruleset import Bins, Ruleset
from tickets import Fact, Fault, InputFaults
from tickets.faults import did_you_mean


def parse_facts(
    ruleset: Ruleset, given: Mapping[str, object], *, place: str = "facts"
) -> dict[str, str]:
    """Return one value for each fact of the schema; numbers fall into their bins.

    `InputFaults` names every fact that is unknown, missing or has no such value, at `place`.
    """
    schema = ruleset.schema
    faults = [
        Fault(place, f'unknown fact "{name}"', did_you_mean(str(name), schema.names))
        for name in given
        if name not in schema
    ]
    combination: dict[str, str] = {}
    for fact in schema:
        try:
            combination[fact.name] = _value(fact, ruleset.bins.get(fact.name), given)
        except _NoValue as error:
            faults.append(Fault(place, error.problem, error.remedy))
    if faults:
        raise InputFaults(*faults)
    return combination


class _NoValue(Exception):  # noqa: N818 - carried to the fault of its fact
    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def _value(fact: Fact, bins: Bins | None, given: Mapping[str, object]) -> str:
    value = given.get(fact.name)
    if isinstance(value, str) and value.strip() in fact.values:
        return value.strip()
    if bins is not None:
        return _binned(fact, bins, value)
    if _is_missing(value):
        raise _NoValue(f'fact "{fact.name}" is missing', f"give one of {', '.join(fact.values)}")
    raise _NoValue(
        f'fact "{fact.name}" has no value "{value!s:.40}"',
        did_you_mean(str(value)[:40], fact.values),
    )


def _binned(fact: Fact, bins: Bins, value: object) -> str:
    if _is_missing(value):
        if bins.missing is None:
            raise _NoValue(f'fact "{fact.name}" is missing', f"give a number ({bins.unit})")
        return bins.missing
    try:
        found = bins.value(float(str(value)))
    except ValueError:
        raise _NoValue(
            f'fact "{fact.name}" has no value "{value!s:.40}"',
            did_you_mean(str(value)[:40], fact.values),
        ) from None
    if found is None:
        lowest = bins.starts[0][1]
        raise _NoValue(
            f'fact "{fact.name}": {value!s:.40} lies below every bin',
            f"give a number from {lowest:g} ({bins.unit})",
        )
    return found


def _is_missing(value: object) -> bool:
    return value is None or value != value or value == ""
