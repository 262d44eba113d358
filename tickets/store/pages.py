"""Long answers, read page by page: no transaction is open while the caller works on a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, tuple_

from tickets.store.database import AnyRow, Database

PAGE = 500


def read_in_pages(
    database: Database, query: Select[Any], *keys: ColumnElement[Any]
) -> Iterator[AnyRow]:
    """Yield the rows of a query in the order of `keys`: of no two rows the same."""
    first = query.order_by(*keys).limit(PAGE)
    page = first
    while True:
        with database.reading() as connection:
            rows = connection.execute(page).all()
        yield from rows
        if len(rows) < PAGE:
            return
        last = [literal(getattr(rows[-1], str(key.key)), key.type) for key in keys]
        page = first.where(tuple_(*keys) > tuple_(*last))
