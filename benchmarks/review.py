"""How fast the review desk answers with many tickets in the store.

    python -m benchmarks.review [--database-url URL] [--tickets 50000] [--rounds 100]
                                [--browser /usr/bin/chromium]

Fills an empty store (by default a SQLite file that is dropped afterwards), serves it as `triage
serve` does, and prints the median and the 95th percentile of the time from request to answer, for
each page, in milliseconds. One client asks, one request after another. With `--browser`, also the
time to the first contentful paint, as Chromium measures it from the start of the navigation: with
an empty cache, as at the first visit, and with styles and scripts kept, as at each further one.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from html import unescape
from pathlib import Path

import httpx
import numpy as np
import uvicorn
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.filled_store import fill
from tickets.store import QueueQuery, Store, open_store
from triage.desk import Desk
from triage.service.application import create_app
from triage.service.installation import Installation
from triage.service.listening import address, listen

VIEWS = {
    "queue, most pressing": "",
    "queue, by deadline": "order=sla_due",
    "queue, least certain": "order=uncertainty",
    "queue, newest": "order=newest",
    "queue, P1 of premium": "priority=P1&tier=premium",
    "queue, all states": "state=all",
    "queue, two words": "text=calls+queue",
    "queue, a rare word": "text=saml",
    "news of the queue": "news",
}

PAINTED = """() => new Promise((tell) => new PerformanceObserver((list) => {
  const [painted] = list.getEntriesByName("first-contentful-paint");
  if (painted) tell(painted.startTime);
}).observe({ type: "paint", buffered: true }))"""

Ask = Callable[[], httpx.Response]


def main() -> None:
    """Fill, serve, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--tickets", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--browser", default="", help="Chromium, to measure painting as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(given.database_url or f"sqlite:///{Path(folder)}/triage.db")
        try:
            if not store.suggestions.queue(QueueQuery(state=None, limit=1)).items:
                fill(store, given.tickets)
            _measure(store, given.rounds, given.browser)
        finally:
            store.close()


def _measure(store: Store, rounds: int, browser: str) -> None:
    counts = store.suggestions.queue(QueueQuery(limit=1)).counts
    print(", ".join(f"{count:,} {state}" for state, count in counts.items() if count))
    print(f"{'':32}{'median':>10}{'p95':>10}   ms, {rounds} requests")
    with _served(store) as client:
        for name, params in VIEWS.items():
            path = "/review/news" if params == "news" else f"/review?{params}"
            _tell(name, _times(partial(client.get, path), rounds))
        keys = _keys(client)
        chance = random.Random(1)
        _tell(
            "ticket page",
            _times(lambda: client.get(f"/review/tickets/{chance.choice(keys)}"), rounds),
        )
        _tell("a fact corrected", _times(_correction(client, keys[0]), rounds))
        if browser:
            _measure_painting(browser, str(client.base_url), keys, rounds)
        _tell("decide, next ticket", list(_decisions(client, rounds)))


def _times(ask: Ask, rounds: int) -> list[float]:
    return [_time(ask)[0] for _ in range(rounds + 3)][3:]


def _time(ask: Ask) -> tuple[float, httpx.Response]:
    begun = time.perf_counter()
    answer = ask()
    taken = 1_000 * (time.perf_counter() - begun)
    answer.raise_for_status()
    return taken, answer


def _tell(name: str, times: list[float]) -> None:
    print(f"{name:<32}{np.median(times):>10.1f}{np.percentile(times, 95):>10.1f}")


def _keys(client: httpx.Client) -> list[str]:
    pages = [client.get(f"/review?order={order}").text for order in ("urgency", "newest")]
    return sorted({key for page in pages for key in re.findall(r"/review/tickets/(\d+)", page)})


def _correction(client: httpx.Client, key: str) -> Ask:
    page = client.get(f"/review/tickets/{key}").text
    seen = _field(page, "seen")
    return lambda: client.get(
        f"/review/tickets/{key}/outcome", params={"seen": seen, "fact.reach": "all"}
    )


def _decisions(client: httpx.Client, rounds: int) -> Iterator[float]:
    """Yield the time from each decision to the whole page of the next ticket."""
    page = client.get("/review/next", follow_redirects=True)
    for _ in range(rounds):
        fields = {name: _field(page.text, name) for name in ("csrf_token", "seen")}
        path = f"{page.url.path}/decision"
        taken, page = _time(
            partial(
                client.post,
                path,
                data={**fields, "view": "", "act": "P2"},
                follow_redirects=True,
            )
        )
        yield taken


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def _measure_painting(browser: str, here: str, keys: list[str], rounds: int) -> None:
    paths = {"queue": ["/review"], "ticket page": [f"/review/tickets/{key}" for key in keys]}
    chance = random.Random(2)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        visitor = started.new_context(base_url=here)
        for name, among in paths.items():
            asked = chance.choices(among, k=rounds)
            _tell(f"{name} painted, first visit", [_painted_anew(started, here, p) for p in asked])
            _tell(f"{name} painted", [_painted(visitor, p) for p in (asked[0], *asked)][1:])
        started.close()


def _painted_anew(browser: Browser, here: str, path: str) -> float:
    visitor = browser.new_context(base_url=here)
    try:
        return _painted(visitor, path)
    finally:
        visitor.close()


def _painted(visitor: BrowserContext, path: str) -> float:
    """Return the milliseconds from the start of a navigation to its first contentful paint."""
    page = visitor.new_page()
    page.goto(path)
    painted: float = page.evaluate(PAINTED)
    page.close()
    return painted


@contextmanager
def _served(store: Store) -> Iterator[httpx.Client]:
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(create_app(Installation(Desk.load(), store)), log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        with httpx.Client(base_url=address(listener), timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
