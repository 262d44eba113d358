"""Where tickets, suggestions, decisions and all else are kept: SQLite or PostgreSQL."""

from tickets.store.claims import Claim
from tickets.store.clock_events import ClockEvent, EventKind
from tickets.store.database import NotFound, StoreUnavailable
from tickets.store.deadlines import DeadlineCounts, DueTicket, ReplyCounts
from tickets.store.decision import Decision, DecisionKind, DecisionRow
from tickets.store.decisions import AlreadyDecided, Conflict
from tickets.store.figures import Statistics
from tickets.store.idempotency import InProgress, Mismatch, Replay
from tickets.store.inbox import Delivery, DeliveryState
from tickets.store.judgements import Judgement
from tickets.store.keys import Key
from tickets.store.migration import NEWEST
from tickets.store.outbox import Message, MessageState, Outgoing
from tickets.store.place import QueueState
from tickets.store.review_queue import Order, QueueItem, QueuePage, QueueQuery
from tickets.store.sessions import Session
from tickets.store.shadow import ShadowPair
from tickets.store.similarity import SimilarTicket
from tickets.store.store import Store, open_store, schema_of
from tickets.store.suggestion import SuggestionRow
from tickets.store.tickets import LONGEST_ID, Arrival, StoredTicket, TicketState
from tickets.store.users import Role, User

__all__ = [
    "LONGEST_ID",
    "NEWEST",
    "AlreadyDecided",
    "Arrival",
    "Claim",
    "ClockEvent",
    "Conflict",
    "DeadlineCounts",
    "Decision",
    "DecisionKind",
    "DecisionRow",
    "Delivery",
    "DeliveryState",
    "DueTicket",
    "EventKind",
    "InProgress",
    "Judgement",
    "Key",
    "Message",
    "MessageState",
    "Mismatch",
    "NotFound",
    "Order",
    "Outgoing",
    "QueueItem",
    "QueuePage",
    "QueueQuery",
    "QueueState",
    "Replay",
    "ReplyCounts",
    "Role",
    "Session",
    "ShadowPair",
    "SimilarTicket",
    "Statistics",
    "Store",
    "StoreUnavailable",
    "StoredTicket",
    "SuggestionRow",
    "TicketState",
    "User",
    "open_store",
    "schema_of",
]
