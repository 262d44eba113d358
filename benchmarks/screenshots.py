"""Pictures of the review desk for the documentation, of a store filled with tickets of the corpus.

    python -m benchmarks.screenshots [--into docs/screenshots] [--browser /usr/bin/chromium]

Needs a trained model (`make setup`) and Chromium.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from rules import load_ruleset
from tickets import PRIORITIES, Ticket
from tickets.store import Arrival, Decision, DecisionKind, EventKind, Store, open_store
from triage.desk import Desk
from triage.intake import Intake, Taken
from triage.labelled.corpus import SHIPPED, load_labelled
from triage.service.application import create_app
from triage.service.installation import Installation
from triage.service.listening import address, listen

TICKETS, PENDING = 110, 60
AGENTS = ("Ana", "Ben", "Chloe")
AREAS = ("voice", "chat", "reporting", "admin", None)
CUSTOMERS = ("Northwind Airlines", "Contoso Retail", "Fabrikam Bank", "Tailspin Toys")
WIDE, PHONE = 1280, 390
PAGES = {"queue": "/review", "overview": "/review/overview", "policy": "/review/policy"}


def main() -> None:
    """Take the pictures."""
    asked = _asked()
    asked.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/triage.db")
        desk = Desk.load()
        tickets = _fill(store, desk)
        with _served(desk, store) as here, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=asked.browser, args=["--no-sandbox"]
            )
            for name, path, width, scheme in _pictures(tickets):
                file = asked.into / f"{name}.png"
                _picture(browser, f"{here}{path}", width, scheme, file)
                print(file)
            browser.close()
        store.close()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--browser", default="/usr/bin/chromium")
    return parser.parse_args()


@dataclass(frozen=True)
class _Tickets:
    """The keys of tickets that have a picture."""

    waiting: str
    blind: str
    decided: str


def _pictures(tickets: _Tickets) -> Iterator[tuple[str, str, int, str]]:
    """Yield name, address, width and colours of each picture."""
    ticket = f"/review/tickets/{tickets.waiting}"
    for name, path in {**PAGES, "ticket": ticket}.items():
        yield f"{name}-light", path, WIDE, "light"
        yield f"{name}-dark", path, WIDE, "dark"
        yield f"{name}-phone", path, PHONE, "light"
    yield "ticket-corrected", f"{ticket}?fact.reach=one", WIDE, "light"
    yield "ticket-blind", f"/review/tickets/{tickets.blind}", WIDE, "light"
    yield "ticket-decided-dark", f"/review/tickets/{tickets.decided}", WIDE, "dark"


def _fill(store: Store, desk: Desk) -> _Tickets:
    """Store tickets, the older ones decided; return some of each kind."""
    now, chance = datetime.now(UTC), random.Random(5)
    intake, arrivals = Intake(store, blind_share=0.08), _arrivals(now, chance)
    waiting = intake.take(arrivals[:PENDING], desk, now)
    decided = [_received(intake, arrival, desk) for arrival in arrivals[PENDING:]]
    for one in decided:
        _decide(store, one, chance)
    store.claims.take(waiting[3].ticket.key, AGENTS[0], now, timedelta(hours=5))
    return _Tickets(
        waiting=next(one.ticket.key for one in waiting if not one.suggestion.is_blind),
        blind=next(one.ticket.key for one in waiting if one.suggestion.is_blind),
        decided=next(one.ticket.key for one in decided if not one.suggestion.is_blind),
    )


def _arrivals(now: datetime, chance: random.Random) -> list[tuple[Ticket, Arrival]]:
    corpus, _ = load_labelled(SHIPPED, load_ruleset().schema)
    pool = [one.ticket for one in corpus if one.ticket.subject and len(one.ticket.body) > 120]
    return [
        _arrival(number, ticket, now) for number, ticket in enumerate(chance.sample(pool, TICKETS))
    ]


def _received(intake: Intake, arrival: tuple[Ticket, Arrival], desk: Desk) -> Taken:
    received_at = arrival[0].received_at
    assert received_at is not None
    return intake.take([arrival], desk, received_at + timedelta(minutes=1))[0]


def _arrival(number: int, ticket: Ticket, now: datetime) -> tuple[Ticket, Arrival]:
    minutes = 7 * number if number < PENDING else 24 * 60 + 95 * (number - PENDING)
    name = str(5000 + number)
    given = replace(
        ticket,
        id=name,
        tier=("standard", "premium")[number % 2],
        channel=("web", "email", "phone", "chat")[number % 4],
        received_at=now - timedelta(minutes=minutes),
    )
    arrival = Arrival(
        source="zendesk:support",
        external_id=name,
        requester=f"user{number}@example.com",
        organization=CUSTOMERS[number % len(CUSTOMERS)],
        product_area=AREAS[number % len(AREAS)],
        url=f"https://desk.example.com/tickets/{name}",
    )
    return given, arrival


def _decide(store: Store, one: Taken, chance: random.Random) -> None:
    suggested, actor = one.suggestion.priority, chance.choice(AGENTS)
    at = one.ticket.received_at + timedelta(minutes=11)
    if chance.random() < 0.8:
        decision = Decision(DecisionKind.ACCEPT, actor)
    else:
        other = chance.choice([priority for priority in PRIORITIES if priority != suggested])
        decision = Decision(DecisionKind.OVERRIDE, actor, other, "wrong-tier")
    store.decisions.decide(one.suggestion.id, decision, None, at)
    store.clock_events.add(one.ticket.key, EventKind.REPLIED, at + timedelta(minutes=5), {}, None)


@contextmanager
def _served(desk: Desk, store: Store) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    app = create_app(Installation(desk, store))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join()


def _picture(browser: Browser, url: str, width: int, scheme: str, file: Path) -> None:
    page: Page = browser.new_page(
        viewport={"width": width, "height": 860},
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="Europe/Berlin",
        has_touch=width == PHONE,
        is_mobile=width == PHONE,
    )
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    main()
