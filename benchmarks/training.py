"""How long training takes and what it needs, by the number of tickets.

    python -m benchmarks.training [--tickets 1000 10000 50000] [--from FILE --map THEIRS=P0,…]

Tickets are made of our corpus and of labelled files named with `--from`: sentences of three tickets
of one priority, shuffled, so that few are near copies and lengths are as in life. Each size is
learnt twice in a home of its own: with nothing embedded yet, then with everything in the cache.

Seconds are of the clock and of processors, all processes together; where others use the machine,
only the latter can be compared. Memory is the largest sum over all processes at one time, pages
that they share counted once (Linux only).
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.table import Table

from classifier import LabelledTicket
from rules import load_ruleset
from tickets import PRIORITIES, Priority
from triage.commands.options import label_names
from triage.commands.printed import table_console
from triage.labelled.corpus import load_corpus, load_labelled

COMMAND = str(Path(sys.executable).with_name("triage"))
SIZES = (1_000, 10_000, 50_000)
START = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS_BETWEEN_LOOKS = 0.5
SEED = 1
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")


def main() -> None:
    """Train on each size and print what it took."""
    options = _options()
    pool = Pool.of(_labelled(options.more, label_names(options.map)))
    table = Table(box=None, pad_edge=False)
    for heading in ("tickets", "run", "seconds", "processor seconds", "memory, MB"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for size in options.tickets:
            path = Path(folder) / f"{size}.csv"
            write_tickets(path, pool, size)
            for run in ("first", "again"):
                used = train(path, home=Path(folder) / f"home-{size}")
                cells = (used.seconds, used.processor_seconds, used.megabytes)
                table.add_row(f"{size:,}", run, *(f"{cell:,.0f}" for cell in cells))
    table_console().print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, nargs="+", default=SIZES)
    parser.add_argument("--from", dest="more", metavar="FILE", nargs="*", default=())
    parser.add_argument("--map", nargs="*", help="what the labels of these files stand for")
    return parser.parse_args()


def _labelled(more: Sequence[str], names: dict[str, Priority]) -> Iterator[LabelledTicket]:
    schema = load_ruleset().schema
    yield from load_corpus(schema)
    for path in more:
        yield from load_labelled(path, schema, label_names=names)[0]


@dataclass(frozen=True)
class Pool:
    """The sentences of tickets, by their priority."""

    sentences: dict[Priority, list[list[str]]]

    @classmethod
    def of(cls, tickets: Iterator[LabelledTicket]) -> Pool:
        """Take tickets apart."""
        found: dict[Priority, list[list[str]]] = {priority: [] for priority in PRIORITIES}
        for labelled in tickets:
            text = f"{labelled.ticket.subject}.\n{labelled.ticket.body}"
            found[labelled.priority].append(_SENTENCE.findall(text))
        return cls({priority: lists for priority, lists in found.items() if lists})

    def text(self, priority: Priority, dice: random.Random) -> str:
        """Return a third of the sentences of each of three tickets, in any order."""
        chosen = [
            sentence
            for of_ticket in dice.choices(self.sentences[priority], k=3)
            for sentence in dice.sample(of_ticket, -(-len(of_ticket) // 3))
        ]
        dice.shuffle(chosen)
        return " ".join(chosen)


def write_tickets(path: Path, pool: Pool, size: int) -> None:
    """Write a labelled CSV file of so many tickets; priorities are as common as in the pool."""
    dice = random.Random(SEED)
    priorities = list(pool.sentences)
    frequencies = [len(pool.sentences[priority]) for priority in priorities]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "body", "priority", "received_at"])
        for number in range(size):
            (priority,) = dice.choices(priorities, frequencies)
            received_at = START + timedelta(minutes=5 * number)
            text = pool.text(priority, dice)
            writer.writerow([number, text, str(priority), received_at.isoformat()])


@dataclass(frozen=True)
class Used:
    """What a command took."""

    seconds: float
    processor_seconds: float
    megabytes: float


def train(path: Path, home: Path) -> Used:
    """Run `triage train` on a file and watch its processes."""
    start = time.perf_counter()
    process = subprocess.Popen([COMMAND, "train", str(path)], env=_in_home(home))
    most, seconds = 0, dict[int, float]()
    while process.poll() is None:
        family = list(_family(process.pid))
        seconds.update((pid, taken) for pid in family if (taken := _processor_seconds(pid)))
        most = max(most, sum(map(_memory, family)))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        raise SystemExit(f"triage train ended with {process.returncode}")
    return Used(time.perf_counter() - start, sum(seconds.values()), most / 1e6)


def _in_home(home: Path) -> dict[str, str]:
    return {**os.environ, "TRIAGE_HOME": str(home)}


def _family(pid: int) -> Iterator[int]:
    """Yield a process and all that it has started."""
    yield pid
    with suppress(OSError):
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in listed.read_text().split():
                yield from _family(int(child))


def _processor_seconds(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _memory(pid: int) -> int:
    """Return the bytes of a process; of pages shared with others, its share."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
