"""What is to be written for a message, step by step: to be looked at, and to be carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from triage.write_back.line import Answer, Line

Check = Callable[[Line, Answer], None]


@dataclass(frozen=True)
class Step:
    """One request that changes something."""

    does: str
    """In words, without any text of a ticket or note."""
    method: str
    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    check: Check = lambda line, answer: None
    """Raises when the answer shows that the step had another effect than it should."""

    def carry_out(self, line: Line) -> None:
        """Send the request."""
        self.check(line, line.ask(self.method, self.path, self.body, self.headers))


@dataclass(frozen=True)
class Plan:
    """The steps of a message; none where all of it is there already."""

    steps: tuple[Step, ...]

    @property
    def does(self) -> str:
        """All steps, in words."""
        return "; ".join(step.does for step in self.steps) or "nothing: it is there already"
