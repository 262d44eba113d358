"""What leaves the house: results written back to help desks, and webhooks to programs."""

from triage.write_back.delivery import deliver
from triage.write_back.line import Line, open_client
from triage.write_back.outcome import GaveUp, Kept, Outcome, Postponed, RetryAt, Sent
from triage.write_back.outgoing import of_decision, of_suggestion, of_undo
from triage.write_back.targets import Target, Targets, load_targets
from triage.write_back.worker import OutboxWorker

__all__ = [
    "GaveUp",
    "Kept",
    "Line",
    "OutboxWorker",
    "Outcome",
    "Postponed",
    "RetryAt",
    "Sent",
    "Target",
    "Targets",
    "deliver",
    "load_targets",
    "of_decision",
    "of_suggestion",
    "of_undo",
    "open_client",
]
