"""The first tables: tickets to tallies, the words of the text search, and logs that only grow."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN: dict[str, Any] = {
    "sqlite_where": sa.text("is_open = 1"),
    "postgresql_where": sa.text("is_open"),
}


def upgrade() -> None:
    _create_tables()
    if op.get_bind().dialect.name == "sqlite":
        _create_for_sqlite()
    else:
        _create_for_postgresql()


def _create_tables() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at", "id"])
    op.create_table(
        "inbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint(
            "source", "endpoint", "delivery_id", name="uq_inbox_source_endpoint_delivery_id"
        ),
    )
    op.create_index("ix_inbox_open", "inbox", ["available_at", "id"], **_OPEN)
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
    op.create_index("ix_inbox_state", "inbox", ["state"])
    op.create_table(
        "keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("name", name="uq_keys_name"),
    )
    op.create_index("ix_keys_prefix", "keys", ["prefix"])
    op.create_table(
        "tallies",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "slot", name="pk_tallies"),
    )
    op.create_table(
        "tickets",
        sa.Column("key", NUMBER, sa.Identity(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text()),
        sa.Column("endpoint", sa.Text()),
        sa.Column("delivery_id", sa.Text()),
        sa.Column("incomplete", sa.JSON(), nullable=False),
        sa.Column("requester", sa.Text()),
        sa.Column("organization", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("product_area", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("ticket_received_at", sa.DateTime(timezone=True)),
        sa.Column("environment", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("is_assessed", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True)),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("suggestion_id", sa.Text()),
        sa.Column("standing_decision_id", sa.Text()),
        sa.PrimaryKeyConstraint("key", name="pk_tickets"),
        sa.UniqueConstraint("source", "external_id", name="uq_tickets_source_external_id"),
    )
    op.create_index("ix_tickets_stored_at", "tickets", ["stored_at", "key"])
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "claims",
        sa.Column(
            "ticket_key",
            NUMBER,
            sa.ForeignKey("tickets.key", name="fk_claims_ticket_key"),
            nullable=False,
        ),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_key", name="pk_claims"),
    )
    op.create_table(
        "clock_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "ticket_key",
            NUMBER,
            sa.ForeignKey("tickets.key", name="fk_clock_events_ticket_key"),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("delivery_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_clock_events"),
        sa.UniqueConstraint(
            "ticket_key", "kind", "delivery_id", name="uq_clock_events_ticket_key_kind_delivery_id"
        ),
    )
    op.create_index("ix_clock_events_at", "clock_events", ["ticket_key", "at", "id"])
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.JSON()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column(
            "ticket_key", NUMBER, sa.ForeignKey("tickets.key", name="fk_idempotency_ticket_key")
        ),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_begun_at", "idempotency", ["begun_at"])
    op.create_index("ix_idempotency_ticket", "idempotency", ["ticket_key"])
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column(
            "user_id",
            sa.Text(),
            sa.ForeignKey("users.id", name="fk_sessions_user_id"),
            nullable=False,
        ),
        sa.Column("csrf_secret", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_user", "sessions", ["user_id"])
    op.create_table(
        "shadow",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column(
            "ticket_key",
            NUMBER,
            sa.ForeignKey("tickets.key", name="fk_shadow_ticket_key"),
            nullable=False,
        ),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("probabilities", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", "ticket_key", name="pk_shadow"),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "ticket_key",
            NUMBER,
            sa.ForeignKey("tickets.key", name="fk_suggestions_ticket_key"),
            nullable=False,
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("plausible_due_at", sa.DateTime(timezone=True)),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_key", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urgent_key", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sure_key", sa.Float(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tier", sa.Text()),
        sa.Column("product_area", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suggestions"),
    )
    op.create_index(
        "ix_suggestions_due",
        "suggestions",
        [
            "state",
            "due_key",
            "sure_key",
            "id",
            "priority",
            "tier",
            "action",
            "product_area",
            "source",
            "is_blind",
            "ticket_key",
        ],
    )
    op.create_index(
        "ix_suggestions_received",
        "suggestions",
        [
            "state",
            "received_at",
            "id",
            "priority",
            "tier",
            "action",
            "product_area",
            "source",
            "is_blind",
            "ticket_key",
        ],
    )
    op.create_index(
        "ix_suggestions_sure",
        "suggestions",
        [
            "state",
            "sure_key",
            "id",
            "priority",
            "tier",
            "action",
            "product_area",
            "source",
            "is_blind",
            "ticket_key",
        ],
    )
    op.create_index("ix_suggestions_ticket", "suggestions", ["ticket_key", "id"])
    op.create_index(
        "ix_suggestions_urgent",
        "suggestions",
        [
            "state",
            "urgent_key",
            "sure_key",
            "id",
            "priority",
            "tier",
            "action",
            "product_area",
            "source",
            "is_blind",
            "ticket_key",
        ],
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "ticket_key",
            NUMBER,
            sa.ForeignKey("tickets.key", name="fk_decisions_ticket_key"),
            nullable=False,
        ),
        sa.Column(
            "suggestion_id",
            sa.Text(),
            sa.ForeignKey("suggestions.id", name="fk_decisions_suggestion_id"),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer()),
        sa.Column("suggested_priority", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("corrected_facts", sa.JSON(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes", sa.Text(), sa.ForeignKey("decisions.id", name="fk_decisions_undoes")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.UniqueConstraint("undoes", name="uq_decisions_undoes"),
    )
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at", "id"])
    op.create_index("ix_decisions_ticket", "decisions", ["ticket_key", "version"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("ticket_key", NUMBER, sa.ForeignKey("tickets.key", name="fk_outbox_ticket_key")),
        sa.Column(
            "decision_id", sa.Text(), sa.ForeignKey("decisions.id", name="fk_outbox_decision_id")
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("idempotency_key", name="uq_outbox_idempotency_key"),
    )
    op.create_index("ix_outbox_decision", "outbox", ["decision_id"])
    op.create_index("ix_outbox_open", "outbox", ["available_at", "id"], **_OPEN)
    op.create_index("ix_outbox_state", "outbox", ["state"])
    op.create_index("ix_outbox_ticket", "outbox", ["ticket_key"])
    op.create_index("ix_outbox_turn", "outbox", ["ticket_key", "target", "id"], **_OPEN)


_DECIDED = (
    "id, ticket_key, suggestion_id, kind, priority, suggested_priority, reason, corrected_facts,"
    " actor, decided_at, undoes, version"
)
# What is refused, by table: any change but blanking the note of a decision, which erasure does.
_REFUSED = (
    ("decisions_keep", "decisions", f"UPDATE OF {_DECIDED}", ""),
    ("decisions_note", "decisions", "UPDATE OF note", "WHEN (NEW.note IS NOT NULL)"),
    ("decisions_stay", "decisions", "DELETE", ""),
    ("audit_keep", "audit", "UPDATE", ""),
    ("audit_stay", "audit", "DELETE", ""),
)


def _create_for_sqlite() -> None:
    # "ascii": words come cut already, and this tokenizer leaves those of other scripts whole.
    op.execute(
        "CREATE VIRTUAL TABLE ticket_words"
        " USING fts5(words, tokenize = 'ascii', detail = none, columnsize = 0)"
    )
    for name, table, change, when in _REFUSED:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table} {when}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: entries are never changed'); END"
        )


def _create_for_postgresql() -> None:
    op.execute("CREATE TABLE ticket_words (ticket_key bigint PRIMARY KEY, words tsvector NOT NULL)")
    op.execute("CREATE INDEX ix_ticket_words ON ticket_words USING gin (words)")
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION '%: entries are never changed', TG_TABLE_NAME"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for name, table, change, when in _REFUSED:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table}"
            f" FOR EACH ROW {when} EXECUTE FUNCTION refuse_change()"
        )
