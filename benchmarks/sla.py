"""Response deadlines beside workclock, the fastest library found: ratios from one run.

Run `pip install workclock`, then `python -m benchmarks.sla` in the project's folder. Results are
checked to be equal before any time is told. Trust the ratios; rates depend on the machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sla import Policy, load_policy
from sla.bulk import BLOCK
from sla.deadlines import ClockKind
from tickets import PRIORITIES

try:
    from workclock import Holidays, Schedule, WorkDay
except ImportError:
    sys.exit("benchmarks/sla.py: workclock is not installed (pip install workclock)")

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = datetime(2028, 1, 1, tzinfo=UTC)
SINGLES = 20_000
TARGET = timedelta(hours=4)
"""That of Standard P2."""

Nanos = NDArray[np.int64]
Work = Callable[[], Any]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    policy = load_policy()
    schedules = {tier: _schedule(policy, tier) for tier in policy.tiers}
    received = _arrivals(given.tickets)
    print(f"{given.tickets:,} tickets, median of {given.rounds} pairs; ns a ticket")
    _arrays(policy, schedules["standard"], received, given.rounds)
    _mixed(policy, schedules, received, given.rounds)
    _elapsed(policy, schedules["standard"], received, given.rounds)
    _singles(policy, schedules["standard"], received[:SINGLES], given.rounds)
    print("where the time goes; ns a ticket")
    for name, nanoseconds in _parts(policy, received, given.rounds):
        print(f"  {name:<58}{nanoseconds:>8.2f}")


def _schedule(policy: Policy, tier: str) -> Schedule:
    """Return the calendar of a tier as workclock has it."""
    week = {
        "standard": WorkDay(time(9), time(18), range(5)),
        "premium": WorkDay(time(0), time(0), range(7)),
    }
    holidays = Holidays(policy.hours(tier).timetable.holidays)
    return Schedule([week[tier], holidays], time_zone=policy.zone)


def _arrivals(count: int) -> Nanos:
    first, last = (int(each.timestamp()) for each in (FIRST, LAST))
    return np.random.default_rng(20260703).integers(first, last, count) * 1_000_000_000


def _arrays(policy: Policy, schedule: Schedule, received: Nanos, rounds: int) -> None:
    for order, instants in (("random", received), ("sorted", np.sort(received))):
        moments = _moments(instants)

        def ours(instants: Nanos = instants) -> Nanos:
            return policy.respond_by_many("standard", "P2", instants)

        def theirs(moments: NDArray[np.datetime64] = moments) -> Any:
            return schedule.add_many(moments, TARGET)

        assert np.array_equal(_moments(ours()), theirs())
        _compare(f"arrays, {order}, against add_many", ours, theirs, len(received), rounds)


def _mixed(policy: Policy, schedules: dict[str, Schedule], received: Nanos, rounds: int) -> None:
    """Compare on the targets that workclock knows, business minutes; then take all ten."""
    names = list(policy.tiers)
    targets = [(code, each) for code in range(len(names)) for each in PRIORITIES]
    kinds = [policy.targets[names[code]][each].clock for code, each in targets]
    business = [n for n, kind in enumerate(kinds) if kind is ClockKind.BUSINESS]
    micros = np.array([policy.targets[names[code]][each].amount for code, each in targets])
    random = np.random.default_rng(1)
    chosen = np.array(business)[random.integers(0, len(business), len(received))]
    deltas, moments = micros[chosen].astype("timedelta64[us]"), _moments(received)
    codes = tiers, _ = np.divmod(chosen, len(PRIORITIES))

    def ours(codes: tuple[Nanos, Nanos]) -> Nanos:
        return policy.respond_by_many(*codes, received)

    def theirs() -> Any:
        due = np.empty_like(moments)
        for code, name in enumerate(names):
            of_tier = tiers == code
            due[of_tier] = schedules[name].add_many(moments[of_tier], deltas[of_tier])
        return due

    assert np.array_equal(_moments(ours(codes)), theirs())
    name = "mixed, 5 business targets, against add_many"
    _compare(name, lambda: ours(codes), theirs, len(received), rounds)
    every = random.integers(0, len(targets), len(received))
    all_codes = np.divmod(every, len(PRIORITIES))
    assert _is_like_singles(policy, received, every, ours(all_codes))
    name = "mixed, all 10 targets, against add_many on 5"
    _compare(name, lambda: ours(all_codes), theirs, len(received), rounds)


def _is_like_singles(policy: Policy, received: Nanos, chosen: Nanos, due: Nanos) -> bool:
    names = list(policy.tiers)
    return all(
        policy.clock(names[target // 5], PRIORITIES[target % 5]).due(at // 1_000) * 1_000
        == expected
        for at, target, expected in zip(
            received[:SINGLES].tolist(),
            chosen[:SINGLES].tolist(),
            due[:SINGLES].tolist(),
            strict=True,
        )
    )


def _elapsed(policy: Policy, schedule: Schedule, received: Nanos, rounds: int) -> None:
    spans = np.random.default_rng(2).integers(0, 10 * 86_400, len(received)) * 1_000_000_000
    begins, ends = _moments(received), _moments(received + spans)

    def ours() -> Nanos:
        return policy.bulk.elapsed("standard", received, received + spans)

    def theirs() -> Any:
        return schedule.between_many(begins, ends)

    assert np.array_equal(ours(), theirs().astype("timedelta64[ns]").astype(np.int64))
    _compare("elapsed, 0 to 10 days, against between_many", ours, theirs, len(received), rounds)


def _singles(policy: Policy, schedule: Schedule, received: Nanos, rounds: int) -> None:
    for name, zone in (("UTC", UTC), ("the policy's zone", policy.zone)):
        moments = [datetime.fromtimestamp(each / 1_000_000_000, zone) for each in received.tolist()]

        def ours(moments: list[datetime] = moments) -> list[datetime]:
            answer = policy.respond_by
            return [answer(tier="standard", priority="P2", received_at=each) for each in moments]

        def theirs(moments: list[datetime] = moments) -> list[datetime]:
            answer = schedule.add
            return [answer(each, TARGET) for each in moments]

        assert ours() == theirs()
        _compare(f"one by one, received in {name}, against add", ours, theirs, len(moments), rounds)


def _compare(name: str, ours: Work, theirs: Work, count: int, rounds: int) -> None:
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds)]
    mine, other = (median(times) / count * 1e9 for times in zip(*pairs, strict=True))
    ratio = median(slow / fast for fast, slow in pairs)
    print(f"  {name:<58}{mine:>8,.1f} {other:>10,.1f} {ratio:>8,.1f}×", flush=True)


def _seconds(work: Work) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def _parts(policy: Policy, received: Nanos, rounds: int) -> Iterator[tuple[str, float]]:
    """Yield the steps of one deadline for arrays, and what copying alone would take."""
    block = received[:BLOCK].copy()
    slots, out = np.empty_like(block), np.empty_like(block)
    table = np.zeros(400_000, np.int64)
    np.floor_divide(block - block.min(), 3_600_000_000_000, out=slots)
    steps: dict[str, Work] = {
        "which slot: a division (2 a deadline)": lambda: np.floor_divide(
            block, 3_600_000_000_000, out=out
        ),
        "look-up in a table (3 a deadline)": lambda: np.take(table, slots, out=out, mode="clip"),
        "add, subtract or compare (7 a deadline)": lambda: np.add(block, 1, out=out),
        "check of the horizon: least and greatest": lambda: (block.min(), block.max()),
    }
    for name, step in steps.items():
        yield name, median(_seconds(step) for _ in range(rounds * 20)) / len(block) * 1e9
    whole, copy = received, np.empty_like(received)
    for name, step in {
        "deadlines of all": lambda: policy.respond_by_many("standard", "P2", whole),
        "copying 16 bytes a ticket: 8 read, 8 written": lambda: np.copyto(copy, whole),
        "the same into new memory, as the deadlines are": whole.copy,
    }.items():
        yield name, median(_seconds(step) for _ in range(rounds)) / len(whole) * 1e9


def _moments(nanos: Nanos) -> NDArray[np.datetime64]:
    return nanos.view("datetime64[ns]").astype("datetime64[us]")


if __name__ == "__main__":
    main()
