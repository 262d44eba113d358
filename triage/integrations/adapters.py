"""The adapters of all desks by name, and the one way in which a delivery is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tickets.faults import did_you_mean
from triage.integrations import (
    freshdesk,
    github,
    intercom,
    jira,
    mapped_json,
    servicenow,
    zammad,
    zendesk,
)
from triage.integrations.endpoints import Endpoint
from triage.integrations.fields import Headers, Payload
from triage.integrations.messages import ClockEvent, Ignored, Message, TicketChanged

Adapter = Callable[[Payload, Headers, Endpoint], Iterator[Message]]
"""Reads a payload with its headers; raises nothing for any JSON object."""

ADAPTERS: Mapping[str, Adapter] = {
    "zendesk": zendesk.read,
    "github": github.read,
    "jira": jira.read,
    "freshdesk": freshdesk.read,
    "servicenow": servicenow.read,
    "zammad": zammad.read,
    "intercom": intercom.read,
    "json": mapped_json.read,
}


def adapter(source: str) -> Adapter:
    """Return the adapter of a kind of desk; `KeyError` says which there are."""
    if source not in ADAPTERS:
        raise KeyError(f'no source "{source}" ({did_you_mean(source, ADAPTERS)})')
    return ADAPTERS[source]


def read_delivery(endpoint: Endpoint, headers: Headers, payload: Payload) -> tuple[Message, ...]:
    """Return what a delivery tells, at least one message; what we did ourselves is ignored.

    A ticket is never ignored, whoever made it: forms, too, write with the account of a machine.
    """
    return tuple(
        _unless_own(message, endpoint)
        for message in adapter(endpoint.source)(payload, headers, endpoint)
    )


def _unless_own(message: Message, endpoint: Endpoint) -> Message:
    if isinstance(message, ClockEvent | TicketChanged) and endpoint.is_own(message.author):
        return Ignored("our own doing", message.external_id)
    return message
