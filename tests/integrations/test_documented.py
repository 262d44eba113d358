"""Every source is documented, and what the documentation says to paste is what we read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from triage.integrations import (
    ADAPTERS,
    ClockEvent,
    Endpoint,
    TicketArrived,
    adapter,
    load_customers,
    load_endpoints,
    read_delivery,
)
from triage.integrations.desk_words import SHIPPED, words_of
from triage.integrations.endpoints import AUTHENTICATION
from triage.integrations.zammad import TRIGGERS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "integrations.md"
TEXT = DOCS.read_text("utf-8")
SCHEMAS = Path(ADAPTERS["json"].__code__.co_filename).parent
HEADINGS = {"servicenow": "ServiceNow", "json": "Anything else: JSON", "github": "GitHub"}

Make = Callable[..., Endpoint]


def block(kind: str) -> str:
    """Return the fenced block of the documentation with an info string."""
    found = re.search(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert found, kind
    return found[1]


def filled(template: str, values: dict[str, str]) -> dict[str, Any]:
    """Return a template with its placeholders replaced, as the desk does; others become empty."""
    text = re.sub(r"\{\{(.*?)\}\}", lambda found: values.get(found[1], ""), template)
    payload: dict[str, Any] = json.loads(text, strict=False)
    return payload


@pytest.mark.parametrize("source", ADAPTERS)
def test_every_source_is_known_everywhere(source: str) -> None:
    heading = HEADINGS.get(source, source.capitalize())
    assert re.search(rf"^## {heading}", TEXT, re.MULTILINE)
    assert f"\n| {source} | " in TEXT
    assert adapter(source) is ADAPTERS[source]
    assert AUTHENTICATION[source]
    assert words_of(source).priorities
    assert any((Path(__file__).parent / "fixtures" / source).glob("*.json"))


def test_no_list_of_sources_has_another_one() -> None:
    schema = json.loads((SCHEMAS / "endpoints.schema.json").read_text("utf-8"))
    entry = schema["properties"]["endpoints"]["items"]["properties"]
    assert entry["source"]["enum"] == list(ADAPTERS) == list(AUTHENTICATION)
    assert set(yaml.safe_load(SHIPPED.read_text("utf-8"))) == set(ADAPTERS)


def test_an_unknown_source_names_the_nearest() -> None:
    with pytest.raises(KeyError, match='did you mean "zendesk"'):
        adapter("zendesc")


def test_every_key_of_an_endpoint_is_documented() -> None:
    schema = json.loads((SCHEMAS / "endpoints.schema.json").read_text("utf-8"))
    keys = set(schema["properties"]["endpoints"]["items"]["properties"])
    assert [key for key in keys - {"name", "source"} if f"`{key}`" not in TEXT] == []


def test_every_field_and_event_of_a_mapping_is_documented() -> None:
    schema = json.loads((SCHEMAS / "field_mapping.schema.json").read_text("utf-8"))
    events = schema["properties"]["events"]["additionalProperties"]["enum"]
    fields = list(schema["properties"]["fields"]["properties"])
    section = TEXT[TEXT.index("## Anything else") :]
    assert [
        word for word in [*events, *fields] if not re.search(rf"[` \n]{word}[` \n]", section)
    ] == []


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_of_zammad_is_documented(trigger: str) -> None:
    assert f"\n| `{trigger}` | " in TEXT


def test_the_endpoints_file_of_the_documentation_loads(tmp_path: Path) -> None:
    (tmp_path / "endpoints.yaml").write_text(block("yaml"), "utf-8")
    (tmp_path / "facilities.yaml").write_text(block("yaml mapping"), "utf-8")
    (tmp_path / "servicenow.secret").write_text("x" * 20)
    variables = {"ZENDESK_WEBHOOK_SECRET": "x" * 20, "FACILITIES_TOKEN": "x" * 20}
    endpoints = load_endpoints(tmp_path / "endpoints.yaml", variables)
    assert list(endpoints) == ["support", "it", "facilities"]


def test_the_customer_file_of_the_documentation_loads(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(block("csv customers"), "utf-8")
    customers = load_customers(tmp_path / "customers.csv")
    assert customers.tier_of(None, "rui@mail.acme.example") == "premium"
    assert customers.tier_of("Somebody", None) == "standard"


ZENDESK = {
    "ticket.updated_at_with_timestamp": "2026-07-10T16:20:00Z",
    "current_user.id": "7",
    "ticket.id": "48213",
    "ticket.title": "No audio",
    "ticket.description": "Nobody hears\nanything.",
    "ticket.created_at_with_timestamp": "2026-07-10T16:05Z",
    "ticket.via": "Mail",
    "ticket.status": "Pending",
    "ticket.organization.name": "Acme Telecom",
    "ticket.latest_comment.is_public": "true",
    "ticket.latest_comment.author.id": "7",
    "ticket.requester.id": "8",
    "ticket.requester.email": "rui@acme.example",
}


def test_the_zendesk_template_makes_a_whole_ticket(endpoint: Make) -> None:
    payload = filled(block("json zendesk-trigger"), ZENDESK)
    (message,) = read_delivery(endpoint("zendesk"), {}, payload)
    assert isinstance(message, TicketArrived)
    assert message.record["body"] == "Nobody hears\nanything."
    assert (message.organization, message.requester) == ("Acme Telecom", "rui@acme.example")
    assert (message.record["channel"], message.missing) == ("email", ())


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("commented", "replied"),
        ("status", "waiting"),
        ("reopened", "reopened"),
        ("priority", "priority_changed"),
    ],
)
def test_the_zendesk_template_tells_events(event: str, kind: str, endpoint: Make) -> None:
    assert f"`{event}`" in TEXT
    payload = {**filled(block("json zendesk-trigger"), ZENDESK), "event": event}
    message, *_ = read_delivery(endpoint("zendesk"), {}, payload)
    assert isinstance(message, ClockEvent)
    assert (message.kind, message.author) == (kind, ("7",))


FRESHDESK = {
    "ticket.id": "3107",
    "ticket.subject": "Callback button missing",
    "ticket.description_text": "It is gone.",
    "ticket.source": "Phone",
    "ticket.company.name": "Hanover Travel",
    "ticket.requester.email": "o.mensah@hanover.example",
    "triggered_event": "{status:{from:2,to:3}}",
}


def test_the_freshdesk_template_makes_a_whole_ticket(endpoint: Make) -> None:
    payload = filled(block("json freshdesk"), FRESHDESK)
    (message,) = read_delivery(endpoint("freshdesk"), {}, payload)
    assert isinstance(message, TicketArrived)
    assert message.record["body"] == "It is gone."
    assert (message.organization, message.record["channel"]) == ("Hanover Travel", "phone")
    assert message.missing == ()


@pytest.mark.parametrize(
    ("event", "kind"),
    [("agent_replied", "replied"), ("customer_replied", "resumed"), ("changed", "waiting")],
)
def test_the_freshdesk_template_tells_events(event: str, kind: str, endpoint: Make) -> None:
    assert f"| `{event}` |" in TEXT
    payload = filled(block("json freshdesk"), FRESHDESK)
    payload["freshdesk_webhook"]["event"] = event
    (message,) = read_delivery(endpoint("freshdesk"), {}, payload)
    assert isinstance(message, ClockEvent)
    assert message.kind == kind


def test_the_business_rule_sends_what_the_fixtures_hold() -> None:
    script = block("javascript servicenow")
    fixture = json.loads(
        (Path(__file__).parent / "fixtures" / "servicenow" / "created.json").read_text("utf-8")
    )
    sent = set(re.findall(r"^ {8}(\w+): ", script, re.MULTILINE))
    listed = re.search(r"\[('sys_id'.*?)\]\.forEach", script, re.DOTALL)
    assert listed
    sent |= set(re.findall(r"'(\w+)'", listed[1]))
    assert set(fixture) - sent == {"assignment_group"}
    assert sent - set(fixture) == set()
