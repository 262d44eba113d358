"""Decided tickets like another one: those that share its rare words.

A word that many tickets have says nothing, so only words of few tickets count, the rarer the more.
Read along the index of the text search: nothing is kept for it, and nothing of it grows with the
number of tickets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log

from sqlalchemy import Connection, select, text

from tickets.priority import Priority
from tickets.store import tables
from tickets.store.database import Database
from tickets.store.tallies import counts
from tickets.store.words import words_of

SHORTEST = 4
"""Characters; shorter words are seldom rare."""
MOST_SOUGHT = 30
"""Words of a ticket that are looked up, the longest first: long words tend to be rare."""
RARE_SHARE = 0.02
FEW, MANY = 3, 200
"""A rare word is in at most this share of the tickets; in few of a small store, never in many."""
LEAST_SHARED = 2
LEAST_LIKENESS = 0.1
CLOSEST = 40
"""Tickets of which it is looked up whether they are decided."""


@dataclass(frozen=True)
class SimilarTicket:
    """A decided ticket that shares rare words with another one."""

    ticket_key: str
    subject: str
    priority: Priority
    """The one decided."""
    actor: str
    decided_at: datetime
    shared: tuple[str, ...]
    """The words, the rarest first."""
    likeness: float
    """The share of the other ticket's rare words, weighed by their rarity."""


@dataclass(frozen=True)
class Similarity:
    """The likeness of the store's tickets."""

    database: Database

    def of(self, key: str, texts: Sequence[str], most: int) -> list[SimilarTicket]:
        """Return the decided tickets most like the one with this key and these texts."""
        words = sorted((w for w in words_of(texts) if len(w) >= SHORTEST), key=len, reverse=True)
        with self.database.reading() as connection:
            total = sum(counts(connection, "state").values())
            most_having = int(min(MANY, max(FEW, total * RARE_SHARE)))
            having = _having(connection, self.database, words[:MOST_SOUGHT], most_having)
            weights = {word: log(1 + total / len(keys)) for word, keys in having.items()}
            shared = _shared(having, key)
            closest = sorted(shared, key=lambda each: -_weight(shared[each], weights))[:CLOSEST]
            found = _decided(connection, closest, shared, weights)
        alike = [each for each in found if each.likeness >= LEAST_LIKENESS]
        return sorted(alike, key=lambda each: (-each.likeness, each.ticket_key))[:most]


def _having(
    connection: Connection, database: Database, words: Sequence[str], most: int
) -> dict[str, list[str]]:
    """Return the tickets that have each word, of words that few have."""
    found = _found_sqlite if database.is_sqlite else _found_postgresql
    return {word: list(map(str, keys)) for word, keys in found(connection, words, most) if keys}


def _found_sqlite(
    connection: Connection, words: Sequence[str], most: int
) -> Iterator[tuple[str, Sequence[int]]]:
    for word in words:
        sought = {"sought": f'"{word}"', "limit": most + 1}
        keys = connection.execute(_SQLITE, sought).scalars().all()
        if len(keys) <= most:
            yield word, keys


def _found_postgresql(
    connection: Connection, words: Sequence[str], most: int
) -> Iterator[tuple[str, Sequence[int]]]:
    """Ask once for all words: each question to a server costs milliseconds."""
    sought = {"words": list(words), "most": most, "limit": most + 1}
    return ((word, keys) for word, keys in connection.execute(_POSTGRESQL, sought))


_SQLITE = text("SELECT rowid FROM ticket_words WHERE ticket_words MATCH :sought LIMIT :limit")
_POSTGRESQL = text(
    "SELECT sought.word, found.keys FROM unnest(CAST(:words AS text[])) AS sought (word),"
    " LATERAL (SELECT array_agg(ticket_key) AS keys FROM (SELECT ticket_key FROM ticket_words"
    " WHERE words @@ CAST(quote_literal(sought.word) AS tsquery) LIMIT :limit) AS holding) AS found"
    " WHERE cardinality(found.keys) <= :most"
)


def _shared(having: Mapping[str, Sequence[str]], itself: str) -> dict[str, list[str]]:
    """Return the rare words that other tickets share, where they are at least a few."""
    shared: dict[str, list[str]] = {}
    for word, keys in having.items():
        for key in keys:
            shared.setdefault(key, []).append(word)
    return {
        key: words for key, words in shared.items() if key != itself and len(words) >= LEAST_SHARED
    }


def _weight(words: Sequence[str], weights: Mapping[str, float]) -> float:
    return sum(weights[word] for word in words)


def _decided(
    connection: Connection,
    keys: Sequence[str],
    shared: Mapping[str, Sequence[str]],
    weights: Mapping[str, float],
) -> list[SimilarTicket]:
    ticket, decision = tables.tickets.c, tables.decisions.c
    query = (
        select(ticket.key, ticket.subject, decision.priority, decision.actor, decision.decided_at)
        .join(tables.decisions, decision.id == ticket.standing_decision_id)
        .where(ticket.key.in_(keys), decision.priority.is_not(None), ticket.erased_at.is_(None))
    )
    return [
        SimilarTicket(
            ticket_key=row.key,
            subject=row.subject,
            priority=Priority(row.priority),
            actor=row.actor,
            decided_at=row.decided_at,
            shared=tuple(sorted(shared[row.key], key=lambda word: -weights[word])),
            likeness=_weight(shared[row.key], weights) / sum(weights.values()),
        )
        for row in connection.execute(query)
    ]
