"""How fast the walk is from the command line: start-up, one ticket, 10,000 rows.

    python -m benchmarks.walk [--rows 10000]

Prints seconds and tickets per second, for comparison between versions on one machine.
Bulk rows repeat the held-out tickets of the corpus, so they are as long as real ones.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from triage.commands.options import READERS
from triage.labelled.corpus import SHIPPED

COMMAND = str(Path(sys.executable).with_name("triage"))


def main() -> None:
    """Run and print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    print(f"triage --help      {_seconds('--help', runs=7):.2f} s")
    text = "Nobody can take calls since 9am, all 200 agents affected"
    print(f"triage suggest     {_seconds('suggest', text, runs=5):.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        _write_rows(source, rows)
        for reader in READERS:
            target = str(Path(folder) / "out.csv")
            taken = _seconds("batch", str(source), "-o", target, "--reader", reader, runs=1)
            speed = f"{taken:.1f} s for {rows:,} rows, {rows / taken:,.0f} a second"
            print(f"triage batch, {reader:<5} {speed}")


def _seconds(*arguments: str, runs: int) -> float:
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([COMMAND, *arguments], check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    return median(taken)


def _write_rows(path: Path, rows: int) -> None:
    kept = ("subject", "body", "tier", "channel", "received_at", "environment")
    records = [json.loads(line) for line in Path(SHIPPED).read_text("utf-8").splitlines()]
    tickets = [{name: r[name] for name in kept} for r in records if r["split"] == "test"]
    with path.open("w", encoding="utf-8") as stream:
        for number in range(rows):
            stream.write(json.dumps(tickets[number % len(tickets)]) + "\n")


if __name__ == "__main__":
    main()
