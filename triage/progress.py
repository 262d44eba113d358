"""A progress bar on standard error, shown only while a terminal watches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@dataclass(frozen=True)
class Bar:
    """One line of progress."""

    _progress: Progress
    _task: int

    def advance(self, steps: int) -> None:
        """Note more steps done."""
        self._progress.advance(self._progress.tasks[self._task].id, steps)

    def reach(self, done: int, total: int) -> None:
        """Note how many steps are done of how many."""
        task = self._progress.tasks[self._task].id
        self._progress.update(task, completed=done, total=total)


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Iterator[Bar]:
    """Show progress of `what` over `total` steps, or of unknown length."""
    console = Console(file=sys.stderr)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        progress.add_task(what, total=total)
        yield Bar(progress, 0)
