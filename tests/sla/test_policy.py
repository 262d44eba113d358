"""What the shipped policy says, against its source, and what it answers beside deadlines."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import pytest

from sla import OutsideHorizon, Policy, load_policy
from sla.policy_file import SHIPPED
from tickets import Entitlement, Priority
from tickets.document import read_document

SOURCE = Path(__file__).with_name("support_policy.txt").read_text("utf-8")


def _words(text: str) -> str:
    return " ".join(text.replace("|", " ").split())


def test_every_entry_quotes_words_of_the_source() -> None:
    document = read_document(SHIPPED, {})
    quotes = [line for path, line in _sources(document.values)]
    assert len(quotes) == 18
    missing = [quote for quote in quotes if _words(quote) not in _words(SOURCE)]
    assert missing == []


def _sources(values: object, path: str = "") -> list[tuple[str, str]]:
    if not isinstance(values, dict):
        return []
    found = [(path, values["source"])] if "source" in values else []
    return found + [
        each for key, value in values.items() for each in _sources(value, f"{path}/{key}")
    ]


def test_the_table_has_the_rows_of_the_source_in_their_order(policy: Policy) -> None:
    rows = {row.label: tuple(row.cells.values()) for row in policy.benefits.rows}
    assert list(rows.items()) == [
        ("Online Support Center", ("✓", "✓")),
        ("Knowledgebase", ("✓", "✓")),
        ("Phone Support", ("✗", "✓")),
        ("Chat Support", ("✗", "✓")),
        (
            "Hours of Availability",
            ("Mon–Fri 09:00–18:00, excluding holidays", "24/7, excluding holidays"),
        ),
        ("Trust Site", ("✓", "✓")),
        ("Uptime SLA", ("99.95 %", "99.95 %")),
        ("Named Customer Success Manager", ("✗", "✓")),
        ("Priority 0 Response SLA", ("30 minutes", "15 minutes")),
        ("Priority 1 Response SLA", ("1 business hour", "30 business minutes")),
        ("Priority 2 Response SLA", ("4 business hours", "2 business hours")),
        ("Priority 3 Response SLA", ("next business day", "4 business hours")),
        ("Priority 4 Response SLA", ("2 business days", "next business day")),
    ]


def test_every_address_of_the_source_is_a_resource(policy: Policy) -> None:
    addresses = re.findall(r"https://\S+", SOURCE)
    assert [entry.resource.url for entry in policy.helps] == addresses


def test_the_response_carries_all_that_stands_beside_a_deadline(policy: Policy) -> None:
    received_at = datetime.fromisoformat("2026-07-02T18:00:00-07:00")
    response = policy.response("standard", Priority.P0, received_at)
    assert response.due_at.isoformat() == "2026-07-02T18:30:00-07:00"
    assert response.target == "30 minutes"
    assert response.clock == "calendar"
    assert response.staffed_due_at is not None
    assert response.staffed_due_at.isoformat() == "2026-07-06T09:30:00-07:00"
    assert response.outside_availability
    assert {str(each): due.isoformat() for each, due in response.if_priority.items()} == {
        "P0": "2026-07-02T18:30:00-07:00",
        "P1": "2026-07-06T10:00:00-07:00",
        "P2": "2026-07-06T13:00:00-07:00",
        "P3": "2026-07-06T18:00:00-07:00",
        "P4": "2026-07-07T18:00:00-07:00",
    }


@pytest.mark.parametrize(
    ("tier", "received_at", "outside"),
    [
        ("standard", "2026-07-02T09:00:00-07:00", False),
        ("standard", "2026-07-02T17:59:59-07:00", False),
        ("standard", "2026-07-02T18:00:00-07:00", True),
        ("premium", "2026-07-03T03:00:00-07:00", False),
        ("premium", "2026-07-04T03:00:00-07:00", True),
    ],
)
def test_outside_availability_goes_by_the_hours_of_the_tier(
    policy: Policy, tier: str, received_at: str, outside: bool
) -> None:
    response = policy.response(tier, "P2", datetime.fromisoformat(received_at))
    assert response.outside_availability is outside
    assert response.staffed_due_at is None


def test_priorities_may_be_written_as_names_or_members(policy: Policy) -> None:
    at = datetime.fromisoformat("2026-07-02T09:00:00-07:00")
    dues = {
        policy.respond_by(tier="premium", priority=priority, received_at=at)
        for priority in ("P2", "p2", Priority.P2)
    }
    assert len(dues) == 1


def test_an_unknown_tier_or_priority_is_named_with_the_remedy(policy: Policy) -> None:
    at = datetime.fromisoformat("2026-07-02T09:00:00-07:00")
    with pytest.raises(ValueError, match=r"unknown tier 'premum' \(did you mean \"premium\"\?\)"):
        policy.respond_by(tier="premum", priority="P1", received_at=at)
    with pytest.raises(ValueError, match="'P5' is not one of P0, P1, P2, P3, P4"):
        policy.respond_by(tier="premium", priority="P5", received_at=at)


@pytest.mark.parametrize("channel", ["phone", "chat"])
def test_a_standard_ticket_by_phone_or_chat_is_flagged_with_the_clause(
    policy: Policy, channel: str
) -> None:
    label = f"{channel.title()} Support"
    note = f'{label} is not part of Standard Support (policy: "{label} | 𐄂 | ✓")'
    assert policy.entitlement("standard", channel) == Entitlement(False, note)
    assert policy.entitlement("premium", channel) == Entitlement(True)


@pytest.mark.parametrize("channel", ["web", "email", "api"])
def test_the_support_center_is_part_of_both_tiers(policy: Policy, channel: str) -> None:
    assert policy.entitlement("standard", channel) == Entitlement(True)
    assert policy.entitlement("premium", channel) == Entitlement(True)


def test_nothing_is_said_of_an_unknown_tier_or_channel(policy: Policy) -> None:
    assert policy.entitlement(None, "phone") == Entitlement(None)
    assert policy.entitlement("standard", None) == Entitlement(None)


def test_a_question_is_pointed_to_the_support_center(policy: Policy) -> None:
    resource = policy.resource_for(Priority.P4, {"request": "question", "condition": "none"})
    assert resource is not None
    assert resource.url == "https://support.ujet.co/hc/en-us"


@pytest.mark.parametrize(
    ("priority", "facts"),
    [("P0", {"request": "fault"}), ("P1", {"request": "fault", "condition": "down"})],
)
def test_an_outage_is_pointed_to_the_status_page(
    policy: Policy, priority: str, facts: dict[str, str]
) -> None:
    resource = policy.resource_for(priority, facts)
    assert resource is not None
    assert resource.url == "https://status.ujet.co/"


def test_an_ordinary_fault_is_pointed_nowhere(policy: Policy) -> None:
    assert policy.resource_for("P3", {"request": "fault", "condition": "degraded"}) is None


def test_a_policy_answers_alike_after_pickling(policy: Policy) -> None:
    at = datetime.fromisoformat("2026-07-02T09:00:00-07:00")
    _ = policy.bulk
    copy = pickle.loads(pickle.dumps(policy))
    assert copy.response("standard", "P0", at) == policy.response("standard", "P0", at)
    assert copy.version == policy.version
    assert "bulk" not in vars(copy)


def test_the_version_changes_with_what_is_said_and_not_with_comments(
    policy: Policy, edited: Callable[..., Path]
) -> None:
    commented = load_policy(edited(("at_risk_share: 0.75", "at_risk_share: 0.75 # three quarters")))
    changed = load_policy(edited(("at_risk_share: 0.75", "at_risk_share: 0.8")))
    assert commented.version == policy.version
    assert changed.version != policy.version


def test_an_added_holiday_gives_the_version_of_a_file_that_lists_it(
    policy: Policy, edited: Callable[..., Path]
) -> None:
    listed = load_policy(edited(("added: []", "added: [{ date: 2026-11-27, name: Bridge day }]")))
    added = load_policy(added_holidays={date(2026, 11, 27): "unplanned holiday"})
    assert listed.version == added.version != policy.version


def test_a_policy_answers_only_for_the_time_it_is_in_force(edited: Callable[..., Path]) -> None:
    policy = load_policy(
        edited(("from: 2000-01-01", "from: 2026-07-01"), ("until: null", "until: 2026-07-31"))
    )
    inside = ("2026-07-01T00:00:00-07:00", "2026-07-31T23:59:59-07:00")
    for text in inside:
        policy.respond_by(tier="premium", priority="P0", received_at=datetime.fromisoformat(text))
    for text in ("2026-06-30T23:59:59-07:00", "2026-08-01T00:00:00-07:00"):
        with pytest.raises(OutsideHorizon, match="covers 2026-07-01 to 2026-07-31"):
            policy.receipt(datetime.fromisoformat(text))


def test_nothing_of_the_shipped_policy_is_warned_of(policy: Policy) -> None:
    assert policy.warnings == ()


def test_the_schema_for_editors_accepts_the_shipped_policy() -> None:
    schema = json.loads(SHIPPED.with_name("policy.schema.json").read_text("utf-8"))
    assert read_document(SHIPPED, schema).faults == ()


def test_entitlements_are_plain_nouns(policy: Policy) -> None:
    assert asdict(policy.entitlement("premium", "web")) == {
        "channel_included": True,
        "note": None,
    }
