"""The customer file: desks send no tier, so it says which customer has which."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from tickets import Fault, InputFaults
from tickets.document import read_document
from tickets.faults import did_you_mean
from tickets.ticket import TIERS
from triage.text_file import read_text

SCHEMA = Path(__file__).with_name("customers.schema.json")
COLUMNS = ("organization", "domain", "tier")
LONGEST_ADDRESS = 500
"""Characters, with the name that may stand before it; a mail address has at most 254."""
EVERYBODY = "*"
"""As the organization of a row: the tier of whoever stands in no other row."""


@dataclass(frozen=True)
class Customers:
    """The tiers of organizations and of mail domains, and the one of everybody else."""

    organizations: Mapping[str, str]
    domains: Mapping[str, str]
    default: str | None = None

    def tier_of(self, organization: str | None, requester: str | None) -> str | None:
        """Return the tier of a ticket's customer, None if nothing tells it.

        The organization decides; without one, the nearest domain of the requester's address.
        """
        known = self.organizations.get(_organization(organization or ""))
        return known or self._tier_of_address(requester or "") or self.default

    def _tier_of_address(self, requester: str) -> str | None:
        address = parseaddr(requester)[1] if len(requester) <= LONGEST_ADDRESS else ""
        _, at, domain = address.rpartition("@")
        labels = _domain(domain).split(".") if at else []
        parents = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self.domains[name] for name in parents if name in self.domains), None)


def load_customers(path: str | Path) -> Customers:
    """Return the customers of a CSV or YAML file; `InputFaults` with all that is wrong."""
    path = Path(path)
    readers = {".csv": _rows_of_csv, ".yaml": _rows_of_yaml, ".yml": _rows_of_yaml}
    if path.suffix.lower() not in readers:
        remedy = f"use one of {', '.join(readers)}"
        raise InputFaults(Fault(str(path), "has an unknown file ending", remedy))
    return _customers(readers[path.suffix.lower()](path))


@dataclass(frozen=True)
class _Row:
    """One row: where it stands, and what it says."""

    place: str
    organization: str
    domain: str
    tier: str


def _rows_of_yaml(path: Path) -> list[_Row]:
    document = read_document(path, json.loads(SCHEMA.read_text("utf-8")))
    document.refuse_if()
    values: Mapping[str, Any] = document.values
    rows = [
        _Row(
            f"{document.name}:{document.line(('customers', at))}",
            entry.get("organization", ""),
            entry.get("domain", ""),
            entry["tier"],
        )
        for at, entry in enumerate(values.get("customers", []))
    ]
    if "default" in values:
        place = f"{document.name}:{document.line(('default',))}"
        rows.append(_Row(place, EVERYBODY, "", values["default"]))
    return rows


def _rows_of_csv(path: Path) -> list[_Row]:
    text = read_text(str(path))
    first, _, _ = text.partition("\n")
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        _refuse_bad_header(path.name, reader.fieldnames or [])
        return [
            _Row(f"{path.name}:{reader.line_num}", *(_cell(row, name) for name in COLUMNS))
            for row in reader
        ]
    except csv.Error as error:
        place = f"{path.name}:{reader.line_num}"
        raise InputFaults(Fault(place, f"is not CSV: {error}", "check its quotes")) from None


def _refuse_bad_header(name: str, columns: Iterable[str]) -> None:
    given = [column.strip().lower() for column in columns]
    faults = [
        Fault(f"{name}:1", f'unknown column "{column}"', did_you_mean(column, COLUMNS))
        for column in given
        if column not in COLUMNS
    ]
    if "tier" not in given or not {"organization", "domain"} & set(given):
        remedy = f"begin with the line {','.join(COLUMNS)}"
        faults.append(Fault(f"{name}:1", "lacks columns", remedy))
    if len(set(given)) < len(given):
        faults.append(Fault(f"{name}:1", "a column stands twice", "rename one of them"))
    if faults:
        raise InputFaults(*faults)


def _cell(row: Mapping[Any, Any], name: str) -> str:
    """Return a cell by its column's name in any case; what a short row lacks is empty."""
    found = (value for key, value in row.items() if isinstance(key, str) and _named(key, name))
    return (next(found, None) or "").strip()


def _named(column: str, name: str) -> bool:
    return column.strip().lower() == name


def _customers(rows: Iterable[_Row]) -> Customers:
    kept: dict[tuple[str, str], _Row] = {}
    faults: list[Fault] = []
    for row in rows:
        faults.extend(_faults(row))
        for key in _keys(row):
            first = kept.setdefault(key, row)
            if first.tier.lower() != row.tier.lower():
                line = first.place.rpartition(":")[2]
                problem = f'"{key[1]}" is {row.tier} here and {first.tier} in line {line}'
                faults.append(Fault(row.place, problem, "keep one of the two rows"))
    if faults:
        raise InputFaults(*faults)
    tiers = {key: row.tier.lower() for key, row in kept.items()}
    default = tiers.pop(("organization", EVERYBODY), None)
    organizations = {name: tier for (kind, name), tier in tiers.items() if kind == "organization"}
    domains = {name: tier for (kind, name), tier in tiers.items() if kind == "domain"}
    return Customers(organizations, domains, default)


def _keys(row: _Row) -> Iterator[tuple[str, str]]:
    if row.organization:
        yield "organization", _organization(row.organization)
    if row.domain:
        yield "domain", _domain(row.domain)


def _faults(row: _Row) -> Iterator[Fault]:
    if row.tier.lower() not in TIERS:
        problem = f'unknown tier "{row.tier}"' if row.tier else "the tier is missing"
        yield Fault(row.place, problem, did_you_mean(row.tier, TIERS))
    if not row.organization and not row.domain:
        yield Fault(row.place, "names no customer", "give an organization or a domain")
    labels = _domain(row.domain).split(".")
    if row.domain and (not all(labels) or "@" in row.domain[1:] or " " in row.domain):
        yield Fault(row.place, f'"{row.domain}" is no mail domain', "write it as acme.example")


def _organization(name: str) -> str:
    return " ".join(name.split()).casefold()


def _domain(name: str) -> str:
    return name.strip().removeprefix("@").removeprefix("*.").rstrip(".").casefold()
