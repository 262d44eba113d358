"""Options that several commands share, parsed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from tickets import Fault, InputFaults, Priority, TicketFault, parse_ticket
from tickets.faults import did_you_mean
from tickets.ticket import FIELDS

SOME_ROWS_FAILED = 3
"""Exit status of a command that left rows out and did the rest."""
READERS = ("full", "light")
"""The values of `--reader`, as in `classifier.Reader`, whose import would delay `--help`."""

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database-url",
        help="The store; by default TRIAGE_DATABASE_URL, or a file in TRIAGE_HOME.",
        show_default=False,
    ),
]


def pairs(
    option: str, given: Iterable[str] | None, *, keys: Sequence[str] | None = None
) -> dict[str, str]:
    """Return `A=B` options as a mapping; they may be repeated or separated by commas.

    `InputFaults` for what is no pair, for a key given twice, and for one not among `keys`.
    """
    found: dict[str, str] = {}
    faults = []
    for item in (part for text in given or () for part in text.split(",")):
        key, separator, value = (side.strip() for side in item.partition("="))
        if not separator or not key or not value:
            faults.append(Fault(option, f'"{item}" is not of the form NAME=VALUE', "add the ="))
        elif keys is not None and key not in keys:
            faults.append(Fault(option, f'unknown name "{key}"', did_you_mean(key, keys)))
        elif key in found:
            faults.append(Fault(option, f'"{key}" is given twice', "keep one"))
        else:
            found[key] = value
    if faults:
        raise InputFaults(*faults)
    return found


def choice(option: str, given: str, known: Sequence[str]) -> None:
    """Raise `InputFaults` when what is given is not one of the known words."""
    if given not in known:
        raise InputFaults(Fault(option, f'unknown "{given}"', did_you_mean(given, known)))


def ticket_defaults(
    given: Iterable[str] | None, timezone: ZoneInfo | None = None
) -> dict[str, str]:
    """Return what stands in where a row has nothing, from `--default tier=standard`.

    `InputFaults` for a value that no ticket can have: it would fail every row that takes it.
    """
    found = pairs("--default", given, keys=FIELDS)
    faults = []
    for name, value in found.items():
        try:
            parse_ticket({"body": "any", name: value}, default_id="1", timezone=timezone)
        except TicketFault as fault:
            problem = f'"{name}={value}": {fault.problem}'
            faults.append(Fault("--default", problem, fault.remedy))
    if faults:
        raise InputFaults(*faults)
    return found


def label_names(given: Iterable[str] | None) -> dict[str, Priority]:
    """Return which priority each word of a label column stands for, from `--map THEIRS=P0`."""
    names = {}
    faults = []
    for word, name in pairs("--map", given).items():
        try:
            names[word] = Priority.parse(name)
        except ValueError as error:
            faults.append(Fault("--map", f'"{word}={name}": {error}', "as in --map urgent=P0"))
    if faults:
        raise InputFaults(*faults)
    return names


def zone(name: str) -> ZoneInfo | None:
    """Return the time zone of this name, None for none; `InputFaults` if there is no such zone."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = "use an IANA name such as America/Los_Angeles or Europe/Berlin"
        raise InputFaults(Fault("--timezone", f'unknown time zone "{name}"', remedy)) from None
