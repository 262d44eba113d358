"""A decision table edited in a spreadsheet, compiled back to a rules file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rules.decision_table import EFFECTS, TEXTS
from rules.rows import Row
from rules.rulefile import rules_schema, ruleset_of
from rules.ruleset import Ruleset
from tickets import FactSchema, Fault, InputFaults
from tickets.document import Document, Steps, parse_document
from tickets.faults import did_you_mean

ANY = ("", "-", "–", "any", "*")
"""What a cell may hold where a fact may take any value."""


def from_csv(text: str, base: str, *, name: str) -> tuple[str, Ruleset]:
    """Return the text and the ruleset of a rules file with the rules of an edited CSV table.

    All but the rules is taken over from `base`, the text of a rules file. Faults stand at lines of
    the CSV file called `name`.
    """
    base_document = parse_document(base, name="base", schema=rules_schema())
    schema = ruleset_of(base_document).schema
    rules = _read_rules(text, schema, name)
    edited = _with_rules(base, base_document, "".join(map(_as_yaml, rules)))
    document = parse_document(edited, name=name, schema=rules_schema())
    return edited, ruleset_of(_placed(document, [rule.line for rule in rules], name))


@dataclass
class _TableRule:
    """A rule as the rows of a table give it."""

    id: str
    line: int
    then: dict[str, str]
    texts: dict[str, str]
    rows: list[Row] = field(default_factory=list)


def _read_rules(text: str, schema: FactSchema, name: str) -> list[_TableRule]:
    faults: list[Fault] = []
    rules: dict[str, _TableRule] = {}
    for line, cells in _lines(text, schema, name):
        place = f"{name}:{line}"
        row = _row(cells, schema, place, faults)
        found = _TableRule(
            id=cells["rule"],
            line=line,
            then={effect: cells[effect].upper() for effect in EFFECTS if cells[effect]},
            texts={text: cells[text] for text in TEXTS if cells[text]},
        )
        if not found.id:
            faults.append(Fault(place, "the rule has no id", 'fill in "rule"'))
            continue
        rule = rules.setdefault(found.id, found)
        rule.then = rule.then or found.then
        rule.texts = found.texts | rule.texts
        faults += _disagreements(rule, found, place)
        rule.rows.append(row)
    if faults:
        raise InputFaults(*faults)
    return list(rules.values())


def _disagreements(rule: _TableRule, found: _TableRule, place: str) -> Iterator[Fault]:
    """Rows of one rule say the same, or nothing."""
    differing = [key for key in found.texts if found.texts[key] != rule.texts[key]]
    if found.then and found.then != rule.then:
        differing.append("priority")
    for key in differing:
        problem = f'{key} of rule "{rule.id}" differs from line {rule.line}'
        yield Fault(place, problem, "make them equal, or leave this one empty")


def _lines(text: str, schema: FactSchema, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows that are not empty as cells by column, with their lines."""
    text = text.lstrip("\ufeff")
    header_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [cell.strip() for cell in next(reader, [])]
    _refuse_header(header, schema, name)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
            yield reader.line_num, dict(zip(header, padded, strict=False))


def _refuse_header(header: list[str], schema: FactSchema, name: str) -> None:
    wanted = ["rule", *schema.names, *EFFECTS, *TEXTS]
    place = f"{name}:1"
    unknown = [column for column in header if column and column not in wanted]
    faults = [Fault(place, f'column "{c}" is missing', "add it") for c in wanted if c not in header]
    faults += [Fault(place, f'unknown column "{c}"', did_you_mean(c, wanted)) for c in unknown]
    faults += [
        Fault(place, f'column "{c}" stands twice', "remove one")
        for c in wanted
        if header.count(c) > 1
    ]
    if faults:
        raise InputFaults(*faults)


def _row(cells: Mapping[str, str], schema: FactSchema, place: str, faults: list[Fault]) -> Row:
    row = {}
    for fact in schema:
        if cells[fact.name].lower() in ANY:
            continue
        values = [value.strip() for value in cells[fact.name].split(",") if value.strip()]
        row[fact.name] = tuple(values)
        for value in values:
            if value not in fact.values:
                problem = f'"{fact.name}" has no value "{value}"'
                faults.append(Fault(place, problem, did_you_mean(value, fact.values)))
    return row or _always(schema)


def _always(schema: FactSchema) -> Row:
    """A row without any value fits every combination; a rules file says so by naming them all."""
    fact = schema.facts[0]
    return {fact.name: tuple(fact.values)}


def _as_yaml(rule: _TableRule) -> str:
    """Return a rule as it stands in a rules file; JSON strings are YAML strings."""
    conditions = [_condition(row) for row in rule.rows]
    if len(conditions) == 1:
        when = f"    when: {conditions[0]}\n"
    else:
        when = "    when:\n      any:\n" + "".join(f"        - {c}\n" for c in conditions)
    then = ", ".join(f"{effect}: {_text(priority)}" for effect, priority in rule.then.items())
    texts = "".join(f"    {key}: {_text(text)}\n" for key, text in rule.texts.items())
    return f"  - id: {_text(rule.id)}\n{when}    then: {{{then}}}\n{texts}\n"


def _condition(row: Row) -> str:
    facts = (f"{name}: [{', '.join(map(_text, values))}]" for name, values in row.items())
    return f"{{{', '.join(facts)}}}"


def _text(value: str) -> str:
    plain = value.replace("_", "").replace("-", "").isalnum() and value.isascii()
    is_word = plain and not value[0].isdigit() and value.lower() not in ("true", "false", "null")
    return value if is_word else json.dumps(value, ensure_ascii=False)


def _with_rules(base: str, document: Document, rules: str) -> str:
    """Put other rules in the place of those of a rules file; all else stays as written."""
    lines = base.splitlines(keepends=True)
    first = document.line(("rules",))
    later = [document.line((key,)) for key in document.values if document.line((key,)) > first]
    last = _before_comments(lines, min(later, default=len(lines) + 1) - 1)
    return "".join(lines[: first - 1]) + "rules:\n" + rules + "".join(lines[last:])


def _before_comments(lines: Sequence[str], end: int) -> int:
    """Comments above a section belong to it."""
    while lines[end - 1].startswith("#") and end < len(lines):
        end -= 1
    return end


def _placed(document: Document, lines: Sequence[int], name: str) -> Document:
    """Return a document whose rules stand at lines of the table."""

    def line(path: Steps) -> int:
        is_in_rule = len(path) > 1 and path[0] == "rules" and isinstance(path[1], int)
        return lines[int(path[1])] if is_in_rule else document.line(path)

    return replace(
        document,
        lines={path: line(path) for path in document.lines},
        faults=tuple(
            (path, replace(fault, place=f"{name}:{line(path)}")) for path, fault in document.faults
        ),
    )


def read_table(path: Path, base: Path) -> tuple[str, Ruleset]:
    """Read an edited table beside the rules file it came from; `InputFaults` if it is wrong."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise InputFaults(Fault(str(path), problem, "check the path")) from None
    except UnicodeDecodeError:
        raise InputFaults(Fault(str(path), "is not UTF-8 text", "save it as UTF-8 CSV")) from None
    return from_csv(text, base.read_text(encoding="utf-8-sig"), name=path.name)
