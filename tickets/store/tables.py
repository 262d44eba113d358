"""The tables and their indexes, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from tickets.store.columns import Instant, Number, Plain, Record

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

tickets = Table(
    "tickets",
    metadata,
    Column("key", Number, Identity(), primary_key=True),
    Column("source", Plain, nullable=False),
    Column("external_id", Plain),
    Column("endpoint", Plain),
    Column("delivery_id", Plain),
    Column("incomplete", Record, nullable=False),
    Column("requester", Plain),
    Column("organization", Plain),
    Column("url", Plain),
    Column("product_area", Plain),
    Column("language", Plain),
    Column("extra", Record, nullable=False),
    Column("ticket_id", Plain, nullable=False),
    Column("subject", Plain, nullable=False),
    Column("body", Plain, nullable=False),
    Column("tier", Plain),
    Column("channel", Plain),
    Column("ticket_received_at", Instant),
    Column("environment", Plain),
    Column("state", Plain, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text_version", Integer, nullable=False),
    Column("is_assessed", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("replied_at", Instant),
    Column("erased_at", Instant),
    Column("suggestion_id", Plain),
    Column("standing_decision_id", Plain),
    UniqueConstraint("source", "external_id"),
    Index("ix_tickets_stored_at", "stored_at", "key"),
)

FILTERED = ("priority", "tier", "action", "product_area", "source", "is_blind", "ticket_key")
"""What the queue filters by: in the index of each order, so that a walk along it reads no rows."""

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("ticket_key", Number, ForeignKey("tickets.key"), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("record", Record, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("action", Plain, nullable=False),
    Column("due_at", Instant),
    Column("plausible_due_at", Instant),
    Column("model_version", Plain, nullable=False),
    Column("rules_version", Plain, nullable=False),
    Column("policy_version", Plain, nullable=False),
    Column("language", Plain),
    Column("is_blind", Boolean, nullable=False),
    # Below: where the suggestion stands in the queue; derived, and kept beside it for the indexes.
    Column("state", Plain, nullable=False),
    Column("due_key", Instant, nullable=False),
    Column("urgent_key", Instant, nullable=False),
    Column("sure_key", Float, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("tier", Plain),
    Column("product_area", Plain),
    Column("source", Plain, nullable=False),
    Index("ix_suggestions_ticket", "ticket_key", "id"),
    Index("ix_suggestions_due", "state", "due_key", "sure_key", "id", *FILTERED),
    Index("ix_suggestions_urgent", "state", "urgent_key", "sure_key", "id", *FILTERED),
    Index("ix_suggestions_sure", "state", "sure_key", "id", *FILTERED),
    Index("ix_suggestions_received", "state", "received_at", "id", *FILTERED),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("ticket_key", Number, ForeignKey("tickets.key"), nullable=False),
    Column("suggestion_id", Plain, ForeignKey("suggestions.id"), nullable=False),
    Column("kind", Plain, nullable=False),
    Column("priority", Integer),
    Column("suggested_priority", Integer, nullable=False),
    Column("reason", Plain),
    Column("corrected_facts", Record, nullable=False),
    Column("actor", Plain, nullable=False),
    Column("note", Plain),
    Column("decided_at", Instant, nullable=False),
    Column("undoes", Plain, ForeignKey("decisions.id"), unique=True),
    Column("version", Integer, nullable=False),
    Index("ix_decisions_ticket", "ticket_key", "version"),
    Index("ix_decisions_decided_at", "decided_at", "id"),
)

shadow = Table(
    "shadow",
    metadata,
    Column("version", Plain, primary_key=True),
    Column("ticket_key", Number, ForeignKey("tickets.key"), primary_key=True),
    Column("priority", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("probabilities", Record, nullable=False),
    Column("made_at", Instant, nullable=False),
)

clock_events = Table(
    "clock_events",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("ticket_key", Number, ForeignKey("tickets.key"), nullable=False),
    Column("kind", Plain, nullable=False),
    Column("at", Instant, nullable=False),
    Column("detail", Record, nullable=False),
    Column("delivery_id", Plain),
    UniqueConstraint("ticket_key", "kind", "delivery_id"),
    Index("ix_clock_events_at", "ticket_key", "at", "id"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("source", Plain, nullable=False),
    Column("endpoint", Plain, nullable=False),
    Column("delivery_id", Plain, nullable=False),
    Column("headers", Record, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("state", Plain, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("available_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", Plain),
    Column("problem", Plain),
    UniqueConstraint("source", "endpoint", "delivery_id"),
    Index(
        "ix_inbox_open",
        "available_at",
        "id",
        sqlite_where=text("is_open = 1"),
        postgresql_where=text("is_open"),
    ),
    Index("ix_inbox_received_at", "received_at"),
    Index("ix_inbox_state", "state"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("kind", Plain, nullable=False),
    Column("target", Plain, nullable=False),
    Column("payload", Record, nullable=False),
    Column("idempotency_key", Plain, nullable=False, unique=True),
    Column("ticket_key", Number, ForeignKey("tickets.key")),
    Column("decision_id", Plain, ForeignKey("decisions.id")),
    Column("created_at", Instant, nullable=False),
    Column("state", Plain, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("available_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", Plain),
    Column("problem", Plain),
    Column("sent_at", Instant),
    Column("failing_since", Instant),
    Index(
        "ix_outbox_open",
        "available_at",
        "id",
        sqlite_where=text("is_open = 1"),
        postgresql_where=text("is_open"),
    ),
    Index(
        "ix_outbox_turn",
        "ticket_key",
        "target",
        "id",
        sqlite_where=text("is_open = 1"),
        postgresql_where=text("is_open"),
    ),
    Index("ix_outbox_decision", "decision_id"),
    Index("ix_outbox_state", "state"),
    Index("ix_outbox_ticket", "ticket_key"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("actor", Plain, primary_key=True),
    Column("key", Plain, primary_key=True),
    Column("request_hash", Plain, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("status", Integer),
    Column("headers", Record),
    Column("body", LargeBinary),
    Column("ticket_key", Number, ForeignKey("tickets.key")),
    Index("ix_idempotency_begun_at", "begun_at"),
    Index("ix_idempotency_ticket", "ticket_key"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("name", Plain, nullable=False, unique=True),
    Column("prefix", Plain, nullable=False),
    Column("hash", Plain, nullable=False),
    Column("scopes", Record, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("used_at", Instant),
    Index("ix_keys_prefix", "prefix"),
)

users = Table(
    "users",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("name", Plain, nullable=False, unique=True),
    Column("password_hash", Plain, nullable=False),
    Column("role", Plain, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Plain, primary_key=True),
    Column("user_id", Plain, ForeignKey("users.id"), nullable=False),
    Column("csrf_secret", Plain, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_sessions_user", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
)

claims = Table(
    "claims",
    metadata,
    Column("ticket_key", Number, ForeignKey("tickets.key"), primary_key=True),
    Column("user", Plain, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Plain, nullable=False),
    Column("action", Plain, nullable=False),
    Column("subject", Plain, nullable=False),
    Column("detail", Record, nullable=False),
    Index("ix_audit_at", "at", "id"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("kind", Plain, primary_key=True),
    Column("name", Plain, primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
)
