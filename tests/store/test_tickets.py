"""Tickets: each kept once, however often and in whatever order its deliveries come."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tickets import InputFaults, Ticket
from tickets.store import Arrival, Store, TicketState
from tickets.ticket import CHANNELS, TIERS

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TICKET = Ticket(
    id="17",
    subject="Phones down",
    body="Nobody can take calls.",
    tier="premium",
    channel="email",
    received_at=NOW,
    environment="production",
)
ARRIVAL = Arrival(
    source="zendesk",
    external_id="17",
    endpoint="main",
    delivery_id="d1",
    incomplete=("tier",),
    requester="ann@example.com",
    organization="Acme",
    url="https://acme.example/17",
    product_area="voice",
    language="en",
    extra={"tags": ["urgent"], "form": {"id": 4}},
    changed_at=NOW,
)


def test_a_ticket_is_read_as_it_was_stored(store: Store) -> None:
    stored = store.tickets.receive(TICKET, ARRIVAL, LATER)
    assert stored.ticket == TICKET
    assert stored.arrival == ARRIVAL
    assert (stored.state, stored.version, stored.is_assessed) == (TicketState.OPEN, 0, False)
    assert (stored.received_at, stored.stored_at) == (NOW, LATER)
    assert store.tickets.load(stored.key) == stored
    assert store.tickets.find("zendesk", "17") == stored


def test_without_a_receipt_time_a_ticket_was_received_when_it_came(store: Store) -> None:
    ticket = replace(TICKET, received_at=None)
    assert store.tickets.receive(ticket, ARRIVAL, LATER).received_at == LATER
    later = replace(ARRIVAL, delivery_id="d2", changed_at=LATER)
    again = store.tickets.receive(ticket, later, LATER + timedelta(hours=1))
    assert again.received_at == LATER


@pytest.mark.parametrize("key", ["1", "99999999999999999999", "-1", "x", "", "1; --", "١"])
def test_a_key_of_no_ticket_finds_none(store: Store, key: str) -> None:
    assert store.tickets.load(key) is None


def test_the_same_delivery_twice_changes_nothing(store: Store) -> None:
    stored = store.tickets.receive(TICKET, ARRIVAL, NOW)
    assert store.tickets.receive(TICKET, ARRIVAL, LATER) == stored


def test_a_later_text_takes_the_place_and_asks_for_an_assessment(
    store: Store, record: Callable[..., dict[str, object]]
) -> None:
    stored = store.tickets.receive(TICKET, ARRIVAL, NOW)
    store.suggestions.record(stored.key, record(), NOW)
    assessed = store.tickets.load(stored.key)
    assert assessed is not None
    assert assessed.is_assessed

    longer = replace(TICKET, body="Nobody can take calls. It is all of us.")
    changed = replace(ARRIVAL, delivery_id="d2", changed_at=LATER)
    renewed = store.tickets.receive(longer, changed, LATER)
    assert (renewed.key, renewed.ticket) == (stored.key, longer)
    assert (renewed.text_version, renewed.is_assessed) == (2, False)
    assert renewed.stored_at == NOW


def test_news_beside_the_text_asks_for_no_assessment(
    store: Store, record: Callable[..., dict[str, object]]
) -> None:
    stored = store.tickets.receive(TICKET, ARRIVAL, NOW)
    store.suggestions.record(stored.key, record(), NOW)
    moved = replace(ARRIVAL, delivery_id="d2", organization="Acme Ltd", changed_at=LATER)
    renewed = store.tickets.receive(TICKET, moved, LATER)
    assert renewed.arrival.organization == "Acme Ltd"
    assert renewed.is_assessed


def test_an_older_text_never_overwrites_a_newer_one(store: Store) -> None:
    newer = replace(ARRIVAL, delivery_id="d2", changed_at=LATER)
    stored = store.tickets.receive(replace(TICKET, body="new"), newer, LATER)
    late = store.tickets.receive(replace(TICKET, body="old"), ARRIVAL, LATER + timedelta(hours=1))
    assert late == stored


def test_sources_have_ids_of_their_own(store: Store) -> None:
    one = store.tickets.receive(TICKET, ARRIVAL, NOW)
    other = store.tickets.receive(TICKET, replace(ARRIVAL, source="jira"), NOW)
    assert one.key != other.key


def test_a_ticket_without_an_id_is_never_the_same(store: Store) -> None:
    nameless = replace(ARRIVAL, external_id=None)
    keys = {store.tickets.receive(TICKET, nameless, NOW).key for _ in range(3)}
    assert len(keys) == 3


def test_an_endless_id_is_refused(store: Store) -> None:
    with pytest.raises(InputFaults, match="longer than 255 characters"):
        store.tickets.receive(TICKET, replace(ARRIVAL, external_id="x" * 256), NOW)


def test_at_the_same_time_only_one_ticket_is_made(store: Store) -> None:
    def receive(turn: int) -> str:
        arrival = replace(ARRIVAL, delivery_id=f"d{turn}", changed_at=NOW + timedelta(seconds=turn))
        return store.tickets.receive(replace(TICKET, body=f"text {turn}"), arrival, NOW).key

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(receive, range(24)))
    assert len(keys) == 1
    stored = store.tickets.load(keys.pop())
    assert stored is not None
    assert stored.ticket.body == "text 23"


def test_many_are_kept_at_once_or_none_of_them(store: Store) -> None:
    arrivals = [(TICKET, replace(ARRIVAL, external_id=str(number))) for number in range(3)]
    too_long = (TICKET, replace(ARRIVAL, external_id="x" * 256))
    with pytest.raises(InputFaults):
        store.tickets.receive_many([*arrivals, too_long], NOW)
    assert list(store.tickets.stored_since(NOW)) == []
    kept = store.tickets.receive_many(arrivals, NOW)
    assert list(store.tickets.stored_since(NOW)) == kept


def test_an_export_goes_through_all_pages_once(store: Store) -> None:
    for part in range(2):
        store.tickets.receive_many(
            [(TICKET, replace(ARRIVAL, external_id=f"{part}-{n}")) for n in range(300)],
            NOW + timedelta(minutes=part),
        )
    ids = [each.arrival.external_id for each in store.tickets.stored_since(NOW)]
    assert (len(ids), len(set(ids))) == (600, 600)
    assert len(list(store.tickets.stored_since(NOW + timedelta(minutes=1)))) == 300


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
INSTANTS = st.datetimes(datetime(2000, 1, 2), datetime(2040, 12, 30), timezones=st.timezones())
PARSED = st.builds(
    Ticket,
    id=TEXTS.filter(bool),
    subject=TEXTS,
    body=TEXTS,
    tier=st.none() | st.sampled_from(TIERS),
    channel=st.none() | st.sampled_from(CHANNELS),
    received_at=st.none() | INSTANTS,
    environment=st.none() | TEXTS.filter(bool),
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ticket=PARSED, extra=st.dictionaries(st.text(), PLAIN, max_size=3))
def test_whatever_is_stored_is_read_again(
    store: Store, ticket: Ticket, extra: dict[str, object]
) -> None:
    arrival = Arrival(source="api", external_id=str(uuid.uuid4()), extra=extra)
    stored = store.tickets.receive(ticket, arrival, NOW)
    loaded = store.tickets.load(stored.key)
    assert loaded is not None
    at = ticket.received_at
    # Python calls instants of an hour that a zone has twice unequal to those of any other zone.
    assert loaded.ticket == replace(ticket, received_at=at and at.astimezone(UTC))
    assert loaded.arrival.extra == extra
    assert store.tickets.receive(ticket, arrival, NOW) == loaded


@pytest.mark.parametrize("name", ["\ud800", "a\x00b"])
def test_what_no_database_keeps_is_replaced(store: Store, name: str) -> None:
    arrival = Arrival(source="api", external_id=name, requester=name)
    stored = store.tickets.receive(TICKET, arrival, NOW)
    assert stored.arrival.requester == name.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert store.tickets.find("api", name) == stored
    assert store.tickets.receive(TICKET, arrival, NOW).key == stored.key
