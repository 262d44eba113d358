"""The review desk on a free port of this machine, with a store on each database.

One server and one store serve a module; each test has a product area of its own, so that none sees
the tickets of another.
"""

from __future__ import annotations

import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tickets import Ticket
from tickets.store import Arrival, Role, Store, open_store
from triage.desk import Desk
from triage.intake import Intake, Taken
from triage.review.passwords import hashed
from triage.service.application import create_app
from triage.service.installation import Installation
from triage.service.listening import address, listen

LOCAL = "postgresql://postgres@127.0.0.1:5432/test"
OUTAGE = (
    "All lines dead",
    "Since 9am nobody can take calls. All 200 agents at every site are idle, nothing works and"
    " there is no other way. We lose revenue every minute.",
)
QUESTION = (
    "How to rename a queue",
    "How do I change the name of a queue in the settings? No rush.",
)

Receive = Callable[..., Taken]
Serve = Callable[[Installation], AbstractContextManager[str]]
SignIn = Callable[[str], AbstractContextManager["Agent"]]


@contextmanager
def serving(installation: Installation) -> Iterator[str]:
    """Serve an installation and give its address."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(create_app(installation), log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(timeout=30)


@contextmanager
def schema() -> Iterator[str]:
    """Give the address of an empty schema; skips where no PostgreSQL answers."""
    server = make_url(os.environ.get("TRIAGE_TEST_POSTGRES", LOCAL))
    engine = create_engine(
        server.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    name = f"triage_test_{uuid.uuid4().hex}"
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
    except OperationalError:
        pytest.skip("no PostgreSQL answers: start one, or name it with TRIAGE_TEST_POSTGRES")
    url = server.update_query_dict({"options": f"-csearch_path={name}"})
    yield url.render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store, once on each database."""
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/triage.db")
        yield opened
        opened.close()
        return
    with schema() as url:
        opened = open_store(url)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def agents(store: Store) -> tuple[str, ...]:
    """The names of two agents who may sign in; the password of each is their name, three times."""
    now = datetime.now(UTC)
    for name in ("Ana", "Ben"):
        store.users.add(name, hashed(name * 3), Role.AGENT, now)
    return ("Ana", "Ben")


@pytest.fixture(scope="module")
def furniture() -> dict[str, Any]:
    """What else an installation has; modules say otherwise."""
    return {}


@pytest.fixture(scope="module")
def here(
    desk: Desk, store: Store, agents: tuple[str, ...], furniture: dict[str, Any]
) -> Iterator[str]:
    """The address of a review desk with two agents."""
    with serving(Installation(desk, store, **furniture)) as found:
        yield found


@pytest.fixture
def area() -> str:
    """The product area of a test's tickets."""
    return f"area-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def receive(store: Store, desk: Desk, area: str) -> Receive:
    """Takes a ticket in."""

    def receive(
        subject: str = OUTAGE[0],
        body: str = OUTAGE[1],
        *,
        tier: str | None = "standard",
        channel: str = "web",
        age: timedelta = timedelta(minutes=5),
        is_blind: bool = False,
        **arrived: Any,
    ) -> Taken:
        now = datetime.now(UTC)
        name = arrived.pop("external_id", uuid.uuid4().hex[:8])
        ticket = Ticket(name, subject, body, tier, channel, now - age)
        arrival = Arrival("zendesk", external_id=name, product_area=area, **arrived)
        intake = Intake(store, 1.0 if is_blind else 0.0)
        return intake.take([(ticket, arrival)], desk, now)[0]

    return receive


@dataclass
class Agent:
    """Somebody with a browser that has no JavaScript: follows links, fills in forms."""

    name: str
    client: httpx.Client

    def get(self, path: str, **params: str) -> httpx.Response:
        """Open a page."""
        return self.client.get(path, params=params or None, follow_redirects=True)

    def post(self, path: str, fields: dict[str, Any], **more: Any) -> httpx.Response:
        """Send a form, and see what it leads to."""
        return self.client.post(path, data={**fields, **more}, follow_redirects=True)

    def act(self, page: httpx.Response, **chosen: Any) -> httpx.Response:
        """Decide on the ticket of a page."""
        action, fields = form(page.text, "/decision")
        return self.post(action, fields, **chosen)

    def undo(self, page: httpx.Response) -> httpx.Response:
        """Press the first undo button of a page."""
        return self.post(*form(page.text, "/undo"))


@pytest.fixture
def ana(here: str) -> Iterator[Agent]:
    """An agent."""
    with signed_in(here, "Ana") as agent:
        yield agent


@pytest.fixture
def ben(here: str) -> Iterator[Agent]:
    """Another agent."""
    with signed_in(here, "Ben") as agent:
        yield agent


@contextmanager
def signed_in(here: str, name: str) -> Iterator[Agent]:
    """Sign an agent in."""
    with httpx.Client(base_url=here, timeout=30) as client:
        page = client.get("/review/sign-in")
        action, fields = form(page.text, "/sign-in")
        answer = client.post(action, data={**fields, "name": name, "password": name * 3})
        assert answer.status_code == 303, answer.text
        yield Agent(name, client)


def form(html: str, action: str) -> tuple[str, dict[str, list[str]]]:
    """Return the address of the first form that leads to an action, and its hidden fields."""
    for found in re.finditer(r'<form[^>]*action="([^"]*)".*?</form>', html, re.S):
        if found[1].endswith(action):
            hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', found[0])
            fields: dict[str, list[str]] = {}
            for name, value in hidden:
                fields.setdefault(unescape(name), []).append(unescape(value))
            return unescape(found[1]), fields
    raise AssertionError(f"no form leads to {action}")


def words(html: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@pytest.fixture
def said() -> Callable[[httpx.Response], str]:
    """Gives the words of a page."""
    return lambda page: words(page.text)


@pytest.fixture
def template_files() -> list[Path]:
    """The templates of the review desk."""
    import triage.review

    return sorted(Path(str(triage.review.__file__)).parent.glob("templates/*.html"))


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serves an installation for the time of a `with`."""
    return serving


@pytest.fixture
def sign_in(here: str) -> SignIn:
    """Signs somebody in by name for the time of a `with`."""
    return lambda name: signed_in(here, name)
