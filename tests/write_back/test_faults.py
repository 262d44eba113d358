"""Whatever goes wrong on the way, a message arrives once, later, or not at all with a reason."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tickets.store import Message
from triage.write_back import GaveUp, Line, Postponed, RetryAt, Sent, deliver
from triage.write_back.retry import asked_pause, pause
from triage.write_back.targets import Target

Zendesk = Any
Lines = Callable[..., Line]
Messages = Callable[..., Message]
MINUTE = timedelta(minutes=1)


def test_an_update_whose_answer_was_lost_is_not_made_again(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("PUT", is_applied=True)
    first = deliver(suggested(zendesk), line(zendesk), now)
    assert isinstance(first, RetryAt)
    assert first.problem == "127.0.0.1 does not answer in time"
    second = deliver(suggested(zendesk, attempts=2), line(zendesk), now + MINUTE)
    assert second == Sent("nothing: it is there already")
    assert len(zendesk.notes) == 1


def test_so_with_an_update_that_was_answered_by_something_else(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("PUT", status=200, body=b"<html>", is_applied=True)
    assert isinstance(deliver(suggested(zendesk), line(zendesk), now), RetryAt)
    deliver(suggested(zendesk, attempts=2), line(zendesk), now + MINUTE)
    assert len(zendesk.notes) == 1


def test_after_two_failures_of_the_desk_the_third_attempt_succeeds(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("PUT", status=500)
    zendesk.fails("PUT", status=502)
    open_line = line(zendesk)
    first = deliver(suggested(zendesk), open_line, now)
    assert isinstance(first, RetryAt)
    assert first.problem == "127.0.0.1 answers 500 Internal Server Error"
    assert timedelta(seconds=2.5) <= first.at - now <= timedelta(seconds=5)
    second = deliver(suggested(zendesk, attempts=2), open_line, first.at)
    assert isinstance(second, RetryAt)
    assert timedelta(seconds=5) <= second.at - first.at <= timedelta(seconds=10)
    third = deliver(suggested(zendesk, attempts=3), open_line, second.at)
    assert isinstance(third, Sent)
    assert len(zendesk.notes) == 1


@pytest.mark.parametrize("retry_after", ["93", "Mon, 06 Jul 2026 16:01:33 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_desk_says_when_to_come_again(
    zendesk: Zendesk,
    line: Lines,
    suggested: Messages,
    now: datetime,
    status: int,
    retry_after: str,
) -> None:
    zendesk.fails("GET", status=status, headers={"Retry-After": retry_after})
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert isinstance(outcome, Postponed if status == 429 else RetryAt)
    assert outcome.at == now + timedelta(seconds=93)


def test_until_then_no_message_bothers_it_and_they_do_not_all_come_at_once(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("GET", status=429, headers={"Retry-After": "90"})
    open_line = line(zendesk, requests_per_minute=60)
    deliver(suggested(zendesk), open_line, now)
    waits = [
        deliver(suggested(zendesk, suggestion_id=f"s{number}"), open_line, now)
        for number in (2, 3, 4)
    ]
    assert [outcome.at - now for outcome in waits if isinstance(outcome, Postponed)] == [
        timedelta(seconds=93),
        timedelta(seconds=96),
        timedelta(seconds=99),
    ]
    assert len(zendesk.asked) == 1
    assert isinstance(deliver(suggested(zendesk), open_line, now + 2 * MINUTE), Sent)


def test_no_more_requests_are_sent_in_a_minute_than_allowed(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    open_line = line(zendesk, requests_per_minute=30)
    outcomes = [
        deliver(suggested(zendesk, suggestion_id=f"s{number}"), open_line, now)
        for number in range(6)
    ]
    assert [type(outcome) for outcome in outcomes] == [Sent, Sent, *[Postponed] * 4]
    last = outcomes[-1]
    assert isinstance(last, Postponed)
    assert last.why == "waits for its turn by requests_per_minute"
    assert last.at - now == timedelta(seconds=24)
    assert isinstance(deliver(suggested(zendesk, suggestion_id="s5"), open_line, last.at), Sent)


def test_a_desk_that_does_not_listen_is_tried_again_and_left_alone_for_a_while(
    target: Callable[..., Target],
    client: httpx.Client,
    zendesk: Zendesk,
    suggested: Messages,
    now: datetime,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        open_line = Line(target(zendesk, url=f"http://127.0.0.1:{unused.getsockname()[1]}"), client)
        first = deliver(suggested(zendesk), open_line, now)
        assert isinstance(first, RetryAt)
        assert first.problem == "127.0.0.1 cannot be reached: ConnectError"
        second = deliver(suggested(zendesk, suggestion_id="s2"), open_line, now)
        assert isinstance(second, Postponed)
        assert second.why == "waits, as the target asked for it or did not answer"


def test_a_message_is_given_up_when_it_has_failed_for_too_long(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("GET", status=500)
    old = suggested(zendesk, failing_since=now - timedelta(hours=24))
    assert deliver(old, line(zendesk), now) == GaveUp(
        "no success within 24 hours, at last: 127.0.0.1 answers 500 Internal Server Error"
    )


def test_the_first_failure_of_a_message_that_has_waited_for_days_is_only_its_first(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("GET", status=500)
    later = now + timedelta(days=3)
    outcome = deliver(suggested(zendesk), line(zendesk), later)
    assert isinstance(outcome, RetryAt)
    assert outcome.failing_since == later
    assert outcome.at - later <= timedelta(seconds=5)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}], ids=["none", "unreadable"])
def test_a_rate_limit_that_names_no_time_is_a_failure_like_others(
    zendesk: Zendesk,
    line: Lines,
    suggested: Messages,
    now: datetime,
    headers: dict[str, str],
) -> None:
    zendesk.fails("GET", status=429, headers=headers)
    outcome = deliver(suggested(zendesk, attempts=3), line(zendesk), now)
    assert isinstance(outcome, RetryAt)
    assert timedelta(seconds=10) <= outcome.at - now <= timedelta(seconds=20)


def test_a_rate_limit_gives_nothing_up_and_its_time_does_not_count(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("GET", status=429, headers={"Retry-After": "600"})
    long_ago = now - timedelta(hours=30)
    outcome = deliver(suggested(zendesk, failing_since=long_ago), line(zendesk), now)
    assert outcome == Postponed(
        now + 10 * MINUTE, "127.0.0.1 answers 429 Too Many Requests", long_ago + 10 * MINUTE
    )


def test_while_a_desk_does_not_answer_what_was_not_tried_grows_old_as_well(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("GET")
    open_line = line(zendesk)
    deliver(suggested(zendesk), open_line, now)
    second = deliver(suggested(zendesk, suggestion_id="s2"), open_line, now)
    assert isinstance(second, Postponed)
    assert second.failing_since == now
    old = suggested(zendesk, suggestion_id="s3", failing_since=now - timedelta(hours=24))
    assert isinstance(deliver(old, open_line, now), GaveUp)


def test_a_refused_token_is_named_and_never_shown(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(zendesk), line(zendesk, token="wr0ng"), now)
    assert outcome == GaveUp(
        "127.0.0.1 answers 401 Unauthorized; renew the token of target acme"
        " (variable ACME_TOKEN): Couldn't authenticate you"
    )


def test_an_account_without_permission_is_named(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("PUT", status=403, body=b'{"error": "Forbidden"}')
    assert deliver(suggested(zendesk), line(zendesk), now) == GaveUp(
        "127.0.0.1 answers 403 Forbidden; the account of target acme may not do that:"
        " give it the permission: Forbidden"
    )


@pytest.mark.parametrize(("status", "phrase"), [(404, "Not Found"), (410, "Gone")])
def test_a_ticket_that_is_gone_is_given_up(
    zendesk: Zendesk,
    line: Lines,
    suggested: Messages,
    now: datetime,
    status: int,
    phrase: str,
) -> None:
    zendesk.fails("GET", status=status, body=b"no json")
    assert deliver(suggested(zendesk), line(zendesk), now) == GaveUp(
        f"127.0.0.1 answers {status} {phrase}; it is gone, or the account may not see it"
    )


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"ticket"', b"\xff", b"", b"[" * 100_000])
def test_an_answer_that_is_not_json_is_tried_again(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime, body: bytes
) -> None:
    zendesk.fails("GET", status=200, body=body)
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert isinstance(outcome, RetryAt)
    assert outcome.problem.startswith("the answer is not JSON as documented")
    assert zendesk.writes() == []


@pytest.mark.parametrize("body", [b"{}", b'{"ticket": []}', b'{"ticket": {"id": 1}}'])
def test_so_is_json_that_is_no_ticket(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime, body: bytes
) -> None:
    zendesk.fails("GET", status=200, body=body)
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert isinstance(outcome, RetryAt)
    assert outcome.problem == "the ticket or its audits are not as Zendesk documents them"
    assert zendesk.writes() == []


def test_credentials_do_not_follow_a_redirect(
    zendesk: Zendesk, line: Lines, suggested: Messages, listener: Any, now: datetime
) -> None:
    zendesk.fails("GET", status=302, headers={"Location": f"{listener.url}/api/v2/users/me"})
    assert deliver(suggested(zendesk), line(zendesk), now) == GaveUp(
        "127.0.0.1 answers 302 Found to 127.0.0.1; set the url of target acme"
    )
    assert listener.asked == []


def test_an_answer_without_end_is_cut_off(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    zendesk.fails("GET", status=200, body=b" " * 5_000_001)
    outcome = deliver(suggested(zendesk), line(zendesk), now)
    assert isinstance(outcome, RetryAt)
    assert outcome.problem == "the answer is too large or too slow"


def test_a_problem_holds_no_personal_data_of_an_answer(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    body = b'{"error": "RecordInvalid", "description": "ann@customer.example is suspended"}'
    zendesk.fails("PUT", status=422, body=body)
    assert deliver(suggested(zendesk), line(zendesk), now) == GaveUp(
        "127.0.0.1 answers 422 Unprocessable Entity: RecordInvalid; [email] is suspended"
    )


def test_an_address_inside_our_own_network_is_refused_unless_it_is_meant(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    inside = {"url": "https://10.1.2.3"}
    outcome = deliver(suggested(zendesk), line(zendesk, **inside), now)
    assert outcome == GaveUp(
        "10.1.2.3 is a private address; if that is meant, give target acme private: true"
    )


def test_a_name_without_an_address_is_tried_again(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    outcome = deliver(suggested(zendesk), line(zendesk, url="https://desk.invalid"), now)
    assert isinstance(outcome, RetryAt)
    assert outcome.problem == "desk.invalid has no address"


def test_an_erased_message_is_not_sent(
    zendesk: Zendesk, line: Lines, suggested: Messages, now: datetime
) -> None:
    message = suggested(zendesk)
    erased = type(message)(**{**vars(message), "payload": {}})
    outcome = deliver(erased, line(zendesk), now)
    assert outcome == GaveUp("the message was erased with its ticket")
    assert zendesk.asked == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("99999999999999999999", 86_400),
        ("Mon, 06 Jul 2026 16:00:30 GMT", 30),
        ("Mon, 06 Jul 2026 16:00:30", 30),
        ("Mon, 06 Jul 2026 15:00:00 GMT", 0),
        ("Mon, 06 Jul 2046 15:00:00 GMT", 86_400),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(
    now: datetime, header: str, seconds: int
) -> None:
    assert asked_pause(header, now) == now + timedelta(seconds=seconds)


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "Mon, 99 Jul 2026 16:00 GMT"])
def test_what_is_no_retry_after_is_ignored(now: datetime, header: str | None) -> None:
    assert asked_pause(header, now) is None


def test_pauses_double_up_to_an_hour_and_differ_by_message() -> None:
    pauses = [pause("acme:s1", failures) for failures in range(30)]
    assert pauses == [pause("acme:s1", failures) for failures in range(30)]
    assert all(
        min(5 * 2**failures, 3_600) / 2 <= each.total_seconds() <= min(5 * 2**failures, 3_600)
        for failures, each in enumerate(pauses)
    )
    assert pause("acme:s2", 0) != pause("acme:s1", 0)
    assert datetime(2026, 7, 6, tzinfo=UTC) + sum(pauses, timedelta()) < datetime(
        2026, 7, 8, tzinfo=UTC
    )
