"""A YAML file as plain values of which each knows its line, checked against a JSON Schema.

Rules, policy and lexicon are files that people edit by hand, so every fault of one is reported at
once, with its line and a remedy. Scalars follow YAML 1.2 (`no`, `on` and `08` are text), duplicate
keys are faults, and nothing in a file is ever executed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tickets.faults import Fault, InputFaults, did_you_mean

Steps = tuple[str | int, ...]
"""The keys and indexes that lead to a value, from the top of the document."""

LARGEST = 5_000_000
"""Bytes; no rules or policy file written by people comes near it."""
DEEPEST = 50
"""Nesting; deeper files would overflow the stack and mean nothing to a reader."""

# libyaml's parser where PyYAML was built with it: the same nodes, some ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_WORDS = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "~": None,
    "": None,
}
_TYPE_NAMES = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}


@dataclass(frozen=True)
class Document:
    """The values of one file, the line of each, and the faults found so far."""

    name: str
    values: Any
    lines: Mapping[Steps, int]
    faults: tuple[tuple[Steps, Fault], ...]
    text: str = field(repr=False)

    def line(self, path: Steps) -> int:
        """Return the line of the value at `path`, or of the nearest value around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Steps, problem: str, remedy: str = "") -> Fault:
        """Return a fault placed at the line of `path`."""
        return Fault(f"{self.name}:{self.line(path)}", problem, remedy)

    def is_sound(self, path: Steps) -> bool:
        """Tell whether no fault was found at, inside or directly around `path`."""
        return not any(
            found[: len(path)] == path or path[: len(found)] == found for found, _ in self.faults
        )

    def refuse_if(self, *more: Fault) -> None:
        """Raise `InputFaults` with the document's own faults and `more`, in order of lines."""
        found = [fault for _, fault in self.faults] + list(more)
        if found:
            raise InputFaults(*sorted(set(found), key=_by_line))

    @cached_property
    def version(self) -> str:
        """The first twelve hexadecimal digits of the SHA-256 of the file's text."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()[:12]


def read_document(path: Path, schema: Mapping[str, Any]) -> Document:
    """Read and check a YAML file; `InputFaults` when it cannot be read or is no YAML at all.

    Faults of single values do not raise: they stand in `faults`, so that a room can add those of
    meaning and refuse everything at once with `refuse_if`.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        remedy = (
            "check the path" if isinstance(error, FileNotFoundError) else "check its permissions"
        )
        problem = f"cannot be read: {error.strerror}"
        raise InputFaults(Fault(str(path), problem, remedy)) from None
    except UnicodeDecodeError:
        raise InputFaults(Fault(str(path), "is not UTF-8 text", "save it as UTF-8")) from None
    if len(raw) > LARGEST:
        raise InputFaults(
            Fault(str(path), f"is larger than {LARGEST:,} bytes", "split or shorten it")
        )
    return parse_document(text, name=path.name, schema=schema)


def parse_document(text: str, *, name: str, schema: Mapping[str, Any]) -> Document:
    """Parse and check YAML text; `InputFaults` when it is no YAML at all."""
    lines: dict[Steps, int] = {}
    faults: list[tuple[Steps, Fault]] = []
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark else name
        problem = f"is not YAML: {error.problem or error.context}"
        raise InputFaults(Fault(place, problem, "check indentation, colons and quotes")) from None
    except (yaml.YAMLError, RecursionError) as error:
        problem = "is nested too deeply" if isinstance(error, RecursionError) else "is not YAML"
        raise InputFaults(Fault(name, problem, "check for stray characters")) from None
    values = _Reader(name, lines, faults).value(node, ())
    faults.extend(_schema_faults(name, values, schema, lines))
    return Document(name, values, lines, tuple(faults), text)


@dataclass
class _Reader:
    """Turns YAML nodes into plain values, noting lines and faults as it goes."""

    name: str
    lines: dict[Steps, int]
    faults: list[tuple[Steps, Fault]]
    seen: set[int] = field(default_factory=set)
    """Identities of the mappings and lists read so far."""

    def value(self, node: yaml.Node | None, path: Steps) -> Any:
        if node is None:
            return None
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > DEEPEST:
            self._fault(path, node, "is nested too deeply", "simplify it")
            return None
        if isinstance(node, yaml.CollectionNode):
            if id(node) in self.seen:  # a few nested aliases could stand for billions of values
                self._fault(path, node, "is used again by an alias (*)", "write it out")
                return None
            self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Steps) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            inner = (*path, key)
            if key in values:
                first = self.lines[inner]
                self._fault(
                    inner, key_node, f'key "{key}" stands twice', f"the first is in line {first}"
                )
                continue
            self.lines[inner] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, inner)
        return values

    def _scalar(self, node: yaml.Node, path: Steps) -> Any:
        text = str(node.value)
        if getattr(node, "style", None):  # quoted or block text is text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text) if len(text) < 19 else text
        if _FLOAT.fullmatch(text):
            return float(text)
        return text

    def _fault(self, path: Steps, node: yaml.Node, problem: str, remedy: str) -> None:
        place = f"{self.name}:{node.start_mark.line + 1}"
        self.faults.append((path, Fault(place, problem, remedy)))


def _schema_faults(
    name: str, values: Any, schema: Mapping[str, Any], lines: Mapping[Steps, int]
) -> Iterator[tuple[Steps, Fault]]:
    # Imported here: the command line's --help must not wait for it.
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema).iter_errors(values):
        path: Steps = tuple(error.absolute_path)
        for inner, problem, remedy in _in_words(error):
            where = (*path, *inner)
            line = lines.get(where) or next(
                (lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in lines), 1
            )
            yield where, Fault(f"{name}:{line}", problem, remedy)


def _in_words(error: Any) -> Iterator[tuple[Steps, str, str]]:
    """Say one schema error in our words: the path inside the value, the problem and the remedy."""
    what = _subject(tuple(error.absolute_path))
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        patterns = list(error.schema.get("patternProperties", {}))
        for key in error.instance:
            if key not in known and not any(re.search(pattern, key) for pattern in patterns):
                remedy = did_you_mean(key, known) if known else "remove it"
                yield (key,), f'{what}unknown key "{key}"', remedy
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        named = next(key for key in missing if f"'{key}'" in error.message)
        yield (), f'{what}"{named}" is missing', "add it"
    elif error.validator == "enum":
        yield (
            (),
            f"{what}{_shown(error.instance)} is not known",
            did_you_mean(str(error.instance), error.validator_value),
        )
    elif error.validator == "type":
        wanted = error.validator_value
        names = [wanted] if isinstance(wanted, str) else wanted
        expected = " or ".join(_TYPE_NAMES[name] for name in names)
        remedy = "put it in quotes" if "string" in names and _is_scalar(error.instance) else ""
        yield (), f"{what}expected {expected}, found {_shown(error.instance)}", remedy
    else:
        yield (), f"{what}{error.message}", str(error.schema.get("description", ""))


def _subject(path: Steps) -> str:
    return ".".join(str(part) for part in path) + ": " if path else ""


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, Mapping | Sequence) or isinstance(value, str)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _by_line(fault: Fault) -> tuple[str, int, str]:
    name, _, line = fault.place.rpartition(":")
    return (name, int(line), fault.problem) if line.isdigit() else (fault.place, 0, fault.problem)
