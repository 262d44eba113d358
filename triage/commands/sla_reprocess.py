"""An event log under another policy: the difference first, and the log itself only when told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from sla import Policy
from sla.events import log_lines, parse_log
from sla.reprocess import Move, Stuck, moves
from tickets import Fault, InputFaults
from triage.commands.sla_printed import moves_table, plain
from triage.text_file import read_text, replace_text


@dataclass(frozen=True)
class Reprocessing:
    """The open tickets of a log, and what another policy makes of them."""

    path: Path
    text: str
    current: Policy
    moves: tuple[Move, ...]
    stuck: tuple[Stuck, ...]

    @classmethod
    def of(cls, path: str, *, former: Policy, current: Policy, instant: datetime) -> Reprocessing:
        """Read a log and work out the difference; `InputFaults` when it cannot be read."""
        text = read_text(path)
        found = list(moves(parse_log(text, path), former, current, instant))
        return cls(
            path=Path(path),
            text=text,
            current=current,
            moves=tuple(each for each in found if isinstance(each, Move)),
            stuck=tuple(each for each in found if isinstance(each, Stuck)),
        )

    @property
    def visible(self) -> list[Move]:
        """The tickets that get another deadline or another standing."""
        return [move for move in self.moves if move.is_visible]

    def table(self) -> Table:
        """Return the difference as people read it."""
        return moves_table(self.visible)

    def record(self, *, is_applied: bool) -> dict[str, Any]:
        """Return the difference as plain values."""
        return {
            "policy": self.current.version,
            "applied": is_applied,
            "open_tickets": len(self.moves),
            "changed": [
                {
                    "ticket_id": each.ticket_id,
                    "before": plain(each.before),
                    "after": plain(each.after),
                }
                for each in self.visible
            ],
            "failed": [plain(each) for each in self.stuck],
        }

    def notes(self, holidays: Sequence[date], *, is_applied: bool) -> Iterator[str]:
        """Yield what to tell the user beside the difference."""
        yield f"{len(self.visible)} of {len(self.moves)} open tickets change"
        yield from (f"ticket {each.ticket_id}: {each.because}" for each in self.stuck)
        if is_applied:
            yield f"{self.path}: {len(self.moves)} tickets moved to policy {self.current.version}"
            if holidays:
                listed = ", ".join(day.isoformat() for day in holidays)
                yield f"add {listed} to holidays.added of the policy, or its version is not known"
        elif self.moves:
            yield "nothing was written; --apply writes it into the log"

    def apply(self) -> None:
        """Append what moves the tickets to the log, all of it or nothing."""
        lines = [line for move in self.moves for line in log_lines(move.ticket_id, (move.event,))]
        separator = "" if self.text.endswith("\n") else "\n"
        try:
            replace_text(self.path, self.text + separator + "".join(f"{line}\n" for line in lines))
        except OSError as error:
            problem = f"cannot be written: {error.strerror}"
            remedy = "check its permissions and the space left; nothing was written"
            raise InputFaults(Fault(str(self.path), problem, remedy)) from None
