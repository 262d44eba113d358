"""What is wrong with something a person gave us: value, place and remedy, all faults at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong: where it stands, what it is, and what would mend it."""

    place: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.place}: {self.problem}{remedy}"


class InputFaults(ValueError):  # noqa: N818 - it carries many faults, each of them worded for the user
    """A file, a call or a ticket is wrong; carries every fault found, never only the first."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a remedy naming the known word nearest to `word`, or all when none is near."""
    choices = [str(choice) for choice in known]
    near = get_close_matches(str(word).lower(), [choice.lower() for choice in choices], n=1)
    if near:
        nearest = next(choice for choice in choices if choice.lower() == near[0])
        return f'did you mean "{nearest}"?'
    return otherwise or f"use one of {', '.join(choices)}"
