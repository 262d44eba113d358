"""A progress bar on standard error, shown only while a terminal watches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

PARTS = 100
"""In how many parts work is shown whose steps are of no interest."""
SPEED_OVER_SECONDS = 120
"""The remaining time goes by the speed over so long; one step may take a minute."""


@dataclass(frozen=True)
class Bar:
    """One line of progress."""

    _progress: Progress
    _task: int

    def advance(self, steps: int) -> None:
        """Note more steps done."""
        self._progress.advance(self._progress.tasks[self._task].id, steps)

    def reach(self, done: int, total: int) -> None:
        """Note how many steps are done of how many, whatever the steps are."""
        task = self._progress.tasks[self._task].id
        self._progress.update(task, completed=PARTS * done / max(total, 1), total=PARTS)


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Iterator[Bar]:
    """Show progress of `what` over `total` steps, or of unknown length."""
    console = Console(file=sys.stderr)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        speed_estimate_period=SPEED_OVER_SECONDS,
        disable=not console.is_terminal,
    ) as progress:
        progress.add_task(what, total=total)
        yield Bar(progress, 0)
