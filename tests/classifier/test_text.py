"""Only what the customer says now is read, and every character knows where it stood."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.text import LONGEST_FIELD, CleanText, clean


def said(body: str, subject: str = "") -> list[str]:
    return [line for line in clean(subject, body).text.splitlines() if line.strip()]


def words_at(body: str, text: CleanText, phrase: str) -> list[str]:
    start = text.text.index(phrase)
    return [body[span.start : span.end] for span in text.spans(start, start + len(phrase))]


def test_plain_text_is_kept_as_it_is() -> None:
    assert said("Calls drop.\nSince nine.", "Help") == ["Help", "Calls drop.", "Since nine."]


def test_reply_and_forward_marks_are_cut_from_the_subject() -> None:
    assert said("no audio at all today", "RE: Fwd: audio") == ["audio", "no audio at all today"]


def test_greeting_and_signature_are_not_read() -> None:
    body = "Hi team,\nThe export is empty since Monday.\n\nBest regards,\nMara Lindt\nHead of Emergencies"
    assert said(body) == ["The export is empty since Monday."]


def test_an_afterthought_below_the_signature_is_read() -> None:
    body = "The export is empty today.\nThanks\nMara\nPS: chat is down too"
    assert said(body) == ["The export is empty today.", "PS: chat is down too"]


def test_an_earlier_mail_below_a_reply_is_not_read() -> None:
    body = "All fine now, thank you all.\nOn Mon, 3 May 2026, Support wrote:\n> Is everything down?"
    assert said(body) == ["All fine now, thank you all."]


def test_a_forwarded_mail_is_read_without_its_headers() -> None:
    body = "FYI\n---------- Forwarded message ---------\nFrom: Ann <ann@example.com>\nNo calls come in."
    assert said(body) == ["FYI", "No calls come in."]


def test_quoted_words_are_read_when_there_are_no_others() -> None:
    assert said("> The phones are dead.") == ["> The phones are dead."]


def test_log_lines_are_not_read() -> None:
    body = (
        "Export fails every time we try.\n"
        "2026-05-03 10:00:01 FATAL everything is dead\n"
        "    at com.example.Phone.dial(Phone.java:12)\n"
        "SIP/2.0 503 Service Unavailable"
    )
    assert said(body) == ["Export fails every time we try."]


def test_markup_is_not_read_and_offsets_still_hold() -> None:
    body = "<p>Calls &amp; chats <b>drop</b> daily.</p><style>p {down: 1}</style>"
    text = clean("", body)
    assert "down" not in text.text
    assert words_at(body, text, "drop") == ["drop"]
    assert "&" in text.text


def test_a_smaller_than_sign_is_no_markup() -> None:
    assert said("latency < 200 ms and > 20 ms jitter") == ["latency < 200 ms and > 20 ms jitter"]


def test_a_phrase_over_two_lines_has_a_span_in_each() -> None:
    body = "The phone line\r\n\r\nis dead today"
    text = clean("", body)
    start = text.text.index("line")
    spans = text.spans(start, text.text.index("dead"))
    assert [body[span.start : span.end] for span in spans] == ["line", "is "]


def test_line_ends_of_windows_read_like_others() -> None:
    body = (
        "Export is empty today.\nRegards,\nMara\nHead\nDesk\nFloor 3\nLondon\nAll systems down ext"
    )
    assert clean("", body).text == clean("", body.replace("\n", "\r\n")).text


@pytest.mark.parametrize("piece", ["<!--", "<style>", "<a ", "&#", "< "])
def test_markup_that_never_ends_is_read_in_no_time(piece: str) -> None:
    """Quadratic patterns took ten seconds and more for such a mail."""
    started = time.process_time()
    clean("", "<p>" + piece * (100_000 // len(piece)))
    assert time.process_time() - started < 3


def test_a_text_of_millions_of_characters_is_read_to_a_limit() -> None:
    assert len(clean("", "x" * 5_000_000).text) <= LONGEST_FIELD + 1


@given(st.text(max_size=300), st.text(max_size=60))
def test_every_character_kept_is_found_where_it_stood(body: str, subject: str) -> None:
    for piece in clean(subject, body).pieces:
        source = subject if piece.field == "subject" else body
        stood = source[piece.origin : piece.origin + len(piece.text)]
        assert stood == piece.text or len(piece.text) == 1  # an entity or a tag gives one character


@given(st.text(max_size=300))
def test_cleaning_never_fails_and_spans_lie_inside_the_text(body: str) -> None:
    text = clean("", body)
    for span in text.spans(0, len(text.text)):
        assert 0 <= span.start < span.end <= len(body)
