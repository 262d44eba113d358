"""The nouns of the house: what travels between the rooms. Imports no other folder."""

from tickets.assessment import (
    Action,
    Assessment,
    Change,
    Entitlement,
    Reason,
    Resource,
    Response,
    Suggestion,
    Versions,
)
from tickets.facts import Combination, Fact, FactReading, FactSchema, Reading, Span
from tickets.faults import Fault, InputFaults
from tickets.priority import PRIORITIES, Distribution, Priority
from tickets.ticket import Ticket, TicketFault, parse_ticket

__all__ = [
    "PRIORITIES",
    "Action",
    "Assessment",
    "Change",
    "Combination",
    "Distribution",
    "Entitlement",
    "Fact",
    "FactReading",
    "FactSchema",
    "Fault",
    "InputFaults",
    "Priority",
    "Reading",
    "Reason",
    "Resource",
    "Response",
    "Span",
    "Suggestion",
    "Ticket",
    "TicketFault",
    "Versions",
    "parse_ticket",
]
