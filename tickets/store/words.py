"""The words of tickets, for the text search of the queue: FTS5 on SQLite, tsvector on PostgreSQL.

Words are cut here and not by the databases, so that both find the same: without case and accents,
whatever the language; in scripts written without spaces each character is a word of its own. A
ticket is found when each word of the search begins a word of its subject or body.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    any_,
    bindparam,
    column,
    false,
    literal,
    text,
    type_coerce,
)

from tickets.store.columns import Number, storable
from tickets.store.database import Database

MOST_CHARACTERS = 100_000
"""Of one text; what comes after is not searched. Logs are pasted at the end of tickets."""
MOST_WORDS = 5_000
"""Of one ticket, so that they stay below PostgreSQL's limit of 1 MB a row."""
LONGEST_WORD = 40
FEW = 2_000
"""Tickets that a search names one by one; of more, a page is soon full."""
MOST_SOUGHT = 10
"""Words of one search; more narrow nothing down."""

# Ideographs, kana and Thai to Khmer are written without spaces between words.
_WORD = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
    "|[^\\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+"
)


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the different words of some texts, in the order in which they first occur."""
    found: dict[str, None] = {}
    for given in texts:
        plain = _without_accents(storable(given[:MOST_CHARACTERS])).casefold()
        found.update(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(plain)))
    return list(found)[:MOST_WORDS]


def _without_accents(given: str) -> str:
    if given.isascii():
        return given
    decomposed = unicodedata.normalize("NFKD", given)
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


def index_words(connection: Connection, database: Database, key: str, texts: Iterable[str]) -> None:
    """Make a ticket that has no words yet be found by those of some texts."""
    words = words_of(texts)
    if database.is_sqlite:
        connection.execute(_INSERT_SQLITE, {"key": key, "words": " ".join(words)})
    else:
        connection.execute(_INSERT_POSTGRESQL, {"key": key, "words": words})


def forget_words(connection: Connection, database: Database, keys: Sequence[str]) -> None:
    """Make tickets be found by no word."""
    statement = _DELETE_SQLITE if database.is_sqlite else _DELETE_POSTGRESQL
    for key in keys:
        connection.execute(statement, {"key": key})


def has_words(
    connection: Connection, database: Database, key: ColumnElement[str], sought: str
) -> ColumnElement[bool]:
    """Return the condition that the key of a ticket is one of those that a search finds."""
    words = words_of([sought])[:MOST_SOUGHT]
    if not words:
        return false()
    if database.is_sqlite:
        return key.in_(_FOUND_SQLITE.bindparams(sought=" AND ".join(f'"{w}" *' for w in words)))
    query = " & ".join(f"'{word}':*" for word in words)
    few = connection.execute(_FEW_POSTGRESQL, {"sought": query, "most": FEW + 1}).scalars().all()
    if len(few) > FEW:
        return key.in_(_FOUND_POSTGRESQL.bindparams(sought=query))
    # PostgreSQL takes comparing words for cheap and would do so all along the queue.
    return type_coerce(key, BigInteger) == any_(literal(few, ARRAY(BigInteger)))


_FOUND_SQLITE = text(
    "SELECT rowid AS ticket_key FROM ticket_words WHERE ticket_words MATCH :sought"
).columns(column("ticket_key", Number))
_FOUND_POSTGRESQL = text(
    "SELECT ticket_key FROM ticket_words WHERE words @@ CAST(:sought AS tsquery)"
).columns(column("ticket_key", Number))
_FEW_POSTGRESQL = text(f"{_FOUND_POSTGRESQL} LIMIT :most")
_INSERT_SQLITE = text("INSERT INTO ticket_words (rowid, words) VALUES (:key, :words)").bindparams(
    bindparam("key", type_=Number)
)
_INSERT_POSTGRESQL = text(
    "INSERT INTO ticket_words (ticket_key, words)"
    " VALUES (:key, array_to_tsvector(CAST(:words AS text[])))"
).bindparams(bindparam("key", type_=Number))
_DELETE_SQLITE = text("DELETE FROM ticket_words WHERE rowid = :key").bindparams(
    bindparam("key", type_=Number)
)
_DELETE_POSTGRESQL = text("DELETE FROM ticket_words WHERE ticket_key = :key").bindparams(
    bindparam("key", type_=Number)
)
