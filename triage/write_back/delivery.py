"""One message delivered: read what is there, write what is missing, say how it went."""

from __future__ import annotations

from datetime import datetime

from tickets.store import Message
from triage.write_back.jira import jira_plan
from triage.write_back.line import Line
from triage.write_back.outcome import (
    Collision,
    Delayed,
    GaveUp,
    Kept,
    Outcome,
    Refused,
    Sent,
)
from triage.write_back.plan import Plan
from triage.write_back.retry import later
from triage.write_back.webhook import webhook_plan
from triage.write_back.zendesk import zendesk_plan

MOST_COLLISIONS = 3


def deliver(message: Message, line: Line, now: datetime, *, dry_run: bool = False) -> Outcome:
    """Deliver a message once, or in a dry run only say what would be written.

    May be called again for the same message at any time: what has arrived is not written twice.
    """
    try:
        line.begin(now)
        return _carried_out(message, line, now, dry_run)
    except Refused as refused:
        return GaveUp(str(refused))
    except Delayed as delayed:
        return later(message, delayed, line.target.give_up_after, now)


def _carried_out(message: Message, line: Line, now: datetime, dry_run: bool) -> Outcome:
    for _ in range(MOST_COLLISIONS):
        plan = _plan(message, line, now)
        if isinstance(plan, Kept):
            return plan
        try:
            for step in plan.steps if not dry_run else ():
                step.carry_out(line)
            return Sent(plan.does)
        except Collision:
            continue  # with a fresh look: the change may have been a person's priority
    raise Delayed("someone else keeps changing the ticket")


def _plan(message: Message, line: Line, now: datetime) -> Plan | Kept:
    if not message.payload:
        raise Refused("the message was erased with its ticket")
    if message.kind != line.target.kind:
        raise Refused(f"target {line.target.name} is a {line.target.kind}, not a {message.kind}")
    if message.kind == "webhook":
        return webhook_plan(message, line, now)
    return zendesk_plan(message, line) if message.kind == "zendesk" else jira_plan(message, line)
