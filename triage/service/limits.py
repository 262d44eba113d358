"""How much the service takes on at once, and why so much."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on bodies, on waiting and on work; each protects the process from one request."""

    ticket_bytes: int = 10 * 2**20
    """Of one ticket: the longest field that files may hold, 10 MB, with its JSON around it."""
    batch_bytes: int = 100 * 2**20
    """Of a batch: it is held in memory once as bytes and once as tickets."""
    batch_items: int = 10_000
    """Of a batch: a minute or two of work, so that a client that loses it repeats little."""
    ticket_threads: int = 2
    """For single tickets: the interpreter works on one at a time anyway; the second thread lets
    short ones pass a very long one."""
    batch_threads: int = 1
    """For batches, which take turns: one of them keeps the interpreter busy."""
    chunk: int = 20
    """Items of a batch that are worked on at once: few, so that batches take turns often."""
    waiting_tickets: int = 64
    """Single tickets being read or waiting; at some ten milliseconds each, the last waits
    about a second. More would wait longer than their callers do."""
    running_batches: int = 4
    """Batches being read or worked on; with their bodies they are what fills the memory."""
    store_threads: int = 4
    """For what needs the store only: deliveries, decisions, lists. They mostly wait for it."""
    waiting_for_store: int = 256
    """Such requests being read or waiting; a delivery takes a few milliseconds."""
    waiting_sign_ins: int = 20
    """Passwords being tried, one after another, as each takes much of a processor."""
    delivery_bytes: int = 5 * 2**20
    """Of a webhook delivery; desks send far less."""
    requests_per_second: float = 200
    """Of one key, on average: more than the model can do, so that one client cannot take all."""
    requests_at_once: int = 400
    body_seconds: float = 60
    """For a body to arrive: who sends nothing must not keep a place."""
    retry_seconds: int = 1
    """What a refused client is asked to wait: about the time in which waiting tickets are done."""


LIMITS = Limits()
