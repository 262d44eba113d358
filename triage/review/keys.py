"""The keys of the desk: pages show them on their buttons, `?` lists them, the docs repeat them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """A key, or several that do the same, by the names that browsers give them."""

    names: tuple[str, ...]
    does: str
    place: str
    """`Queue`, `Ticket` or `Everywhere`."""


@dataclass(frozen=True)
class ReasonKey:
    """Why an agent decides otherwise than suggested, said with one key."""

    key: str
    reason: str
    label: str


REASONS = (
    ReasonKey("t", "wrong-tier", "Wrong tier"),
    ReasonKey("o", "known-outage", "Part of an outage"),
    ReasonKey("n", "tone", "Tone misleads"),
    ReasonKey("d", "duplicate", "Duplicate"),
    ReasonKey("r", "other", "Other reason"),
)

KEYS = (
    Key(("j",), "next ticket", "Everywhere"),
    Key(("k",), "previous ticket", "Everywhere"),
    Key(("u",), "undo the last decision, or the last bulk accept", "Everywhere"),
    Key(("Escape",), "leave a field, so that keys work again", "Everywhere"),
    Key(("?",), "show or hide this list", "Everywhere"),
    Key(("Enter",), "open the ticket, or the first one", "Queue"),
    Key(("x",), "select the ticket, or not", "Queue"),
    Key(("A",), "accept the selected tickets (Shift+A)", "Queue"),
    Key(("/",), "go to the text search", "Queue"),
    Key(("Enter", "a"), "accept what is suggested, or what corrected facts make it", "Ticket"),
    *(Key((str(number),), f"set P{number}", "Ticket") for number in range(5)),
    Key(("s",), "skip", "Ticket"),
    *(Key((each.key,), f"reason: {each.label.lower()}", "Ticket") for each in REASONS),
    Key(("e",), "go to the facts", "Ticket"),
    Key(("q",), "back to the queue", "Ticket"),
)
