"""The identity of a delivery, by which the same one is known when a desk sends it again."""

from __future__ import annotations

import hashlib

from triage.integrations.fields import Headers, Payload, header, text

LONGEST = 200
"""Characters of an id that is taken as it is."""

_HEADERS = {
    # X-Zendesk-Webhook-Id names the webhook, not the delivery; the invocation is one delivery.
    "zendesk": "X-Zendesk-Webhook-Invocation-Id",
    "github": "X-GitHub-Delivery",
    "jira": "X-Atlassian-Webhook-Identifier",  # stays the same over retries
    "zammad": "X-Zammad-Delivery",
    "json": "Idempotency-Key",
}
_FIELDS = {
    "zendesk": ("type", "id"),  # of event webhooks; what a trigger sends has no type
    "servicenow": ("sys_id", "sys_mod_count"),
    "intercom": ("id",),
}


def delivery_id(source: str, headers: Headers, payload: Payload, body: bytes) -> str:
    """Return the desk's own id of a delivery; where it sends none, a digest of the body."""
    found = _from_fields(source, payload) or _from_header(source, headers)
    if found is not None and len(found) <= LONGEST:
        return found
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _from_fields(source: str, payload: Payload) -> str | None:
    values = [text(payload.get(name)) for name in _FIELDS.get(source, ())]
    found = [value for value in values if value is not None]
    return ":".join(found) if found and len(found) == len(values) else None


def _from_header(source: str, headers: Headers) -> str | None:
    return text(header(headers, _HEADERS[source])) if source in _HEADERS else None
