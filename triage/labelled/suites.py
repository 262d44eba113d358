"""Challenge suites: minimal pairs of tickets, where one change flips the priority or must not.

A suite is a file of JSON Lines, one pair a line: `id`, `change` (what differs, in words), `flips`,
and the two tickets `a` and `b` with the priority of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from classifier import LabelledTicket, parse_labelled
from rules import load_ruleset
from tickets import FactSchema, Fault, InputFaults, TicketFault

SHIPPED = str(files("data") / "challenge")
SIDES = ("a", "b")


@dataclass(frozen=True)
class Pair:
    """Two tickets that differ by one change, and whether that flips the priority."""

    id: str
    change: str
    flips: bool
    a: LabelledTicket
    b: LabelledTicket


@dataclass(frozen=True)
class Suite:
    """Pairs that try one thing, such as negation."""

    name: str
    pairs: tuple[Pair, ...]


def load_suites(path: str) -> list[Suite]:
    """Return the suites of a folder or a file; `InputFaults` names every faulty line."""
    schema = load_ruleset().schema
    suites: list[Suite] = []
    faults: list[Fault] = []
    for file in _files(Path(path)):
        try:
            suites.append(_suite(file, schema))
        except InputFaults as found:
            faults.extend(found.faults)
    if faults:
        raise InputFaults(*faults)
    return suites


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.jsonl"))
    if not found:
        raise InputFaults(Fault(str(path), "holds no suite", "suites are files NAME.jsonl"))
    return found


def _suite(file: Path, schema: FactSchema) -> Suite:
    pairs: dict[str, Pair] = {}
    faults: list[Fault] = []
    for number, line in enumerate(_lines(file), start=1):
        place = f"{file}:{number}"
        try:
            pair = _pair(line, schema, place) if line.strip() else None
        except InputFaults as found:
            faults.extend(found.faults)
            continue
        if pair and pair.id in pairs:
            faults.append(Fault(place, f'id "{pair.id}" stands twice', "give each pair its own"))
        elif pair:
            pairs[pair.id] = pair
    if not pairs and not faults:
        faults.append(Fault(str(file), "holds no pair", "write one JSON object a line"))
    if faults:
        raise InputFaults(*faults)
    return Suite(file.stem, tuple(pairs.values()))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise InputFaults(Fault(str(file), "does not exist", "check the path")) from None
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise InputFaults(Fault(str(file), problem, "check its permissions")) from None
    except UnicodeDecodeError:
        raise InputFaults(Fault(str(file), "is not UTF-8 text", "save it as UTF-8")) from None


def _pair(line: str, schema: FactSchema, place: str) -> Pair:
    record = _object(line, place)
    faults = list(_faults(record, place))
    if faults:
        raise InputFaults(*faults)
    a, b = (_ticket(record, side, schema, place) for side in SIDES)
    if record["flips"] != (a.priority != b.priority):
        problem = f'"flips" is {json.dumps(record["flips"])}, but a is {a.priority}, b {b.priority}'
        raise InputFaults(Fault(place, problem, "correct the one that is wrong"))
    return Pair(record["id"], record["change"], record["flips"], a, b)


def _object(line: str, place: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        problem = f"is not JSON: {getattr(error, 'msg', error)}"
        raise InputFaults(Fault(place, problem, "write one JSON object a line")) from None
    if not isinstance(record, dict):
        raise InputFaults(Fault(place, "is not a JSON object", "write one JSON object a line"))
    return record


def _faults(record: Mapping[str, Any], place: str) -> Iterator[Fault]:
    for name in ("id", "change"):
        if not isinstance(record.get(name), str) or not record[name].strip():
            yield Fault(place, f'"{name}" is missing or no text', "add it")
    if not isinstance(record.get("flips"), bool):
        yield Fault(place, '"flips" is missing or not true or false', "add it")
    for side in SIDES:
        if not isinstance(record.get(side), dict):
            yield Fault(
                place, f'"{side}" is missing or no ticket', 'write {"body": …, "priority": …}'
            )


def _ticket(record: Mapping[str, Any], side: str, schema: FactSchema, place: str) -> LabelledTicket:
    try:
        return parse_labelled(record[side], schema, default_id=f"{record['id']}.{side}")
    except TicketFault as fault:
        where = f"{place}: {side}.{fault.field}"
        raise InputFaults(Fault(where, fault.problem, fault.remedy)) from None
