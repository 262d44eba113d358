"""A message to a program, signed by Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from tickets.store import Message
from triage.write_back.line import Line
from triage.write_back.plan import Plan, Step


def webhook_plan(message: Message, line: Line, now: datetime) -> Plan:
    """Return the one delivery; its id is the same in every attempt, so that none counts twice."""
    body = json.dumps(message.payload, ensure_ascii=False)
    at = now.astimezone(UTC)  # the library takes the wall clock of whatever zone for UTC
    headers = {
        "webhook-id": message.idempotency_key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(line.target.token).sign(message.idempotency_key, at, body),
    }
    does = f"deliver {message.payload['type']}"
    return Plan((Step(does, "POST", "", body.encode(), headers),))
