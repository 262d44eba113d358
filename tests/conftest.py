"""What tests of several rooms need: a home with a small trained model, the command line, PostgreSQL.

PostgreSQL is the one that TRIAGE_TEST_POSTGRES names, or a local one on port 5432 with the user
`postgres` and the database `test`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from classifier import LabelledTicket, Reader, Registry
from classifier.training import data_digest
from tickets.store import Store, open_store
from triage.desk import Desk
from triage.labelled.corpus import SHIPPED, load_corpus, load_labelled
from triage.retraining.models import train_models
from triage.retraining.training import current_rules, to_learn_from
from triage.settings import Settings

SMALL = 400
"""Tickets that the tests' model learns from: enough to be sensible, few enough to train in seconds."""

LOCAL = "postgresql://postgres@127.0.0.1:5432/test"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def corpus() -> list[LabelledTicket]:
    """The shipped corpus."""
    tickets, faults = load_labelled(SHIPPED, current_rules().schema)
    assert faults == []
    return tickets


@pytest.fixture(scope="session")
def small_home(corpus: list[LabelledTicket], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with models trained on every few tickets that are not held out."""
    learnt = to_learn_from(corpus)
    home = tmp_path_factory.mktemp("home")
    train_models(learnt[:: max(len(learnt) // SMALL, 1)], home, lambda done, total: None)
    return home


@pytest.fixture(scope="session")
def default_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the models that `make setup` trains: the user's own where it has those."""
    home = Settings.from_environment().home
    taught = load_corpus(current_rules().schema)
    learnt = to_learn_from(taught)
    expected = (data_digest(learnt), current_rules().version)
    if all(_learnt_from(Registry(home), reader) == expected for reader in Reader):
        return home
    home = tmp_path_factory.mktemp("default-home")
    train_models(taught, home, lambda done, total: None)
    return home


def _learnt_from(registry: Registry, reader: Reader) -> tuple[str, str] | None:
    """Return the data and rules of a reader's current model."""
    if registry.current_version(reader) is None:
        return None
    description = registry.load_current(reader).description
    return description["data"], description["rules"]


@pytest.fixture(scope="session")
def desk(small_home: Path) -> Desk:
    """A desk with the small model."""
    return Desk.load(small_home)


@pytest.fixture
def triage(small_home: Path, tmp_path: Path) -> Run:
    """Runs the installed command in an empty folder, as a user does."""
    command = Path(sys.executable).with_name("triage")

    def run(*arguments: str, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        given = stdin if isinstance(stdin, bytes) else stdin.encode("utf-8", "surrogateescape")
        done = subprocess.run(
            [command, *arguments],
            input=given,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "TRIAGE_HOME": str(small_home)},
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), without_warnings(done.stderr.decode())
        )

    return run


def without_warnings(messages: str) -> str:
    """Leave out that the plain engine took over, where durable-rules is not installed."""
    lines = messages.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("triage: warning: durable-rules"))


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def postgresql() -> str:
    """The address of a PostgreSQL server; skips where there is none."""
    address = os.environ.get("TRIAGE_TEST_POSTGRES", LOCAL)
    url = make_url(address).set(drivername="postgresql+psycopg")
    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except OperationalError:
        pytest.skip("no PostgreSQL answers: start one, or name it with TRIAGE_TEST_POSTGRES")
    finally:
        engine.dispose()
    return address


@pytest.fixture(scope="session")
def new_schema(postgresql: str) -> Iterator[Callable[[], str]]:
    """Makes empty schemas and returns their addresses; drops them in the end."""
    engine = create_engine(
        make_url(postgresql).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    made: list[str] = []

    def make() -> str:
        made.append(f"triage_test_{uuid.uuid4().hex}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {made[-1]}"))
        url = make_url(postgresql).update_query_dict({"options": f"-csearch_path={made[-1]}"})
        return url.render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, once on each of the two."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/triage.db"
    make: Callable[[], str] = request.getfixturevalue("new_schema")
    return make()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store that holds nothing, once on each database."""
    store = open_store(store_url)
    yield store
    store.close()
