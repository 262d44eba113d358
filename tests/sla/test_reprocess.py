"""What another policy would change for the open tickets of a log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from sla import Policy, load_policy
from sla.clock import Standing
from sla.events import Event, EventKind, Log, log_lines, parse_log
from sla.reprocess import Move, Stuck, moves
from tickets import InputFaults, Priority

NOW = datetime.fromisoformat("2026-07-10T18:30:00-07:00")


def log_of(*lines: str) -> Log:
    return parse_log("\n".join(lines), "events.jsonl")


def line(ticket_id: str, at: str, kind: str, **what: str) -> str:
    said = "".join(f', "{key}": "{value}"' for key, value in what.items())
    return f'{{"ticket_id": "{ticket_id}", "at": "{at}", "kind": "{kind}"{said}}}'


def received(ticket_id: str, at: str, priority: str, **what: str) -> str:
    return line(ticket_id, at, "received", tier="standard", priority=priority, **what)


@pytest.fixture(scope="module")
def stormy() -> Policy:
    """The shipped policy with an unplanned holiday on Monday, 2026-07-13."""
    return load_policy(added_holidays={date(2026, 7, 13): "storm"})


def test_an_unplanned_holiday_moves_the_deadlines_that_it_touches(
    policy: Policy, stormy: Policy
) -> None:
    log = log_of(
        received("touched", "2026-07-10T17:00:00-07:00", "P2"),
        received("calendar", "2026-07-10T18:10:00-07:00", "P0"),
        received("answered", "2026-07-10T17:00:00-07:00", "P2"),
        line("answered", "2026-07-10T17:30:00-07:00", "responded"),
    )
    found = {each.ticket_id: each for each in moves(log, policy, stormy, NOW)}
    assert list(found) == ["touched", "calendar"]
    touched, calendar = found["touched"], found["calendar"]
    assert isinstance(touched, Move)
    assert isinstance(calendar, Move)
    assert touched.before.progress is not None
    assert touched.after.progress is not None
    assert touched.before.progress.due_at.isoformat() == "2026-07-13T12:00:00-07:00"
    assert touched.after.progress.due_at.isoformat() == "2026-07-14T12:00:00-07:00"
    assert (touched.is_visible, calendar.is_visible) == (True, False)


def test_a_stricter_policy_can_change_the_standing(
    policy: Policy, edited: Callable[..., Path]
) -> None:
    strict = load_policy(
        edited(("standard: { within: 4 business hours", "standard: { within: 30 business minutes"))
    )
    log = log_of(received("1", "2026-07-10T17:00:00-07:00", "P2"))
    (move,) = moves(log, policy, strict, NOW)
    assert isinstance(move, Move)
    assert (move.before.standing, move.after.standing) == (Standing.ON_TRACK, Standing.BREACHED)
    assert move.after.breached_at == NOW  # not before: until then, there was time


def test_what_was_moved_once_is_not_moved_again(policy: Policy, stormy: Policy) -> None:
    first = received("1", "2026-07-10T17:00:00-07:00", "P2", policy=policy.version)
    (move,) = moves(log_of(first), policy, stormy, NOW)
    assert isinstance(move, Move)
    log = log_of(first, *log_lines("1", (move.event,)))
    assert list(moves(log, policy, stormy, NOW)) == []


def test_tickets_from_before_a_policy_keep_theirs(
    policy: Policy, edited: Callable[..., Path]
) -> None:
    later = load_policy(edited(("from: 2000-01-01", "from: 2026-07-10")))
    log = log_of(
        received("before", "2026-07-09T23:59:59-07:00", "P2"),
        received("after", "2026-07-10T00:00:00-07:00", "P2"),
    )
    assert [each.ticket_id for each in moves(log, policy, later, NOW)] == ["after"]


def test_a_ticket_that_cannot_be_read_is_told_and_stops_nobody(
    policy: Policy, stormy: Policy
) -> None:
    log = log_of(
        received("lost", "2026-07-10T17:00:00-07:00", "P2", policy="0+000000000000"),
        received("late", "2040-12-31T15:00:00-08:00", "P2"),
        received("fine", "2026-07-10T17:00:00-07:00", "P2"),
    )
    end = datetime.fromisoformat("2040-12-31T15:30:00-08:00")
    stuck = [each for each in moves(log, policy, stormy, end) if isinstance(each, Stuck)]
    assert [each.ticket_id for each in stuck] == ["lost", "late"]
    assert "is not at hand" in stuck[0].because
    assert "falls after 2040-12-31" in stuck[1].because


def test_every_wrong_line_of_a_log_is_named() -> None:
    with pytest.raises(InputFaults) as refused:
        log_of(
            "not json",
            '{"ticket_id": "1", "at": "2026-07-10T17:00:00", "kind": "recieved", "teir": "premium"}',
            '{"ticket_id": "1", "at": "2026-07-10T17:00:00Z", "kind": "responded", "is_public": "no"}',
            '{"kind": "received", "tier": "gold", "priority": "urgent"}',
        )
    assert [str(fault) for fault in refused.value.faults] == [
        "events.jsonl:1: line: is not a JSON object (write it as "
        '{"ticket_id": "17", "at": "2026-07-10T09:05:00-07:00", "kind": "received"})',
        "events.jsonl:2: at: '2026-07-10T17:00:00' has no UTC offset "
        "(write it as 2026-07-10T09:05:00-07:00)",
        'events.jsonl:2: kind: unknown kind "recieved" (did you mean "received"?)',
        'events.jsonl:2: teir: unknown key "teir" (did you mean "tier"?)',
        'events.jsonl:3: is_public: "no" is neither true nor false (write true or false)',
        "events.jsonl:4: ticket_id: is missing (add it)",
        "events.jsonl:4: at: is missing (add it)",
        'events.jsonl:4: tier: unknown tier "gold" (use one of standard, premium)',
        'events.jsonl:4: priority: unknown priority "urgent" (use one of P0, P1, P2, P3, P4)',
    ]


def test_a_log_without_events_is_refused() -> None:
    with pytest.raises(InputFaults, match=r"events\.jsonl: has no events"):
        log_of("", "  ")


def test_an_event_is_read_as_it_was_written() -> None:
    event = Event(
        NOW,
        EventKind.RECEIVED,
        tier="premium",
        priority=Priority.P0,
        policy="1+0",
        is_public=False,
        is_by_person=False,
    )
    assert parse_log("\n".join(log_lines("7", (event,))), "log") == {"7": (event,)}
