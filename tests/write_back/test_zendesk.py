"""Zendesk is told once, in one update, and whatever somebody else set there stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tickets import Priority
from tickets.store import Decision, DecisionKind, DecisionRow, Message
from triage.write_back import GaveUp, Kept, Line, RetryAt, Sent, deliver, of_decision, of_undo

Zendesk = Any
Lines = Callable[..., Line]
Messages = Callable[..., Message]


def test_one_update_sets_priority_and_tags_and_adds_an_internal_note(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert outcome == Sent(
        'set priority "high", set tags ujet_triage ujet_triage_p1 ujet_triage_auto,'
        " add an internal note"
    )
    assert [asked.method for asked in zendesk.asked] == ["GET", "GET", "PUT"]
    assert zendesk.ticket["priority"] == "high"
    assert zendesk.ticket["tags"] == ["vip", "ujet_triage", "ujet_triage_p1", "ujet_triage_auto"]
    [note] = zendesk.notes
    assert note["public"] is False
    assert note["body"].startswith("ujet_triage: P1 set automatically, confidence 0.91\n")


def test_what_is_only_suggested_sets_no_priority(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(zendesk, "suggest"), line(zendesk), now)
    assert zendesk.ticket["priority"] == "normal"
    assert zendesk.ticket["tags"][1:] == ["ujet_triage", "ujet_triage_p1", "ujet_triage_suggest"]
    assert len(zendesk.notes) == 1


def test_of_a_ticket_for_review_only_a_tag_is_left(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(zendesk, "review"), line(zendesk), now)
    assert "ujet_triage_review" in zendesk.ticket["tags"]
    assert zendesk.notes == []


def test_a_second_delivery_changes_nothing(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(zendesk), line(zendesk), now)
    before = dict(zendesk.ticket)
    outcome = deliver(suggested(zendesk, attempts=2), line(zendesk), now)
    assert outcome == Sent("nothing: it is there already")
    assert zendesk.ticket == before
    assert len(zendesk.notes) == 1


def test_a_priority_that_a_person_set_since_is_kept(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"priority": "low"})
    assert deliver(suggested(zendesk), line(zendesk), now) == Kept('a person set "low"')
    assert zendesk.writes() == []


def test_so_is_one_that_a_person_changed_and_changed_back(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"priority": "low"})
    zendesk.change({"priority": "normal"})
    assert deliver(suggested(zendesk), line(zendesk), now) == Kept('a person set "normal"')


def test_so_is_one_that_a_rule_of_the_desk_set(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"priority": "urgent"}, via="rule")
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert outcome == Kept('a rule of the desk set "urgent"')


def test_other_changes_of_a_ticket_stand_beside_ours(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"status": "pending", "tags": ["vip", "billing"]})
    assert isinstance(deliver(suggested(zendesk), line(zendesk), now), Sent)
    assert zendesk.ticket["status"] == "pending"
    assert zendesk.ticket["tags"][:2] == ["vip", "billing"]


def test_a_priority_that_we_knew_of_may_be_replaced(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"priority": "low"})
    seen = {"changed_at": now, "extra": {"desk_priority": "low"}}
    assert isinstance(deliver(suggested(zendesk, arrival=seen), line(zendesk), now), Sent)
    assert zendesk.ticket["priority"] == "high"


def test_so_may_one_set_by_the_very_change_of_which_we_were_told(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"priority": "low"})
    told_at = datetime.fromisoformat(zendesk.ticket["updated_at"])
    seen = {"changed_at": told_at, "extra": {"desk_priority": "low"}}
    assert isinstance(deliver(suggested(zendesk, arrival=seen), line(zendesk), now), Sent)


def test_without_a_time_the_priority_itself_tells_whether_we_knew(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"priority": "low"})
    known = {"changed_at": None, "extra": {"desk_priority": "low"}}
    other = {"changed_at": None, "extra": {"desk_priority": "normal"}}
    outcome = deliver(suggested(zendesk, arrival=other), line(zendesk), now)
    assert outcome == Kept('a person set "low"')
    assert isinstance(deliver(suggested(zendesk, arrival=known), line(zendesk), now), Sent)


def test_a_later_message_of_ours_replaces_an_earlier_one(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(zendesk), line(zendesk), now)
    later = suggested(zendesk, "suggest", suggestion_id="s2", after=timedelta(minutes=1))
    assert isinstance(deliver(later, line(zendesk), now), Sent)
    assert zendesk.ticket["tags"][1:] == ["ujet_triage", "ujet_triage_p1", "ujet_triage_suggest"]


def test_an_earlier_one_that_comes_late_does_not(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    late = suggested(zendesk, suggestion_id="s0", after=timedelta(minutes=-1))
    deliver(suggested(zendesk, "suggest"), line(zendesk), now)
    outcome = deliver(late, line(zendesk), now)
    assert outcome == Kept("a later message of ours is there already")
    assert len(zendesk.notes) == 1


def test_a_person_between_our_reading_and_our_writing_wins(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    """Zendesk answers 409, we read again and find what was set."""

    def comes_first(asked: Any) -> None:
        if asked.method == "PUT" and zendesk.ticket["priority"] == "normal":
            zendesk.change({"priority": "urgent"})

    zendesk.before = comes_first
    assert deliver(suggested(zendesk), line(zendesk), now) == Kept('a person set "urgent"')
    assert len(zendesk.writes()) == 1
    assert zendesk.ticket["priority"] == "urgent"


def test_a_change_that_is_none_of_ours_only_costs_a_second_look(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    def comes_first(asked: Any) -> None:
        if asked.method == "PUT" and zendesk.ticket["status"] == "open":
            zendesk.change({"status": "pending"})

    zendesk.before = comes_first
    assert isinstance(deliver(suggested(zendesk), line(zendesk), now), Sent)
    assert len(zendesk.notes) == 1


def test_a_ticket_that_never_rests_is_tried_again_later(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    def comes_first(asked: Any) -> None:
        if asked.method == "PUT":
            zendesk.change({"status": "pending"})

    zendesk.before = comes_first
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert isinstance(outcome, RetryAt)
    assert outcome.problem == "someone else keeps changing the ticket"


def test_all_pages_of_a_long_history_are_read(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    for number in range(6):
        zendesk.change({"status": "pending" if number % 2 else "open"})
    deliver(suggested(zendesk), line(zendesk), now)
    zendesk.page_size = 3
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert outcome == Sent("nothing: it is there already")


def test_a_closed_ticket_is_left_alone(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.change({"status": "closed"})
    assert deliver(suggested(zendesk), line(zendesk), now) == Kept("the ticket is closed")


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(zendesk), line(zendesk), now, dry_run=True)
    assert outcome == Sent(
        'set priority "high", set tags ujet_triage ujet_triage_p1 ujet_triage_auto,'
        " add an internal note"
    )
    assert zendesk.writes() == []


def test_a_word_that_the_desk_does_not_know_is_given_up_with_its_reason(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(zendesk), line(zendesk, priorities={"P1": "blocker"}), now)
    assert outcome == GaveUp(
        "127.0.0.1 answers 422 Unprocessable Entity: RecordInvalid; Record validation errors;"
        " priority description Priority: blocker is not a priority"
    )


@pytest.mark.parametrize("external_id", ["../users/1", "35436/tags", "12 ", "SUP-7", "no-id-ab"])
def test_what_is_no_number_of_a_ticket_is_not_asked_for(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime, external_id: str
) -> None:
    message = suggested(zendesk, arrival={"external_id": external_id})
    outcome = deliver(message, line(zendesk), now)
    assert outcome == GaveUp("that is no number of a Zendesk ticket")
    assert zendesk.asked == []


def test_a_decision_replaces_what_was_set_automatically_and_an_undo_puts_it_back(
    zendesk: Zendesk,
    line: Lines,
    suggested: Messages,
    target: Callable[..., Any],
    ticket: Callable[..., Any],
    suggestion: Callable[..., Any],
    now: datetime,
) -> None:
    targets = {"acme": target(zendesk)}
    first = suggested(zendesk)
    deliver(first, line(zendesk), now)

    override = Decision(DecisionKind.OVERRIDE, "ana", Priority.P0, reason="wrong-tier")
    later = now + timedelta(minutes=5)
    [told] = of_decision(ticket(), suggestion(), override, targets, later)
    deliver(_claimed(first, told), line(zendesk), later)
    assert zendesk.ticket["priority"] == "urgent"
    assert zendesk.ticket["tags"][1:] == ["ujet_triage", "ujet_triage_p0", "ujet_triage_decision"]
    assert zendesk.notes[-1]["body"].startswith(
        "ujet_triage: P0 decided by ana (override of P1, wrong-tier)\n"
    )

    latest = now + timedelta(minutes=9)
    [undone] = of_undo(ticket(), suggestion(), _decided(override, later), "ana", targets, latest)
    deliver(_claimed(first, undone), line(zendesk), latest)
    assert zendesk.ticket["priority"] == "high"
    assert zendesk.ticket["tags"][1:] == ["ujet_triage", "ujet_triage_p1", "ujet_triage_auto"]
    assert zendesk.notes[-1]["body"] == (
        "ujet_triage: decision taken back by ana; P1 as suggested holds again"
    )


def test_an_undo_restores_the_priority_from_before_us(
    zendesk: Zendesk,
    line: Lines,
    suggested: Messages,
    target: Callable[..., Any],
    ticket: Callable[..., Any],
    suggestion: Callable[..., Any],
    now: datetime,
) -> None:
    targets = {"acme": target(zendesk)}
    review = suggestion("review")
    accept = Decision(DecisionKind.ACCEPT, "ana")
    [told] = of_decision(ticket(), review, accept, targets, now)
    deliver(_claimed(suggested(zendesk), told), line(zendesk), now)
    assert zendesk.ticket["priority"] == "high"

    later = now + timedelta(minutes=5)
    [undone] = of_undo(ticket(), review, _decided(accept, now), "ana", targets, later)
    deliver(_claimed(suggested(zendesk), undone), line(zendesk), later)
    assert zendesk.ticket["priority"] == "normal"
    assert zendesk.ticket["tags"] == ["vip"]


def test_an_undo_of_what_was_set_automatically_restores_it_too(
    zendesk: Zendesk,
    line: Lines,
    suggested: Messages,
    target: Callable[..., Any],
    ticket: Callable[..., Any],
    suggestion: Callable[..., Any],
    now: datetime,
) -> None:
    deliver(suggested(zendesk), line(zendesk), now)
    automatic = _decided(Decision(DecisionKind.ACCEPT, "auto"), now)
    later = now + timedelta(minutes=5)
    targets = {"acme": target(zendesk)}
    [undone] = of_undo(ticket(), suggestion(), automatic, "ana", targets, later)
    deliver(_claimed(suggested(zendesk), undone), line(zendesk), later)
    assert zendesk.ticket["priority"] == "normal"
    assert zendesk.ticket["tags"] == ["vip"]


def _claimed(like: Message, outgoing: Any) -> Message:
    return replace(
        like, payload=outgoing.payload, idempotency_key=outgoing.idempotency_key, kind=outgoing.kind
    )


def _decided(decision: Decision, at: datetime) -> DecisionRow:
    return DecisionRow(
        id="d1",
        ticket_key="k1",
        suggestion_id="s1",
        kind=decision.kind,
        priority=decision.priority or Priority.P1,
        suggested_priority=Priority.P1,
        reason=decision.reason,
        corrected_facts={},
        actor=decision.actor,
        note=None,
        decided_at=at,
        undoes=None,
        version=4,
    )
