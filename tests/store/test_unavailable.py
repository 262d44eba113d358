"""A database that fails: one error that says where and what to do, and nothing half-written."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tickets import Ticket
from tickets.store import Arrival, Store, StoreUnavailable, open_store

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)
SECRET = "the customer's own words"


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an empty SQLite store."""
    (tmp_path / "triage.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path}/triage.db"


def test_a_full_disk_is_named_and_nothing_is_half_written(sqlite: str) -> None:
    with closing(open_store(sqlite)) as store:
        limit_pages(store, 200)
        big = Ticket(id="1", body=f"{SECRET} " * 100_000)
        with pytest.raises(StoreUnavailable, match=r"triage.db: .*full \(make room") as error:
            store.tickets.receive(big, Arrival("api", "1"), NOW)
        assert SECRET not in "".join(traceback.format_exception(error.value))
        assert store.tickets.find("api", "1") is None
        limit_pages(store, 1_000_000)
        assert store.tickets.receive(big, Arrival("api", "1"), NOW).ticket == big


def limit_pages(store: Store, pages: int) -> None:
    """Stands for a disk of that size; the store of a single thread has one connection."""
    with store.database.reading() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


@pytest.mark.parametrize("is_moved", [True, False], ids=["moved", "removed with its folder"])
def test_a_file_that_is_no_longer_there_takes_nothing_in(tmp_path: Path, is_moved: bool) -> None:
    folder, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    folder.mkdir()
    with closing(open_store(f"sqlite:///{folder}/triage.db")) as store:
        store.tickets.receive(Ticket(id="1", body="Phones down"), Arrival("api", "1"), NOW)
        folder.rename(elsewhere)
        if is_moved:
            folder.mkdir()
        with pytest.raises(StoreUnavailable):
            store.ping()
        with pytest.raises(StoreUnavailable):
            store.tickets.receive(Ticket(id="2", body="Phones down"), Arrival("api", "2"), NOW)
        shutil.rmtree(folder, ignore_errors=True)
        elsewhere.rename(folder)
        store.ping()
        assert store.tickets.find("api", "1") is not None


def test_a_file_locked_for_too_long_is_named(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.store.engine.BUSY_MILLISECONDS", 50)
    with (
        closing(open_store(sqlite)) as store,
        closing(open_store(sqlite)) as other,
        other.database.writing(),
    ):
        with pytest.raises(StoreUnavailable, match=r"locked \(another process writes"):
            store.inbox.put("s", "e", "d", {}, b"", NOW)
        store.ping()  # reading goes on


def test_a_row_locked_for_too_long_is_named(
    emptied_schema: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.store.engine.BUSY_MILLISECONDS", 50)
    url = emptied_schema()
    with closing(open_store(url)) as store, closing(open_store(url)) as other:
        ticket = Ticket(id="1", body=SECRET)
        store.tickets.receive(ticket, Arrival("api", "1"), NOW)
        with other.database.writing() as connection:
            connection.execute(text("SELECT 1 FROM tickets FOR UPDATE"))
            with pytest.raises(StoreUnavailable, match="lock timeout") as error:
                store.tickets.receive(ticket, Arrival("api", "1"), NOW)
        assert SECRET not in "".join(traceback.format_exception(error.value))


def test_a_server_that_restarts_is_found_again(emptied_schema: Callable[[], str]) -> None:
    url = emptied_schema()
    with closing(open_store(url)) as store, closing(open_store(url)) as other:
        store.ping()
        with pytest.raises(StoreUnavailable, match=r"terminating|closed"):
            use_while_ended(store, other)
        store.ping()
        with store.database.reading() as connection:
            number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        end_backend(other, number)  # while the connection rests in the pool
        store.ping()


def use_while_ended(store: Store, other: Store) -> None:
    with store.database.writing() as connection:
        end_backend(other, connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        connection.execute(text("SELECT 1"))


def end_backend(store: Store, number: int) -> None:
    """Stands for a restart: the server closes a connection, and the next statement finds out."""
    with store.database.reading() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})


def test_a_file_taken_away_is_named(sqlite: str, tmp_path: Path) -> None:
    with closing(open_store(sqlite)) as store:
        store.ping()
        store.database.engine.dispose()
        for file in tmp_path.iterdir():
            file.unlink()
        tmp_path.rmdir()
        with pytest.raises(StoreUnavailable, match="unable to open database file"):
            store.ping()


def test_values_stand_in_no_message(store: Store) -> None:
    with (
        pytest.raises(Exception, match="nothing_of_the_sort") as error,
        store.database.writing() as c,
    ):
        c.execute(text("SELECT :words FROM nothing_of_the_sort"), {"words": SECRET})
    assert SECRET not in "".join(traceback.format_exception(error.value))
