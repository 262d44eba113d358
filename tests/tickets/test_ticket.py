"""A raw record becomes a ticket, or says which field is wrong."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import Ticket, TicketFault, parse_ticket
from tickets.ticket import parse_instant


def parse(**fields: object) -> Ticket:
    return parse_ticket({"body": "calls drop", **fields}, default_id="7")


def fault_of(**fields: object) -> TicketFault:
    with pytest.raises(TicketFault) as caught:
        parse(**fields)
    return caught.value


def test_a_full_record_becomes_a_ticket() -> None:
    ticket = parse(
        id="T-1",
        subject="Calls",
        tier="Premium",
        channel="EMAIL",
        received_at="2026-07-10T09:05:00-07:00",
        environment="production",
    )
    assert ticket == Ticket(
        id="T-1",
        subject="Calls",
        body="calls drop",
        tier="premium",
        channel="email",
        received_at=datetime(2026, 7, 10, 9, 5, tzinfo=timezone(timedelta(hours=-7))),
        environment="production",
    )


def test_what_is_not_given_is_unknown_and_the_id_is_the_default() -> None:
    assert parse() == Ticket(id="7", body="calls drop")


def test_a_subject_alone_is_enough() -> None:
    assert parse(body="", subject="calls drop").subject == "calls drop"


@pytest.mark.parametrize("body", ["", "   \n", None, float("nan")])
def test_a_ticket_without_words_is_refused(body: object) -> None:
    fault = fault_of(body=body)
    assert (fault.field, fault.problem) == ("body", "subject and body are both empty")


def test_an_unknown_tier_names_the_nearest_known_one() -> None:
    fault = fault_of(tier="premum")
    assert fault.as_record() == {
        "field": "tier",
        "value": "premum",
        "problem": "unknown tier 'premum'",
        "remedy": 'did you mean "premium"?',
    }


def test_an_unknown_channel_lists_the_known_ones() -> None:
    assert fault_of(channel="pigeon").remedy == "use one of web, email, phone, chat, api"


def test_a_time_without_offset_is_refused_with_the_remedy() -> None:
    fault = fault_of(received_at="2026-07-10 09:05:00")
    assert fault.field == "received_at"
    assert "--timezone" in fault.remedy


def test_a_time_without_offset_is_read_in_the_zone_that_is_given() -> None:
    record = {"body": "x", "received_at": "2026-07-10 09:05:00"}
    ticket = parse_ticket(record, default_id="1", timezone=ZoneInfo("America/Los_Angeles"))
    assert ticket.received_at is not None
    assert ticket.received_at.astimezone(UTC) == datetime(2026, 7, 10, 16, 5, tzinfo=UTC)


def test_created_at_serves_where_received_at_is_missing() -> None:
    ticket = parse(created_at="2026-07-10T09:05:00Z", received_at="")
    assert ticket.received_at == datetime(2026, 7, 10, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1999-12-31T23:59:59Z", "2041-01-01T00:00:00Z"])
def test_dates_before_2000_and_after_2040_are_refused(text: str) -> None:
    assert "between 2000 and 2040" in fault_of(received_at=text).problem


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_dates_at_the_ends_of_the_calendar_are_refused_like_others(text: str) -> None:
    assert "between 2000 and 2040" in fault_of(received_at=text).problem


def test_a_nul_character_is_refused() -> None:
    assert fault_of(body="a\x00b").problem == "holds a NUL character"


def test_bytes_that_were_not_utf8_are_refused() -> None:
    broken = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert fault_of(body=broken).remedy == "save the file as UTF-8"


def test_a_whole_number_from_a_spreadsheet_stays_whole() -> None:
    assert parse(id=17.0).id == "17"


def test_a_long_wrong_value_is_not_repeated_in_full() -> None:
    fault = fault_of(tier="x" * 5_000)
    assert len(str(fault)) < 300


@given(st.datetimes(datetime(2000, 1, 2), datetime(2040, 12, 30), timezones=st.just(UTC)))
def test_an_instant_written_as_iso_8601_is_read_as_itself(instant: datetime) -> None:
    assert parse_instant(instant.isoformat(), field="received_at") == instant
