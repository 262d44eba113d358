"""The audit trail as a file to download, sent as it is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from tickets.store import Store
from triage.audit_trail import entries
from triage.period import Period

FORMS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
"""The endings of the file, with their media types."""
COLUMNS = (
    *("at", "entry", "actor", "kind", "priority", "suggested_priority", "confidence", "action"),
    *("is_blind", "reason", "corrected_facts", "note", "undoes", "source", "external_id"),
    *("ticket_key", "suggestion_id", "version", "versions.model", "versions.rules"),
    *("versions.policy", "subject", "detail", "id"),
)
_AT_ONCE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def audit_file(store: Store, period: Period, form: str) -> Iterator[bytes]:
    """Yield the entries of a period in a form, oldest first, some hundred at a time."""
    found = iter(entries(store, period))
    if form == "csv":
        yield _csv([dict(zip(COLUMNS, COLUMNS, strict=True))])
    while some := list(islice(found, _AT_ONCE)):
        yield _csv(map(_row, some)) if form == "csv" else _json_lines(some)


def _json_lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return "".join(lines).encode("utf-8", "backslashreplace")


def _csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    csv.DictWriter(out, COLUMNS, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "backslashreplace")


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    versions = record.get("versions") or {}
    flat = {**record, **{f"versions.{room}": version for room, version in versions.items()}}
    return {column: _cell(flat.get(column)) for column in COLUMNS}


def _cell(value: Any) -> Any:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
