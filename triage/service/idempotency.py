"""Idempotency keys: a request that is sent again is answered again and done once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import Header

from tickets.store import InProgress, Mismatch, Replay, Store
from triage.service.problems import Problem
from triage.service.service import utc_now

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Of your making: the same body with it, within 24 hours, is answered alike.",
    ),
]


def answered_once(
    store: Store, key: str, actor: str, body: bytes, work: Callable[[], tuple[bytes, str]]
) -> bytes:
    """Return what work answers to a body, or what it answered when it came before with this key.

    `work` gives its answer and the key of the ticket that it is about. A request that fails leaves
    nothing behind. `Problem` 409 while the first is worked on, 422 for another body.
    """
    earlier = store.idempotency.begin(key, actor, hashlib.sha256(body).hexdigest(), utc_now())
    match earlier:
        case Replay():
            return earlier.body
        case InProgress():
            detail = "The request with this Idempotency-Key is being worked on; ask again."
            raise Problem(HTTPStatus.CONFLICT, detail, headers={"Retry-After": "1"})
        case Mismatch():
            detail = "Another body came with this Idempotency-Key before; use a new key."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    try:
        answer, ticket_key = work()
    except BaseException:
        store.idempotency.forget(key, actor)
        raise
    store.idempotency.finish(key, actor, HTTPStatus.OK, answer, ticket_key=ticket_key)
    return answer
