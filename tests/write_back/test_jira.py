"""Jira is told in an edit and an internal comment, each of them once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tickets.store import Message
from triage.write_back import GaveUp, Kept, Line, RetryAt, Sent, deliver

Jira = Any
Lines = Callable[..., Line]
Messages = Callable[..., Message]


def test_priority_labels_and_an_internal_comment(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(jira), line(jira), now)
    assert outcome == Sent(
        'set priority "High", set labels ujet_triage ujet_triage_p1 ujet_triage_auto;'
        " add an internal comment"
    )
    assert jira.priority == "High"
    assert jira.labels == ["vip", "ujet_triage", "ujet_triage_p1", "ujet_triage_auto"]
    [comment] = jira.comments
    assert comment["jsdPublic"] is False
    first = comment["body"]["content"][0]["content"][0]["text"]
    assert first == "ujet_triage: P1 set automatically, confidence 0.91"


def test_a_second_delivery_changes_nothing(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(jira), line(jira), now)
    outcome = deliver(suggested(jira, attempts=2), line(jira), now)
    assert outcome == Sent("nothing: it is there already")
    assert [asked.method for asked in jira.writes()] == ["PUT", "POST"]


def test_where_only_the_edit_arrived_only_the_comment_follows(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    jira.fails("POST", status=500)
    assert isinstance(deliver(suggested(jira), line(jira), now), RetryAt)
    outcome = deliver(suggested(jira, attempts=2), line(jira), now + timedelta(minutes=1))
    assert outcome == Sent("add an internal comment")
    assert [asked.method for asked in jira.writes()] == ["PUT", "POST", "POST"]
    assert len(jira.comments) == 1


def test_a_comment_whose_answer_was_lost_is_found_among_many(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    jira.fails("POST", is_applied=True)
    assert isinstance(deliver(suggested(jira), line(jira), now), RetryAt)
    talk = {"id": "9", "body": {"type": "doc", "content": []}}
    jira.comments += [dict(talk) for _ in range(5)]
    again = deliver(suggested(jira, attempts=2), line(jira), now + timedelta(minutes=1))
    assert again == Sent("nothing: it is there already")
    assert len(jira.comments) == 6


def test_a_priority_that_a_person_set_since_is_kept(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    jira.change("Low")
    assert deliver(suggested(jira), line(jira), now) == Kept('a person set "Low"')
    assert jira.writes() == []


def test_it_is_found_at_the_end_of_a_long_changelog(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    for priority in ("Low", "High", "Low", "Highest", "Lowest"):
        jira.change(priority)
    assert deliver(suggested(jira), line(jira), now) == Kept('a person set "Lowest"')


def test_our_own_priority_may_be_replaced_by_a_later_message(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(jira), line(jira), now)
    later = suggested(jira, suggestion_id="s2", after=timedelta(minutes=1))
    assert isinstance(deliver(later, line(jira, priorities={"P1": "Highest"}), now), Sent)
    assert jira.priority == "Highest"
    assert len(jira.comments) == 2


def test_a_person_who_shares_our_account_is_not_taken_for_us(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(jira), line(jira), now)
    jira.change("Lowest", author=jira.own)
    later = suggested(jira, suggestion_id="s2", after=timedelta(minutes=1))
    assert deliver(later, line(jira), now) == Kept('a person set "Lowest"')


def test_a_person_who_changed_it_back_to_what_we_set_has_chosen_it(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(jira), line(jira), now)
    jira.change("Low")
    jira.change("High")
    later = suggested(jira, suggestion_id="s2", after=timedelta(minutes=1))
    outcome = deliver(later, line(jira, priorities={"P1": "Highest"}), now)
    assert outcome == Kept('a person set "High"')


def test_an_earlier_message_that_comes_late_is_not_written(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(jira), line(jira), now)
    late = suggested(jira, suggestion_id="s0", after=timedelta(minutes=-1))
    outcome = deliver(late, line(jira), now)
    assert outcome == Kept("a later message of ours is there already")


def test_a_note_that_customers_could_read_is_taken_back(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    jira.has_licence = False
    outcome = deliver(suggested(jira), line(jira), now)
    assert outcome == GaveUp(
        "the note would have been public and was removed at once;"
        " give the account of target acme an agent's licence"
    )
    assert jira.comments == []


def test_a_project_without_customers_has_only_plain_comments(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    jira.project_type, jira.has_licence = "software", False
    assert isinstance(deliver(suggested(jira), line(jira), now), Sent)
    assert len(jira.comments) == 1


def test_a_role_may_be_named_that_alone_reads_notes(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(jira), line(jira, note_role="Service Desk Team"), now)
    [comment] = jira.comments
    assert comment["visibility"] == {"type": "role", "value": "Service Desk Team"}


def test_a_priority_that_jira_does_not_know_is_given_up_with_its_reason(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(jira), line(jira, priorities={"P1": "Blocker"}), now)
    assert outcome == GaveUp(
        "127.0.0.1 answers 400 Bad Request: priority Priority name 'Blocker' is not valid"
    )
    assert jira.comments == []


def test_a_dry_run_writes_nothing(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(jira, "suggest"), line(jira), now, dry_run=True)
    assert outcome == Sent(
        "set labels ujet_triage ujet_triage_p1 ujet_triage_suggest; add an internal comment"
    )
    assert jira.writes() == []


@pytest.mark.parametrize("external_id", ["SUP", "SUP-7/comment", "..", "SUP-7?x=1"])
def test_what_is_no_key_of_an_issue_is_not_asked_for(
    jira: Jira, line: Lines, suggested: Messages, now: datetime, external_id: str
) -> None:
    message = suggested(jira, arrival={"external_id": external_id})
    outcome = deliver(message, line(jira), now)
    assert outcome == GaveUp("that is no key of a Jira issue")
    assert jira.asked == []


def test_the_mark_is_a_property_of_the_issue(
    jira: Jira, line: Lines, suggested: Messages, now: datetime
) -> None:
    deliver(suggested(jira), line(jira), now)
    assert json.loads(jira.writes()[0].body)["properties"] == [
        {
            "key": "ujet_triage",
            "value": {
                "key": "acme:suggestion:s1",
                "made_at": "2026-07-06T16:00:00.000000+00:00",
                "priority": "High",
            },
        }
    ]
