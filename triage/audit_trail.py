"""The audit trail as a file: who decided what, and who changed keys, models and data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from heapq import merge
from typing import Any

from tickets import Fault, InputFaults
from tickets.store import Store
from triage.period import Period
from triage.row_files import file_kind
from triage.row_output import row_writer

AT_ONCE = 500
"""Entries of one write."""


def write_trail(store: Store, period: Period, output: str) -> int:
    """Write the entries of a period to a JSON Lines file, oldest first; return how many."""
    if file_kind(output) != "jsonl":
        remedy = "write .jsonl, or - for standard output"
        raise InputFaults(Fault(output, "is no JSON Lines file", remedy))
    count, portion = 0, []
    with row_writer(output, "jsonl", ()) as writer:
        for entry in entries(store, period):
            portion.append(entry)
            count += 1
            if len(portion) == AT_ONCE:
                writer.write(portion)
                portion = []
        writer.write(portion)
    return count


def entries(store: Store, period: Period) -> Iterator[Mapping[str, Any]]:
    """Yield decisions and all else that the audit holds, oldest first, without a ticket's text."""
    decided = (
        {"at": record["decided_at"], "entry": "decision", **record}
        for record in store.decisions.export(period.since, period.until)
    )
    changed = (
        {"entry": "change", **record} for record in store.audit.export(period.since, period.until)
    )
    yield from merge(decided, changed, key=_at)


def _at(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])
