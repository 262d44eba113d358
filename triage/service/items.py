"""Items of a body: each becomes a row as files have them, with its fault if it is no ticket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NoReturn

from tickets import TicketFault
from tickets.store import LONGEST_ID
from tickets.ticket import FIELDS
from triage.row_files import LONGEST_CELL, Row
from triage.service.problems import Problem, invalid_field

_READ = (*FIELDS, "created_at")


def one_row(body: bytes) -> Row:
    """Return the ticket of a body; `Problem` 400 if it is not JSON, 422 if it is no ticket."""
    item = whole_json(body)
    if isinstance(item, list):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The body is a list; send it to /v1/triage/batch, or one ticket here.",
        )
    row = _row(1, item)
    if row.fault:
        raise invalid_field(row.fault)
    return row


def rows_of_list(body: bytes, most: int) -> list[Row]:
    """Return the items of a JSON list; `Problem` for what is none, or has more than `most`."""
    items = whole_json(body)
    if not isinstance(items, list):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The body is not a JSON list; send one ticket to /v1/triage, or [ticket, …] here.",
        )
    _refuse_too_many(len(items), most)
    return [_row(number, item) for number, item in enumerate(items, start=1)]


def rows_of_lines(body: bytes, most: int) -> list[Row]:
    """Return the lines of NDJSON, blank ones left out; `Problem` 413 for more than `most`."""
    lines = [line for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    _refuse_too_many(len(lines), most)
    return [row_of_line(number, line) for number, line in enumerate(lines, start=1)]


def _refuse_too_many(count: int, most: int) -> None:
    if count > most:
        detail = f"The batch has {count:,} items, more than {most:,}; send it in parts."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def row_of_line(number: int, line: bytes) -> Row:
    """Return the ticket of a line, with its fault if it is none."""
    try:
        return _row(number, _parse(line))
    except NotJson as error:
        remedy = "write one JSON object a line"
        start = line[:LONGEST_CELL].decode("utf-8", "replace")
        return Row(number, {}, TicketFault("row", start, f"is not JSON: {error}", remedy))


def _row(number: int, item: Any) -> Row:
    if not isinstance(item, dict):
        remedy = 'write it as {"body": "…"}'
        return Row(number, {}, TicketFault("row", json.dumps(item), "is no JSON object", remedy))
    return Row(number, item, next(_unreadable(item), None))


def _unreadable(item: dict[str, Any]) -> Iterator[TicketFault]:
    for name in _READ:
        value = item.get(name)
        if isinstance(value, bool | list | dict):
            shown = json.dumps(value)
            yield TicketFault(name, shown, "is not a text", "write it as a JSON string")
        elif isinstance(value, str) and len(value) > LONGEST_CELL:
            problem = f"is longer than {LONGEST_CELL:,} characters"
            yield TicketFault(name, value, problem, "shorten it")
        elif name == "id" and len(str(value)) > LONGEST_ID:
            problem = f"is longer than {LONGEST_ID} characters"
            yield TicketFault(name, str(value), problem, "give a shorter id")


class NotJson(ValueError):  # noqa: N818 - reads as what it says
    """Bytes are not JSON; says why and where, never quoting them."""


def whole_json(body: bytes) -> Any:
    """Return the JSON of a body; `Problem` 400 where it is none."""
    try:
        return _parse(body)
    except NotJson as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.") from None


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except NotJson:
        raise
    except UnicodeDecodeError as error:
        raise NotJson(f"byte {error.start + 1:,} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos + 1:,}") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError:
        raise NotJson("it holds a number of too many digits") from None


def _refuse_constant(name: str) -> NoReturn:
    """Python reads NaN and Infinity as numbers; JSON does not know them."""
    raise NotJson(f"it holds {name}")
